/**
 * What runs in a tab: an app with one client. Its URL says which store: `?store=indexedDb`. Tests use it through
 * `globalThis.tab`.
 */
import type { SessionSnapshot, TokenResponse } from '../../src/contracts.ts';
import { accessToken, createFetch } from '../../src/fetch.ts';
import { createIndexedDb } from '../../src/stores/indexed-db.ts';
import { createWebStorage } from '../../src/stores/web-storage.ts';
import { sharedStore } from '../../src/stores.ts';

export interface Tab {
  /** The status of an answer of the API, or the code that it failed with. */
  request(): Promise<number | string>;
  signIn(tokens: TokenResponse): Promise<void>;
  signOut(): Promise<void>;
  /** Who is signed in: an id, or a status. */
  who(): string;
  /** Resolves when `who()` is `expected`. */
  becomes(expected: string): Promise<void>;
  /** Adds one to what is stored, `times` times, whatever others do meanwhile. */
  countUp(times: number): Promise<void>;
  readonly count: Promise<number>;
  /** Resolves when no page of the origin holds a lock. */
  rests(): Promise<void>;
  /** When the page is back from the back-forward cache, and has sent a request there at once: who is signed in. */
  readonly back: Promise<string>;
}

const store = location.search.includes('indexedDb') ? createIndexedDb() : createWebStorage();

// Like many an app, it asks again as soon as it is back; and it listens before there is any client.
const back = new Promise<string>((resolve) => {
  let isAway = false;
  addEventListener('pagehide', () => {
    isAway = true;
  });
  const ask = async (event: Event): Promise<void> => {
    if (!isAway || (event.type === 'visibilitychange' && document.visibilityState === 'hidden')) return;
    await tab.request();
    if (event.type === 'pageshow') resolve(tab.who());
  };
  for (const type of ['resume', 'visibilitychange'])
    document.addEventListener(type, (event) => void ask(event));
  addEventListener('pageshow', (event) => void ask(event));
});

const send = createFetch(
  accessToken(
    ({ refreshToken, signal }) => {
      if (refreshToken === undefined) return null;
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
      return fetch('/token', { method: 'POST', body, signal });
    },
    { store: sharedStore(store) },
  ),
  { baseUrl: location.origin },
);
const { session } = send;

const tab: Tab = {
  async request() {
    try {
      return (await send('/api')).status;
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  },
  signIn: (tokens) => session.signIn(tokens),
  signOut: () => session.signOut(),
  who: () => whoIs(session.snapshot),
  becomes: (expected) =>
    new Promise((resolve) => {
      const look = (): void => {
        if (tab.who() !== expected) return;
        off();
        resolve();
      };
      const off = session.subscribe(look);
      queueMicrotask(look);
    }),
  async countUp(times) {
    for (let done = 0; done < times; ) {
      const stored = (await store.read()) as { version: number; epoch: number } | undefined;
      const next = { format: 1, state: 'none', tokens: [] } as const;
      const { version, epoch } = stored ?? { version: 0, epoch: 0 };
      const swapped = await store.swap(stored && { ...next, ...stored }, {
        ...next,
        // As real ones do: two at once have two.
        version: Math.max(version + 1, Date.now()),
        epoch: epoch + 1,
      });
      if (swapped) done++;
    }
  },
  get count() {
    return Promise.resolve(store.read()).then((stored) => (stored as { epoch: number }).epoch);
  },
  async rests() {
    while ((await navigator.locks.query()).held?.length !== 0);
  },
  back,
};

function whoIs(snapshot: SessionSnapshot): string {
  return snapshot.status === 'signed-in' ? snapshot.user.id : snapshot.status;
}

Object.assign(globalThis, { tab });
