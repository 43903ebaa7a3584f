import {
  CancelledError,
  type Mutation,
  type MutationCache,
  type MutationCacheConfig,
} from '@tanstack/react-query';
import { isOfUser } from './is-of-user.ts';

type Callback = (...told: readonly unknown[]) => unknown;

/**
 * A mutation cannot be cancelled: what it began goes on. But its callbacks belong to the user who began it, and so
 * does what it shows, such as the variables of an optimistic update. `forget` drops both, and what is left of it is
 * not sent: neither a further attempt nor one that waits for the network.
 */
export function watchMutations(cache: MutationCache): {
  readonly forget: () => void;
  readonly off: () => void;
} {
  const observed = new Map<{ reset(): void }, Mutation>();
  const forgotten = new WeakSet<object>();
  const own = cache.config;
  cache.config = guarded(own, (told) => told.some((one) => forgotten.has(one as object)));
  const off = cache.subscribe((event) => {
    if (event.type === 'observerAdded') observed.set(event.observer, event.mutation);
    else if (event.type === 'observerRemoved') observed.delete(event.observer);
  });
  return {
    forget() {
      for (const [observer, mutation] of Array.from(observed)) if (isOfUser(mutation)) observer.reset();
      for (const mutation of cache.getAll().filter(isOfUser)) {
        cache.remove(mutation);
        forgotten.add(mutation);
        mutation.setOptions({ mutationFn: () => Promise.reject(new CancelledError()) });
      }
    },
    off() {
      off();
      cache.config = own;
    },
  };
}

/** The callbacks of the whole cache, for those that are not `dropped`. */
function guarded(
  own: MutationCacheConfig,
  dropped: (told: readonly unknown[]) => boolean,
): MutationCacheConfig {
  return new Proxy(own, {
    get(_, name: keyof MutationCacheConfig) {
      const call = own[name] as Callback | undefined;
      return (...told: readonly unknown[]) => (dropped(told) ? undefined : call?.(...told));
    },
  });
}
