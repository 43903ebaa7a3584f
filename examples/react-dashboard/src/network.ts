/** A switch between this page and the world, for the button "Offline". */
export interface Network {
  readonly fetch: typeof globalThis.fetch;
  readonly isOffline: boolean;
  toggle(): void;
  readonly subscribe: (listener: () => void) => () => void;
}

function createNetwork(): Network {
  const listeners = new Set<() => void>();
  let isOffline = false;
  return {
    // What a browser does without a network.
    fetch: (input, init) =>
      isOffline ? Promise.reject(new TypeError('Failed to fetch')) : globalThis.fetch(input, init),
    get isOffline() {
      return isOffline;
    },
    toggle() {
      isOffline = !isOffline;
      for (const listener of listeners) listener();
      // The browser tells this, too: whoever waits for a token tries again at once.
      if (!isOffline) globalThis.dispatchEvent(new Event('online'));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

export const network: Network = createNetwork();
