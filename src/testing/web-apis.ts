/**
 * Web Locks and BroadcastChannel in memory, for test environments that lack them: happy-dom has no channels, and
 * Node has no locks before 24.
 *
 * @module
 */

/** A lock that somebody holds. */
export interface MemoryLock {
  readonly name: string;
  readonly mode: 'exclusive' | 'shared';
}

export interface MemoryLockOptions {
  mode?: 'exclusive' | 'shared';
  ifAvailable?: boolean;
  signal?: AbortSignal;
  steal?: boolean;
}

/** What of `navigator.locks` is there. Spelt out, since programs for Node may not know the types of browsers. */
export interface MemoryLockManager {
  request<T>(name: string, run: (lock: MemoryLock | null) => T): Promise<Awaited<T>>;
  request<T>(
    name: string,
    options: MemoryLockOptions,
    run: (lock: MemoryLock | null) => T,
  ): Promise<Awaited<T>>;
  query(): Promise<{ held: MemoryLock[]; pending: MemoryLock[] }>;
}

/** What of a `BroadcastChannel` is there. */
export interface MemoryBroadcastChannel extends EventTarget {
  readonly name: string;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** One lock that is held or asked for. */
interface Wanted extends MemoryLock {
  readonly grant: () => void;
}

/**
 * Makes locks as `navigator.locks` has them. `steal` is not supported.
 *
 * @example
 * Object.defineProperty(navigator, 'locks', { value: memoryLocks() });
 */
export function memoryLocks(): MemoryLockManager {
  const locks = new MemoryLocks();
  return {
    request: ((name: string, ...rest: readonly unknown[]) =>
      locks.request(name, rest)) as MemoryLockManager['request'],
    query: () => Promise.resolve(locks.snapshot()),
  };
}

type Granted = (lock: MemoryLock | null) => unknown;

class MemoryLocks {
  readonly #held = new Set<Wanted>();
  readonly #pending = new Set<Wanted>();

  snapshot(): Awaited<ReturnType<MemoryLockManager['query']>> {
    const told = (locks: ReadonlySet<Wanted>): MemoryLock[] =>
      Array.from(locks, ({ name, mode }) => ({ name, mode }));
    return { held: told(this.#held), pending: told(this.#pending) };
  }

  async request(name: string, rest: readonly unknown[]): Promise<unknown> {
    const run = rest.at(-1) as Granted;
    const {
      mode = 'exclusive',
      signal,
      ifAvailable,
      steal,
    } = (rest.length > 1 ? rest[0] : {}) as MemoryLockOptions;
    if (steal === true) throw new DOMException('memoryLocks() does not steal locks.', 'NotSupportedError');
    signal?.throwIfAborted();
    if (ifAvailable === true && !this.#isFree(name, mode)) return run(null);
    const lock = await this.#take(name, mode, signal);
    try {
      return await run({ name, mode });
    } finally {
      this.#held.delete(lock);
      this.#grant();
    }
  }

  #take(name: string, mode: MemoryLock['mode'], signal: AbortSignal | undefined): Promise<Wanted> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#pending.delete(wanted);
        reject(signal?.reason as Error);
        this.#grant();
      };
      const grant = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve(wanted);
      };
      const wanted: Wanted = { name, mode, grant };
      this.#pending.add(wanted);
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#grant();
    });
  }

  /** Who came first is first, also where the one after would not have to wait. */
  #grant(): void {
    const waiting = new Set<string>();
    for (const wanted of Array.from(this.#pending)) {
      if (!waiting.has(wanted.name) && this.#isFree(wanted.name, wanted.mode, wanted)) {
        this.#pending.delete(wanted);
        this.#held.add(wanted);
        wanted.grant();
      } else waiting.add(wanted.name);
    }
  }

  #isFree(name: string, mode: MemoryLock['mode'], asks?: Wanted): boolean {
    const held = [...this.#held].filter((lock) => lock.name === name);
    const isFirst = asks !== undefined || ![...this.#pending].some((lock) => lock.name === name);
    return (
      isFirst && (held.length === 0 || (mode === 'shared' && held.every((lock) => lock.mode === 'shared')))
    );
  }
}

/**
 * Makes a class like `BroadcastChannel`: what is posted on a channel is heard on all others of the name, of the same
 * class.
 *
 * @example
 * Object.assign(globalThis, { BroadcastChannel: memoryChannel() });
 */
export function memoryChannel(): new (name: string) => MemoryBroadcastChannel {
  const open = new Set<MemoryChannel>();
  class MemoryChannel extends EventTarget implements MemoryBroadcastChannel {
    readonly name: string;
    onmessage: MemoryBroadcastChannel['onmessage'] = null;

    constructor(name: string) {
      super();
      this.name = name;
      this.addEventListener('message', (event) => this.onmessage?.(event as MessageEvent));
      open.add(this);
    }

    postMessage(message: unknown): void {
      if (!open.has(this)) throw new DOMException('The channel is closed.', 'InvalidStateError');
      const data: unknown = structuredClone(message);
      for (const other of open) {
        if (other === this || other.name !== this.name) continue;
        queueMicrotask(() => {
          if (open.has(other)) other.dispatchEvent(new MessageEvent('message', { data }));
        });
      }
    }

    close(): void {
      open.delete(this);
    }
  }
  return MemoryChannel;
}
