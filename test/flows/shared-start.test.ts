import { expect, test } from 'vitest';
import type { SessionDocument, TokenResponse, TokenSource } from '../../src/contracts.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { sharedStore } from '../../src/stores.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { createRotatingIssuer } from '../support/rotating-issuer.ts';
import { createDeferred, createTokenValet, isSettled, type TokenValet } from '../support/token-valet.ts';

type Hooks = Pick<TokenSource, 'signOut'>;

/** Clients on one store. `openSlowly` makes one whose first look at it takes until `arrive()`. */
function createPlace(tells: boolean) {
  const clock = createManualClock();
  const issuer = createRotatingIssuer();
  const { subscribe, ...silent } = createMemoryStore({ clock });
  const memory = tells && subscribe ? { ...silent, subscribe } : silent;
  const open = (initial?: TokenResponse, store = memory, hooks: Hooks = {}): TokenValet =>
    createTokenValet({ getToken: issuer.provider, ...hooks }, { clock, store: sharedStore(store), initial });
  const openSlowly = (initial?: TokenResponse, hooks?: Hooks) => {
    const arrival = createDeferred<void>();
    let looks = 0;
    const read = async (): Promise<unknown> => {
      const seen = memory.read();
      if (++looks === 1) await arrival.promise;
      return seen;
    };
    return { ...open(initial, { ...memory, read }, hooks), arrive: () => arrival.resolve() };
  };
  const document = (): SessionDocument | undefined => memory.read() as SessionDocument | undefined;
  return { clock, issuer, memory, document, open, openSlowly };
}

test.each([true, false])(
  'a login is not lost to what another client starts with, which looked before it (store that tells: %s)',
  async (tells) => {
    const { clock, issuer, document, open, openSlowly } = createPlace(tells);
    const late = openSlowly(issuer.login('ada'));
    const first = late.request();
    await settle();

    const login = issuer.login('bob');
    const other = open();
    await other.client.session.signIn(login);
    late.arrive();
    await first;
    await clock.advance(1000);

    expect(document()).toMatchObject({ userId: 'bob', refreshToken: login.refreshToken });
    for (const { client, request, sent } of [other, late]) {
      expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'bob' } });
      expect(await request()).toBe(200);
      expect(sent.at(-1)).toBe(`Bearer ${login.token}`);
    }
  },
);

test.each([true, false])(
  'a refresh token that was replaced does not come back with what another client starts with (store that tells: %s)',
  async (tells) => {
    const { clock, issuer, document, open, openSlowly } = createPlace(tells);
    const initial = issuer.login('ada');
    const late = openSlowly(initial);
    const first = late.request();
    await settle();

    const early = open(initial);
    expect(await early.request()).toBe(200);
    await settle();
    await early.client.session.refresh();
    late.arrive();
    await first;
    await clock.advance(1000);

    expect(document()?.refreshToken).toBe('refresh-token-of-ada-2');
    clock.sleep(120_000);
    const requests = Promise.all([late.request(), early.request()]);
    await clock.advance(6000);
    expect(await requests).toEqual([200, 200]);
    expect(issuer.isDead).toBe(false);
  },
);

test.each([true, false])(
  'what a client starts with signs nobody in again after a sign-out elsewhere (store that tells: %s)',
  async (tells) => {
    const { clock, issuer, open } = createPlace(tells);
    const other = open();
    await other.client.session.signIn(issuer.login('ada'));
    const late = open(issuer.login('bob'));
    expect(await late.request()).toBe(200);

    await other.client.signOut();
    await clock.advance(1000);
    await late.request();
    await late.client.session.refresh().catch(() => {});
    expect(late.client.session.snapshot).toEqual({ status: 'signed-out' });
    expect(await late.request()).toBe('SIGNED_OUT');
  },
);

test.each([true, false])(
  'what a client was made with is over after a sign-out elsewhere, used or not (store that tells: %s)',
  async (tells) => {
    const { clock, issuer, document, open } = createPlace(tells);
    const initial = issuer.login('ada');
    const [used, idle] = [open(initial), open(initial)];
    expect(await used.request()).toBe(200);
    await clock.advance(1000);
    await used.client.signOut();
    await clock.advance(1000);

    expect(await idle.request()).toBe('SIGNED_OUT');
    expect(document()).toMatchObject({ state: 'signed-out' });
    await idle.client.session.signIn(issuer.login('bob'));
    expect(await idle.request()).toBe(200);
  },
);

test.each([
  ['with another login, after the sign-out', 1000],
  ['where the clock of the store was set back', -3_600_000],
])('what a client was made %s, signs in', async (_, ms) => {
  const { clock, issuer, document, open } = createPlace(false);
  const before = open(issuer.login('ada'));
  expect(await before.request()).toBe(200);
  await before.client.signOut();
  clock.set(clock.now() + ms);
  const { request } = open(issuer.login('bob'));
  await clock.advance(1000);

  expect(await request()).toBe(200);
  await clock.advance(1000);
  expect(document()).toMatchObject({ state: 'signed-in', userId: 'bob' });
});

test.each(['ended', 'signed-out'] as const)(
  'a refresh token that came beside a token of no use starts a session for others, too, where the last one is %s',
  async (state) => {
    const { clock, document, memory } = createPlace(false);
    await memory.swap(undefined, { format: 1, version: 1, epoch: 1, state, tokens: [] });
    const open = (answer: TokenResponse): TokenValet =>
      createTokenValet(({ refreshToken }) => (refreshToken === 'refresh-1' ? TOKEN : answer), {
        clock,
        store: sharedStore(memory),
      });
    const TOKEN = { token: 'token-2', refreshToken: 'refresh-2', expiresIn: 600 };
    expect(await open({ token: 'two words', refreshToken: 'refresh-1' }).request()).toBe('TOKEN_INVALID');
    await settle();
    expect(document()).toMatchObject({ refreshToken: 'refresh-1' });

    const other = open({ token: 'token-of-nobody' }).request();
    await clock.advance(6000);
    expect(await other).toBe(200);
    expect(document()).toMatchObject({ state: 'signed-in', refreshToken: 'refresh-2' });
  },
);

test('a sign-out elsewhere is heard also where another session is starting by then', async () => {
  const { clock, issuer, memory, document, open } = createPlace(false);
  const signedIn = open();
  await signedIn.client.session.signIn(issuer.login('ada'));
  const other = open();
  expect(await other.request()).toBe(200);
  await other.client.signOut();
  const answer = { token: 'two words', refreshToken: 'refresh-1' };
  const starting = createTokenValet(() => answer, { clock, store: sharedStore(memory) });
  expect(await starting.request()).toBe('TOKEN_INVALID');
  await settle();
  expect(document()).toMatchObject({ state: 'none', refreshToken: 'refresh-1' });
  await clock.advance(1000);

  expect(await signedIn.request()).toBe('SIGNED_OUT');
  expect(signedIn.client.session.snapshot).toEqual({ status: 'signed-out' });
  expect(signedIn.sent).toEqual([]);
});

test('of two clients that start at once with different users, both end up with the same one', async () => {
  const { clock, issuer, document, open } = createPlace(true);
  const clients = [open(issuer.login('ada')), open(issuer.login('bob'))];
  await Promise.all(clients.map(({ client }) => client.session.ready));
  await clock.advance(1000);
  const { userId } = document() ?? {};
  expect(['ada', 'bob']).toContain(userId);
  for (const { client } of clients)
    expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: userId } });
});

test('a login that comes while a sign-out is looking whom it is about stays, and its tokens are not taken back', async () => {
  const { clock, issuer, document, openSlowly } = createPlace(true);
  const ended: unknown[] = [];
  const signOut = (what: unknown): void => void ended.push(what);
  const { client, request, sent, arrive } = openSlowly(undefined, { signOut });
  const leaving = client.signOut();
  await settle();

  const login = issuer.login('bob');
  const entering = client.session.signIn(login);
  arrive();
  await Promise.all([leaving, entering]);
  await clock.advance(1000);

  expect(ended).toEqual([]);
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'bob' } });
  expect(document()).toMatchObject({ state: 'signed-in', refreshToken: login.refreshToken });
  expect(await request()).toBe(200);
  expect(sent).toEqual([`Bearer ${login.token}`]);
});

test('what a client starts with while a sign-out is looking is signed out, since it is no login', async () => {
  const { clock, issuer, document, openSlowly } = createPlace(true);
  const { client, request, arrive } = openSlowly(issuer.login('ada'));
  const leaving = client.signOut();
  await settle();
  expect(await request()).toBe(200);
  arrive();
  await leaving;
  await clock.advance(1000);

  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
  expect(document()).toMatchObject({ state: 'signed-out' });
  expect(await request()).toBe('SIGNED_OUT');
});

test('a sign-out before anybody is known ends in time where a store takes nothing, and tells its reason', async () => {
  const clock = createManualClock();
  const memory = createMemoryStore({ clock });
  let isFull = false;
  const swap: typeof memory.swap = (...change) => {
    if (isFull) throw new Error('the disk is full');
    return memory.swap(...change);
  };
  const provider = (): TokenResponse => {
    isFull = true;
    return { token: 'no token, with spaces', refreshToken: 'refresh-token-2' };
  };
  const initial = { refreshToken: 'refresh-token-1' };
  const { client, request } = createTokenValet(provider, {
    clock,
    initial,
    store: sharedStore({ ...memory, swap }),
  });
  expect(await request()).toBe('TOKEN_INVALID');
  expect(client.session.snapshot.status).toBe('loading');

  const leaving = client.signOut().catch((error: unknown) => error);
  await clock.advance(6000);

  expect(await isSettled(leaving)).toBe(true);
  expect(await leaving).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringContaining('the disk is full'),
  });
  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
  isFull = false;
  await clock.advance(1000);
  expect(JSON.stringify(memory.read())).not.toContain('refresh-token');
});
