import type { Awaitable } from '../contracts.ts';

/** Milliseconds that a lock is waited for: less than a store has for an answer. */
const PATIENCE = 2500;

/** Web Locks, which all tabs of an origin see alike, whatever process they are in. */
export type Locks = Pick<LockManager, 'request' | 'query'>;

/** The Web Locks of the platform. Pages that did not come over HTTPS have none, nor have some test environments. */
export function platformLocks(): Locks | undefined {
  return (globalThis as { navigator?: { locks?: Locks } }).navigator?.locks;
}

/** Runs `task` while nobody else runs one under `name`. Rejects where it takes too long to get there. */
export function underLock<T>(locks: Locks, name: string, task: () => Awaitable<T>): Promise<T> {
  return locks.request(name, { signal: AbortSignal.timeout(PATIENCE) }, async () => task());
}

/** Takes a lock. Returns the function that lets it go. */
export function takeLock(locks: Locks, name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const held = (): Promise<void> => new Promise((release) => resolve(release));
    locks.request(name, { signal: AbortSignal.timeout(PATIENCE) }, held).catch(reject);
  });
}

/** The names of the locks that somebody holds. */
export async function heldLocks(locks: Locks): Promise<readonly string[]> {
  const { held = [] } = await locks.query();
  return held.map(({ name = '' }) => name);
}
