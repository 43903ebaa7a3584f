import { systemClock } from '../clock.ts';
import type { Clock, SessionDocument, TokenStore } from '../contracts.ts';
import { checkKeys, invalidOption } from '../options.ts';
import { isVersionOf } from './stored-text.ts';
import { type Locks, platformLocks, underLock } from './web-lock.ts';
import { VersionMarks } from './web-marks.ts';
import { WebOwner } from './web-owner.ts';
import { onReturn } from './web-return.ts';

/** Options of `webStorage()`. */
export interface WebStorageOptions {
  /** The name of the item: `fetch-valet` unless said otherwise. Two sessions of one page need two. */
  readonly key?: string | undefined;
  /** `local` for all tabs, also after the browser was closed; `session` for one tab. */
  readonly storage?: 'local' | 'session' | Storage | undefined;
  readonly clock?: Pick<Clock, 'now'> | undefined;
}

/** What a platform gives the store to work with. */
export interface StoragePlatform {
  readonly locks: Locks | undefined;
}

/** A store in an item of web storage. `platform` is for tests. */
export function createWebStorage(
  options: WebStorageOptions = {},
  { locks }: StoragePlatform = { locks: platformLocks() },
): TokenStore {
  const { key = 'fetch-valet', storage = 'local', clock = systemClock } = check(options);
  const item = new Item(key, storage);
  const name = `fetch-valet:${item.kind}:${key}`;
  const owner = locks && new WebOwner(locks, name);
  const swap = locks && item.kind === 'local' ? marking(item, locks, name) : item.swap;
  return {
    optional: true,
    read() {
      const stored = item.read();
      owner?.saw(stored);
      return stored;
    },
    async swap(expected, next) {
      const run = async (): Promise<boolean> => swap(expected, next);
      const swapped = await (owner ? owner.around(next, run) : run());
      if (swapped) dispatch(name);
      return swapped;
    },
    now: () => clock.now(),
    ...(owner && { owner: owner.name, ownerGone: (other: string) => owner.isGone(other) }),
    ...(item.isTold && { subscribe: (changed: () => void) => subscribe(item, name, changed) }),
  };
}

type Swap = (expected: SessionDocument | undefined, next: SessionDocument) => boolean | Promise<boolean>;

/** A swap that holds its own against other processes. */
function marking(item: Item, locks: Locks, name: string): Swap {
  const marks = new VersionMarks(locks, name);
  return (expected, next) =>
    underLock(locks, name, async () => {
      // Whoever reads again will see what this process has not been told of yet.
      if ((await marks.newest()) > (expected?.version ?? -1)) return false;
      if (!isVersionOf(item.read(), expected)) return false;
      const takeBack = await marks.mark(next.version);
      try {
        return item.swap(expected, next);
      } catch (error) {
        takeBack();
        throw error;
      }
    });
}

/** An item of web storage, which is looked up at each use: to touch it may throw. */
class Item {
  readonly #key: string;
  readonly #storage: NonNullable<WebStorageOptions['storage']>;

  constructor(key: string, storage: NonNullable<WebStorageOptions['storage']>) {
    this.#key = key;
    this.#storage = storage;
  }

  /** A tab's own storage is of no other process. */
  get kind(): 'local' | 'session' {
    if (typeof this.#storage === 'string') return this.#storage;
    return isPage() && this.#storage === attempt(() => globalThis.sessionStorage) ? 'session' : 'local';
  }

  /** Whether the platform tells of what other pages write. */
  get isTold(): boolean {
    const { addEventListener, Storage } = globalThis as Partial<typeof globalThis>;
    if (addEventListener === undefined) return false;
    return typeof this.#storage === 'string' || (Storage !== undefined && this.#storage instanceof Storage);
  }

  isIn({ key, storageArea }: StorageEvent): boolean {
    return (key === this.#key || key === null) && storageArea === attempt(() => this.#area);
  }

  /** The document, or what else is there. */
  read(): unknown {
    const text = this.#area.getItem(this.#key);
    if (text === null) return undefined;
    return attempt(() => JSON.parse(text) as unknown) ?? text;
  }

  readonly swap = (expected: SessionDocument | undefined, next: SessionDocument): boolean => {
    if (!isVersionOf(this.read(), expected)) return false;
    this.#area.setItem(this.#key, JSON.stringify(next));
    return true;
  };

  get #area(): Storage {
    if (typeof this.#storage !== 'string') return this.#storage;
    // Newer Nodes have one as well: all users of a server would share it.
    if (!isPage()) throw new Error('web storage is of pages, and this is none');
    return this.#storage === 'local' ? globalThis.localStorage : globalThis.sessionStorage;
  }
}

/** Hears of the other tabs from the browser, and of this page from `dispatch`. */
function subscribe(item: Item, name: string, changed: () => void): () => void {
  const stored = (event: StorageEvent): void => {
    if (item.isIn(event)) changed();
  };
  const here = (): void => changed();
  globalThis.addEventListener('storage', stored);
  globalThis.addEventListener(name, here);
  const off = onReturn(here);
  return () => {
    globalThis.removeEventListener('storage', stored);
    globalThis.removeEventListener(name, here);
    off();
  };
}

/** The browser tells every page but the one that has written. */
function dispatch(name: string): void {
  (globalThis as Partial<typeof globalThis>).dispatchEvent?.(new Event(name));
}

function check(options: WebStorageOptions): WebStorageOptions {
  // A Storage would pass for options: it has a method `key`.
  const given = isStorage(options) ? (null as never) : options;
  const own = checkKeys('webStorage()', given, ['storage', 'key', 'clock']);
  const { key = '', storage = 'local' } = own;
  if (typeof key !== 'string') throw invalidOption("key is a text, such as 'fetch-valet'.");
  if (storage === 'local' || storage === 'session' || isStorage(storage)) return own;
  throw invalidOption("storage is 'local', 'session' or a Storage.");
}

function isStorage(value: unknown): value is Storage {
  return typeof (value as Partial<Storage> | null)?.setItem === 'function';
}

function isPage(): boolean {
  return (globalThis as { document?: unknown }).document !== undefined;
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
