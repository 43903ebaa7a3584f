import { systemClock } from '../clock.ts';
import type { Clock, SessionDocument, TokenStore } from '../contracts.ts';

/** Options of `memoryStore()`. */
export interface MemoryStoreOptions {
  readonly clock?: Pick<Clock, 'now'> | undefined;
}

/** A store that ends with the program. */
export function createMemoryStore({ clock = systemClock }: MemoryStoreOptions = {}): TokenStore {
  let stored: SessionDocument | undefined;
  const listeners = new Set<() => void>();
  return {
    read: () => structuredClone(stored),
    swap(expected, next) {
      if (stored?.version !== expected?.version) return false;
      stored = structuredClone(next);
      for (const listener of Array.from(listeners)) queueMicrotask(listener);
      return true;
    },
    now: () => clock.now(),
    subscribe(changed) {
      const entry = (): void => changed();
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
  };
}
