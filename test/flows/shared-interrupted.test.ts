import { expect, test } from 'vitest';
import type { Clock, SessionDocument, TokenProof, TokenSource, TokenStore } from '../../src/contracts.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { sharedStore } from '../../src/stores.ts';
import { createManualClock, type ManualClock, settle } from '../support/clock.ts';
import {
  countingProvider,
  createDeferred,
  createHeldProvider,
  createTokenValet,
  isSettled,
  outcomeOf,
  type TokenValet,
  type TokenValetOptions,
} from '../support/token-valet.ts';

const LOGIN = { token: 'token-of-ada', refreshToken: 'refresh-of-ada', expiresIn: 60 };
const MINUTE = 60_000;

type Options = Omit<TokenValetOptions<{ id: string }>, 'store'> & { readonly store?: Partial<TokenStore> };

interface Shared {
  readonly clock: ManualClock;
  readonly memory: Pick<TokenStore, 'read' | 'swap'>;
  open(source: TokenSource, options?: Options): TokenValet;
  document(): SessionDocument | undefined;
}

/** Clients that share one session, and read the store on use. */
function createShared(): Shared {
  const clock = createManualClock();
  const { subscribe: _, ...memory } = createMemoryStore({ clock });
  return {
    clock,
    memory,
    open: (source, { store, ...options } = {}) =>
      createTokenValet(source, { clock, ...options, store: sharedStore({ ...memory, ...store }) }),
    document: () => memory.read() as SessionDocument | undefined,
  };
}

/** A clock that can be read so often and no more: a loop without an end fails rather than hang. */
function finite(clock: ManualClock, reads = 10_000): ManualClock {
  let left = reads;
  const now = (): number => {
    if (left-- <= 0) throw new Error('the clock was read again and again');
    return clock.now();
  };
  return Object.assign(Object.create(clock) as ManualClock, { now } satisfies Partial<Clock>);
}

test('a client that is closed while it asks without a refresh token lets its claim go', async () => {
  const { open, document } = createShared();
  const first = open({ getToken: createHeldProvider().provider });
  const request = first.request();
  await settle();
  expect(document()?.claim).toBeDefined();

  first.client.close();

  expect(await request).toBe('CLIENT_CLOSED');
  await settle();
  expect(document()?.claim).toBeUndefined();
  expect(await open({ getToken: countingProvider() }).request()).toBe(200);
});

test('after a sign-out in the middle of the first question nobody waits for its claim', async () => {
  const { open, document } = createShared();
  const { provider, calls } = createHeldProvider();
  const valet = open({ getToken: provider });
  const request = valet.request();
  await settle();

  await valet.client.signOut();
  expect(await request).toBe('SIGNED_OUT');
  expect(document()?.claim).toBeUndefined();

  const refresh = valet.client.session.refresh();
  await settle();
  calls[1]?.resolve('token-of-bob');
  await refresh;
  expect(valet.client.session.snapshot.status).toBe('signed-in');
});

test('a refresh token that is on its way stays claimed when the client is closed', async () => {
  const { clock, open, document } = createShared();
  const { provider, calls } = createHeldProvider();
  const first = open({ getToken: provider });
  await first.client.session.signIn(LOGIN);
  clock.sleep(2 * MINUTE);
  void first.request();
  await settle();

  first.client.close();
  await settle();

  expect(calls).toHaveLength(1);
  expect(document()?.claim).toBeDefined();
});

test('a refresh token that is on its way stays claimed while the store has not taken the sign-out', async () => {
  const { clock, memory, open, document } = createShared();
  const { provider } = createHeldProvider();
  const swap: TokenStore['swap'] = (expected, next) =>
    next.state === 'signed-in' && memory.swap(expected, next);
  const first = open({ getToken: provider }, { store: { swap } });
  await first.client.session.signIn(LOGIN);
  clock.sleep(2 * MINUTE);
  void first.request();
  await settle();

  void first.client.signOut().catch(() => {});
  await settle();

  expect(document()?.claim).toBeDefined();
  first.client.close();
});

test('a sign-out takes a refresh token that nobody has redeemed yet out of the store', async () => {
  const { open, document } = createShared();
  const first = open(
    { getToken: createHeldProvider().provider },
    { initial: { refreshToken: 'refresh-of-ada' } },
  );
  const request = first.request();
  await settle();
  expect(document()).toMatchObject({ state: 'none', refreshToken: 'refresh-of-ada' });

  await first.client.signOut();

  expect(await request).toBe('SIGNED_OUT');
  expect(document()).toMatchObject({ state: 'signed-out', tokens: [] });
  expect(document()?.refreshToken).toBeUndefined();
});

test('a 401 that comes after the close asks for nothing, however old the last look is', async () => {
  const { clock, open } = createShared();
  const answer = createDeferred<Response>();
  const valet = open(
    { getToken: countingProvider() },
    { clock: finite(clock), respond: () => answer.promise },
  );
  const request = valet.request();
  await settle();
  expect(valet.sent).toHaveLength(1);

  clock.sleep(MINUTE);
  valet.client.close();
  answer.resolve(new Response(null, { status: 401 }));

  expect(await request).toBe('CLIENT_CLOSED');
});

test('a close ends a refresh that waits for a store to take a sign-in', async () => {
  const { clock, open } = createShared();
  const { provider, calls } = createHeldProvider();
  const never = createDeferred<boolean>();
  const valet = open({ getToken: provider }, { clock: finite(clock), store: { swap: () => never.promise } });
  void valet.client.session.signIn(LOGIN).catch(() => {});
  await settle();
  const refresh = outcomeOf(valet.client.session.refresh().then(() => new Response()));
  await settle();

  valet.client.close();
  await settle();

  expect(await refresh).toBe('CLIENT_CLOSED');
  expect(calls).toHaveLength(0);
});

test('a close ends the wait of a source that changed while a refresh token is redeemed', async () => {
  const { clock, open } = createShared();
  const { provider } = createHeldProvider();
  let changed = (): unknown => undefined;
  const valet = open({
    getToken: provider,
    subscribe(listener) {
      changed = () => listener() as unknown;
      return () => {};
    },
  });
  await valet.client.session.signIn(LOGIN);
  clock.sleep(2 * MINUTE);
  const request = valet.request();
  await settle();
  expect(valet.asked).toHaveLength(1);

  const asking = changed() as Promise<void>;
  valet.client.close();

  expect(await request).toBe('CLIENT_CLOSED');
  expect(await asking).toBeUndefined();
});

test('a closed client stops listening for the network once its last refresh has failed', async () => {
  const { clock, open } = createShared();
  const { provider, calls } = createHeldProvider();
  const valet = open({ getToken: provider });
  await valet.client.session.signIn(LOGIN);
  clock.sleep(2 * MINUTE);
  void valet.request();
  await settle();
  const failed: string[] = [];
  valet.client.on('refreshfailed', ({ code }) => failed.push(code));

  valet.client.close();
  calls[0]?.reject(new Error('the network is down'));
  await settle();

  expect(failed).toEqual(['TOKEN_PROVIDER_FAILED']);
  expect(clock.wakeListeners).toBe(0);
});

test('a refusal that is looked into while somebody else signs in does not end their session', async () => {
  const { clock, memory, open } = createShared();
  let gate = Promise.resolve();
  const read: TokenStore['read'] = async () => {
    const stored = await memory.read();
    await gate;
    return stored;
  };
  const { provider, calls } = createHeldProvider();
  const valet = open({ getToken: provider }, { store: { read } });
  await valet.client.session.signIn(LOGIN);
  clock.sleep(2 * MINUTE);
  void valet.request();
  await settle();
  const looked = createDeferred<void>();
  gate = looked.promise;
  calls[0]?.resolve(Response.json({ error: 'invalid_grant' }, { status: 400 }));
  await settle();

  const login = valet.client.session.signIn({ token: 'token-of-bob', expiresIn: 3600 });
  looked.resolve();
  await login;
  await settle();

  expect(valet.client.session.snapshot.status).toBe('signed-in');
  expect(valet.events).not.toContain('sessionend');
  expect(await valet.request()).toBe(200);
  expect(valet.sent.at(-1)).toBe('Bearer token-of-bob');
});

test('a key store that stops answering holds up nobody who has a token', async () => {
  const { clock, open } = createShared();
  let isStuck = false;
  const stuck = <T>(answer: T): T | Promise<T> => (isStuck ? new Promise<T>(() => {}) : answer);
  const proof: TokenProof = {
    apply: ({ headers }, token) => headers.set('authorization', `DPoP ${token}`),
    learn: () => false,
    thumbprint: () => stuck('the-thumbprint'),
    holds: () => stuck(true),
    isShared: true,
  };
  const { request, sent } = open({ getToken: () => null, proof }, { initial: { ...LOGIN, expiresIn: 3600 } });
  expect(await request()).toBe(200);
  await clock.advance(1000);
  isStuck = true;

  const stopped = request();
  await clock.advance(3000);
  expect(await isSettled(stopped)).toBe(true);
  expect(await stopped).toBe(200);
  expect(sent).toEqual(['DPoP token-of-ada', 'DPoP token-of-ada']);
});
