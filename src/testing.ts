/**
 * `fetch-valet/testing`: for the tests of apps that use fetch-valet, with any test runner.
 *
 * @module
 */
import type { SharedStore } from './contracts.ts';
import { checkKeys, invalidOption } from './options.ts';
import { sharedStore } from './shared-store.ts';
import { createClock, type TestClock } from './testing/clock.ts';
import { createTabPlace } from './testing/tab-stores.ts';

export { memoryStore } from './stores.ts';
export { createTestClient, type TestClient, type TestClientOptions } from './test-client.ts';
export {
  type AuthServer,
  type AuthServerOptions,
  createAuthServer,
  type LoginOptions,
} from './testing/auth-server.ts';
export { createClock, type TestClock } from './testing/clock.ts';
export { createTestJwt, type TestJwtOptions } from './testing/jwt.ts';
export {
  type Accepted,
  type AuthHandlers,
  authHandlers,
  type MswHttp,
  protectedApi,
} from './testing/msw.ts';
export { expectNoSecrets, type SecretHolder } from './testing/no-secrets.ts';
export {
  createTestFetch,
  type TestAnswer,
  type TestFetch,
  type TestRequest,
  type TestResponses,
} from './testing/test-fetch.ts';
export type { CheckedToken, TestUser } from './testing/token-desk.ts';
export {
  type FakeTokenProvider,
  type FakeTokenProviderOptions,
  fakeTokenProvider,
  type ProviderFailure,
} from './testing/token-provider.ts';
export {
  type MemoryBroadcastChannel,
  type MemoryLock,
  type MemoryLockManager,
  type MemoryLockOptions,
  memoryChannel,
  memoryLocks,
} from './testing/web-apis.ts';

/** What one tab is made with. */
export interface TabContext {
  /** For `accessToken(…, { store })`, `createTestClient({ store })`: the session of all the tabs. */
  readonly store: SharedStore;
  /** The clock of all the tabs. */
  readonly clock: TestClock;
  /** 0 for the first. */
  readonly index: number;
}

/** Options of {@link createTabs}. */
export interface TabsOptions {
  readonly clock?: TestClock | undefined;
}

/** As many of `T` as `Count` says, for destructuring. */
export type Many<T, Count extends number, Made extends readonly T[] = []> = number extends Count
  ? readonly T[]
  : Made['length'] extends Count
    ? Made
    : Many<T, Count, readonly [...Made, T]>;

/** The tabs of one browser. */
export interface Tabs<T, Count extends number> {
  readonly tabs: Many<T, Count>;
  readonly clock: TestClock;
  /** A tab dies at once: nothing that it does from then on reaches the store or the others. */
  crash(tab: T): void;
}

/**
 * Makes tabs of one browser in one program: each is what `open` makes of its own view of one store, as with
 * `indexedDb()`, also with proof that a tab has died.
 *
 * @example
 * const { tabs: [one, two] } = createTabs(2, ({ store, clock }) => createTestClient({ store, clock }));
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function createTabs<T, const Count extends number>(
  count: Count,
  open: (context: TabContext) => T,
  options: TabsOptions = {},
): Tabs<T, Count> {
  const { clock = createClock() } = checkKeys('createTabs()', options, ['clock']);
  if (!Number.isInteger(count) || count < 1 || typeof open !== 'function')
    throw invalidOption(
      'createTabs() takes how many, and a function that makes one: ({ store, clock }) => ….',
    );
  const place = createTabPlace(clock);
  const crashes = new Map<T, () => void>();
  const tabs = Array.from({ length: count }, (_, index) => {
    const { store, crash } = place.open();
    const tab = open({ store: sharedStore(store), clock, index });
    crashes.set(tab, crash);
    return tab;
  });
  const crash = (tab: T): void => {
    const die = crashes.get(tab);
    if (!die) throw invalidOption('crash() takes one of the tabs.');
    die();
  };
  return { tabs: tabs as readonly T[] as Many<T, Count>, clock, crash };
}
