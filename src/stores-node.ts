/**
 * `fetch-valet/stores/node`: a session in a file, shared by the programs of one machine.
 *
 * @module
 */
import type { SharedStore } from './contracts.ts';
import { sharedStore } from './shared-store.ts';
import { createFileStore, type FileStoreOptions } from './stores/file.ts';

export type { SharedStore, TokenStore } from './contracts.ts';
export type { FileStoreOptions } from './stores/file.ts';

/**
 * Keeps a session in a file that nobody but its owner can read or write (mode 0600), for command-line programs and
 * services that share a login. The folder is made when it is missing. It belongs on a local disk: machines that share
 * a session use Redis.
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function fileStore(path: string, options?: FileStoreOptions): SharedStore {
  return sharedStore(createFileStore(path, options));
}
