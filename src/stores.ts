/**
 * `fetch-valet/stores`: where a session is kept, and shared with other tabs.
 *
 * @module
 */
import type { SharedStore } from './contracts.ts';
import { sharedStore } from './shared-store.ts';
import { createIndexedDb, type IndexedDbOptions } from './stores/indexed-db.ts';
import { createMemoryStore, type MemoryStoreOptions } from './stores/memory.ts';
import { createWebStorage, type WebStorageOptions } from './stores/web-storage.ts';

export type { SessionClaim, SessionDocument, SharedStore, StoredToken, TokenStore } from './contracts.ts';
export { sharedStore } from './shared-store.ts';
export type { IndexedDbOptions } from './stores/indexed-db.ts';
export type { MemoryStoreOptions } from './stores/memory.ts';
export type { WebStorageOptions } from './stores/web-storage.ts';

/**
 * Keeps a session in memory: for tests, and for several clients of one program that share a session. A client
 * without a store keeps its own in memory as well.
 */
export function memoryStore(options?: MemoryStoreOptions): SharedStore {
  return sharedStore(createMemoryStore(options));
}

/**
 * Keeps a session in a database of the browser, and shares it with all tabs and workers of the origin. Of the stores
 * of a browser this is the one to take: a change is one step whatever happens, and it is on the disk when it is done.
 *
 * A script that gets into the page (XSS) can read all of it: the access tokens, the refresh token and the id token,
 * also those of a user who left the browser without signing out, and use them from anywhere until the issuer ends
 * them. Without a store it can read none of that, though it can send requests as the user while the page is open.
 * Keep refresh tokens short-lived and rotating (RFC 9700 §4.14), or on a server.
 *
 * Where the browser refuses it, the session is kept in memory, with a warning.
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function indexedDb(options?: IndexedDbOptions): SharedStore {
  return sharedStore(createIndexedDb(options));
}

/**
 * Keeps a session in `localStorage`, and shares it with all tabs of the origin; or in `sessionStorage`, for one tab.
 * All a script that gets into the page (XSS) needs to read it is `localStorage.getItem`: see {@link indexedDb} for
 * what it can do with it then. What was written in the last seconds before a browser crashes may be lost, and with
 * it a refresh token that had just been replaced.
 *
 * Tabs change it one after another by Web Locks. Pages that did not come over HTTPS have none: there two tabs that
 * refresh at the same moment may end the session, so use it there for tokens that are not replaced at each use.
 *
 * A tab that is duplicated takes a copy of its `sessionStorage` along, and two copies of one refresh token that is
 * replaced at each use end each other.
 *
 * Where the browser refuses it, the session is kept in memory, with a warning.
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function webStorage(options?: WebStorageOptions): SharedStore {
  return sharedStore(createWebStorage(options));
}
