/**
 * `fetch-valet/stores`: where a session is kept, and shared with other tabs.
 *
 * @module
 */
import type { SharedStore } from './contracts.ts';
import { sharedStore } from './shared-store.ts';
import { createMemoryStore, type MemoryStoreOptions } from './stores/memory.ts';

export type { SessionClaim, SessionDocument, SharedStore, StoredToken, TokenStore } from './contracts.ts';
export { sharedStore } from './shared-store.ts';
export type { MemoryStoreOptions } from './stores/memory.ts';

/**
 * Keeps a session in memory: for tests, and for several clients of one program that share a session. A client
 * without a store keeps its own in memory as well.
 */
export function memoryStore(options?: MemoryStoreOptions): SharedStore {
  return sharedStore(createMemoryStore(options));
}
