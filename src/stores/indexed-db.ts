import { systemClock } from '../clock.ts';
import type { Clock, TokenStore } from '../contracts.ts';
import { Database } from '../database.ts';
import { checkKeys } from '../options.ts';
import { isVersionOf } from './stored-text.ts';
import { listen, type OpenChannel, platformChannels, tell } from './web-channel.ts';
import { type Locks, platformLocks } from './web-lock.ts';
import { WebOwner } from './web-owner.ts';

/** Options of `indexedDb()`. */
export interface IndexedDbOptions {
  /** The name of the database: `fetch-valet` unless said otherwise. */
  readonly name?: string | undefined;
  /** The key of the document in it: `session` unless said otherwise. Two sessions of one origin need two. */
  readonly key?: string | undefined;
  readonly clock?: Pick<Clock, 'now'> | undefined;
}

/** What a platform gives the store to work with. */
export interface DatabasePlatform {
  /** It may throw. */
  readonly factory: () => IDBFactory;
  readonly locks: Locks | undefined;
  readonly openChannel: OpenChannel | undefined;
}

/** A store in a database of the browser. `platform` is for tests. */
export function createIndexedDb(
  options: IndexedDbOptions = {},
  platform: DatabasePlatform = currentPlatform(),
): TokenStore {
  const own = checkKeys('indexedDb()', options, ['name', 'key', 'clock']);
  const { name = 'fetch-valet', key = 'session', clock = systemClock } = own;
  const { factory, locks, openChannel } = platform;
  const database = new Database(name, factory);
  const topic = `fetch-valet:db:${name}:${key}`;
  const owner = locks && new WebOwner(locks, topic);
  return {
    optional: true,
    async read() {
      const stored = await database.run('readonly', (documents, done) => {
        const request = documents.get(key);
        request.onsuccess = () => done(request.result);
      });
      owner?.saw(stored);
      return stored;
    },
    async swap(expected, next) {
      const run = (): Promise<boolean> =>
        database.run('readwrite', (documents, done) => {
          const request = documents.get(key);
          request.onsuccess = () => {
            const isOurs = isVersionOf(request.result, expected);
            if (isOurs) documents.put(next, key);
            done(isOurs);
          };
        });
      const swapped = await (owner ? owner.around(next, run) : run());
      if (swapped && openChannel) tell(openChannel, topic);
      return swapped;
    },
    now: () => clock.now(),
    ...(owner && { owner: owner.name, ownerGone: (other: string) => owner.isGone(other) }),
    ...(openChannel && { subscribe: (changed: () => void) => listen(openChannel, topic, changed) }),
  };
}

function currentPlatform(): DatabasePlatform {
  return {
    factory: () => globalThis.indexedDB,
    locks: platformLocks(),
    // Node has channels, which keep it alive, and no database to tell of.
    openChannel: 'indexedDB' in globalThis ? platformChannels() : undefined,
  };
}
