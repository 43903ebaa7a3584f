import type { Clock, SessionDocument, TokenStore } from '../contracts.ts';
import { memoryChannel, memoryLocks } from './web-apis.ts';

/** Where the tabs of one browser keep a session. */
export interface TabPlace {
  /** The store of another tab, and how that tab dies. */
  open(): { readonly store: TokenStore; readonly crash: () => void };
}

/** One document, told over a channel, with a lock for each tab that lives as long as the tab. */
export function createTabPlace(clock: Pick<Clock, 'now'>): TabPlace {
  const locks = memoryLocks();
  const Channel = memoryChannel();
  let stored: SessionDocument | undefined;
  let count = 0;
  return {
    open() {
      const owner = `tab-${++count}`;
      const channel = new Channel('changed');
      let isDead = false;
      let die = (): void => {};
      const untilDeath = new Promise<void>((resolve) => {
        die = resolve;
      });
      void locks.request(owner, () => untilDeath);
      /** What a dead tab asks for is never answered. */
      const ask = <T>(run: () => T): Promise<T> =>
        isDead
          ? new Promise(() => {})
          : Promise.resolve().then(() => (isDead ? new Promise(() => {}) : run()));
      const store: TokenStore = {
        owner,
        read: () => ask(() => structuredClone(stored)),
        swap: (expected, next) =>
          ask(() => {
            if (stored?.version !== expected?.version) return false;
            stored = structuredClone(next);
            channel.postMessage('changed');
            return true;
          }),
        now: () => clock.now(),
        ownerGone: async (other) => !(await locks.query()).held.some(({ name }) => name === other),
        subscribe(changed) {
          const entry = (): void => changed();
          channel.addEventListener('message', entry);
          return () => channel.removeEventListener('message', entry);
        },
      };
      const crash = (): void => {
        isDead = true;
        channel.close();
        die();
      };
      return { store, crash };
    },
  };
}
