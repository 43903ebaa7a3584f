/** What is read from a store is old by the time it is used: what happened here meanwhile is newer (rules T8, T14). */
import { expect, test } from 'vitest';
import type { SessionDocument, TokenResponse, TokenSource, TokenStore } from '../../src/contracts.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { sharedStore } from '../../src/stores.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { createRotatingIssuer } from '../support/rotating-issuer.ts';
import { createHeldProvider, createTokenValet, type TokenValet } from '../support/token-valet.ts';

const MINUTE = 60_000;

/** Clients of one issuer and one store that does not tell of changes. */
function createPlace() {
  const clock = createManualClock();
  const issuer = createRotatingIssuer();
  const whole = createMemoryStore({ clock });
  const { subscribe: _, ...memory } = whole;
  const document = (): SessionDocument | undefined => memory.read() as SessionDocument | undefined;
  const open = (
    store: Partial<TokenStore> = {},
    initial?: TokenResponse,
    source?: TokenSource,
  ): TokenValet => {
    const from = source ?? { getToken: issuer.provider };
    return createTokenValet(from, { clock, store: sharedStore({ ...memory, ...store }), initial });
  };
  /** The store as somebody sees it who is far away: what is read is old when it arrives. */
  const far = (lag = { read: 0, swap: 0 }) => {
    const arrive = (ms: number): Promise<void> =>
      new Promise((resolve) => (ms === 0 ? resolve() : void clock.setTimeout(resolve, ms)));
    return {
      lag,
      async read() {
        const answer = await memory.read();
        await arrive(lag.read);
        return answer;
      },
      async swap(...args: Parameters<TokenStore['swap']>) {
        const answer = await whole.swap(...args);
        await arrive(lag.swap);
        return answer;
      },
    };
  };
  /** Another client redeems the refresh token as soon as it is stored. Returns what is stored then. */
  const redeemElsewhere = async (): Promise<string | undefined> => {
    for (let step = 0; step < 60 && document() === undefined; step++) await clock.advance(10);
    const request = open().request({ auth: { audience: 'other' } });
    await clock.advance(30);
    expect(await request).toBe(200);
    return document()?.refreshToken;
  };
  return { clock, issuer, whole, document, open, far, redeemElsewhere };
}

test('a sign-in while a first request looks at the store stands, whatever was read before it', async () => {
  const { clock, issuer, document, open, far } = createPlace();
  const before = open();
  await before.client.session.signIn(issuer.login('ada'));
  await clock.advance(2 * MINUTE);
  const valet = open(far({ read: 200, swap: 0 }));
  const first = valet.request();
  await clock.advance(50);

  const login = issuer.login('bob');
  const signedIn = valet.client.session.signIn(login);
  await clock.advance(5000);
  await Promise.all([signedIn, first]);

  expect(valet.client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'bob' } });
  expect(document()).toMatchObject({ userId: 'bob', refreshToken: login.refreshToken });
  expect(new Set(valet.sent)).toEqual(new Set([`Bearer ${login.token}`]));
});

test.each(['a sign-out', 'a sign-in'])('%s while a refresh looks at the store stands', async (what) => {
  const { clock, issuer, document, open, far } = createPlace();
  const [other, store] = [open(), far()];
  const valet = open(store);
  await other.client.session.signIn(issuer.login('ada'));
  expect(await valet.request()).toBe(200);
  await other.client.session.refresh();
  store.lag.read = 200;
  const refresh = valet.client.session.refresh().catch(() => {});
  await clock.advance(50);
  const { session } = valet.client;
  const done = what === 'a sign-in' ? session.signIn(issuer.login('bob')) : valet.client.signOut();
  await clock.advance(8000);
  await Promise.all([done, refresh]);

  const after =
    what === 'a sign-in' ? { state: 'signed-in', userId: 'bob' } : { state: 'signed-out', tokens: [] };
  expect(document()).toMatchObject(after);
  expect(session.snapshot).toMatchObject(
    what === 'a sign-in' ? { status: 'signed-in', user: { id: 'bob' } } : { status: 'signed-out' },
  );
});

test.each(['granted', 'refused'])(
  'a sign-in while it is looked at who has the session by now stands: a refresh that was %s',
  async (how) => {
    const { clock, issuer, document, open, far } = createPlace();
    const { provider, calls } = createHeldProvider();
    const store = far();
    const valet = open(store, undefined, { getToken: provider });
    await valet.client.session.signIn(issuer.login('ada'));
    const refresh = valet.client.session.refresh().catch(() => {});
    await clock.advance(10);
    await open().client.session.signIn(issuer.login('carol'));
    store.lag.read = 200;
    const granted = { token: createJwt({ sub: 'ada', n: 9 }), refreshToken: 'refresh-9', expiresIn: 60 };
    calls[0]?.resolve(
      how === 'granted' ? granted : Response.json({ error: 'invalid_grant' }, { status: 400 }),
    );
    await clock.advance(50);
    const signedIn = valet.client.session.signIn(issuer.login('bob'));
    await clock.advance(8000);
    await Promise.all([signedIn, refresh]);

    expect(valet.client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'bob' } });
    expect(document()).toMatchObject({ state: 'signed-in', userId: 'bob' });
  },
);

test('a refresh token that others have redeemed is not put back by a second login', async () => {
  const { clock, issuer, document, open, far, redeemElsewhere } = createPlace();
  const valet = open(far({ read: 100, swap: 100 }));
  const logins = [issuer.login('ada'), issuer.login('ada')].map((login) =>
    valet.client.session.signIn(login),
  );
  const redeemed = await redeemElsewhere();
  await clock.advance(3000);
  await Promise.all(logins);

  expect(document()?.refreshToken).toBe(redeemed);
  expect([issuer.redeemed, issuer.isDead]).toEqual([1, false]);
});

test('a refresh token that others have redeemed is not put back by a write whose answer was lost', async () => {
  const { clock, issuer, document, open, far, redeemElsewhere } = createPlace();
  const store = far({ read: 100, swap: 0 });
  let mayLose = true;
  const swap = async (...args: Parameters<TokenStore['swap']>): Promise<boolean> => {
    const isDone = await store.swap(...args);
    if (!mayLose) return isDone;
    mayLose = false;
    throw new Error('the answer was lost');
  };
  const valet = open({ ...store, swap });
  const login = valet.client.session.signIn(issuer.login('ada'));
  const redeemed = await redeemElsewhere();
  await clock.advance(3000);
  await login;

  expect(document()?.refreshToken).toBe(redeemed);
  await clock.advance(2 * MINUTE);
  store.lag.read = 0;
  expect(await valet.request()).toBe(200);
  expect(issuer.isDead).toBe(false);
});

const HELD = ['nothing', 'another user', 'the same user'] as const;
test.each(HELD.flatMap((held) => [50, 150, 250].map((after) => [after, held] as const)))(
  'a sign-out %d ms after a sign-in leaves nobody signed in, however slow the store that held %s',
  async (after, before) => {
    const { clock, issuer, whole, document, open, far } = createPlace();
    const store = far();
    const { client, request } = open(store);
    if (before !== 'nothing') {
      await client.session.signIn(issuer.login(before === 'another user' ? 'bob' : 'ada'));
      expect(await request()).toBe(200);
    }
    Object.assign(store.lag, { read: 100, swap: 100 });
    const seen: (string | undefined)[] = [];
    whole.subscribe?.(() => {
      if (document()?.state === 'signed-in') seen.push(document()?.userId);
    });
    const signedIn = client.session.signIn(issuer.login('ada'));
    await clock.advance(after);
    const signedOut = client.signOut();
    await clock.advance(3000);
    await Promise.all([signedIn, signedOut]);

    expect(client.session.snapshot).toEqual({ status: 'signed-out' });
    const { state = 'none', refreshToken, tokens = [] } = document() ?? {};
    expect([['none', 'signed-out'].includes(state), refreshToken, tokens]).toEqual([true, undefined, []]);
    expect(seen).not.toContain(undefined);
    store.lag.read = 0;
    expect(await open().request()).toBe('SIGNED_OUT');
  },
);

test('a sign-out leaves alone who was signed in elsewhere at the very moment of the login before it', async () => {
  const { clock, issuer, whole, document, open } = createPlace();
  const ends: Promise<unknown>[] = [];
  let isSlow = false;
  const swap = async (...args: Parameters<TokenStore['swap']>): Promise<boolean> => {
    if (isSlow) {
      isSlow = false;
      await open().client.session.signIn(issuer.login('bob'));
      ends.push(client.signOut());
    }
    return whole.swap(...args);
  };
  const { client } = open({ swap });
  await client.session.signIn(issuer.login('ada'));
  isSlow = true;
  ends.push(client.session.signIn(issuer.login('cy')));
  await clock.advance(1000);
  await Promise.all(ends);

  expect(ends).toHaveLength(2);
  expect(document()).toMatchObject({ state: 'signed-in', userId: 'bob' });
});

test('a sign-out leaves alone a session that the same user began elsewhere after a sign-out', async () => {
  const { clock, issuer, document, open } = createPlace();
  const { client } = open();
  await client.session.signIn(issuer.login('ada'));
  await clock.advance(1000);
  const elsewhere = open();
  expect(await elsewhere.request()).toBe(200);
  await elsewhere.client.signOut();
  await elsewhere.client.session.signIn(issuer.login('ada'));
  await client.signOut();

  expect(document()).toMatchObject({ state: 'signed-in', userId: 'ada' });
});

test('what a client begins with leaves the claim of whoever redeems it', async () => {
  const { clock, document, open } = createPlace();
  const { provider, calls } = createHeldProvider();
  const grant = { token: 'token-0', refreshToken: 'refresh-0', expiresIn: 60 };
  const redeeming = open({}, { refreshToken: grant.refreshToken }, { getToken: provider });
  const request = redeeming.request();
  await settle();
  const claim = document()?.claim;
  expect(claim).toBeDefined();

  const beginning = open({}, grant, { getToken: provider });
  expect(await beginning.request()).toBe(200);
  expect(document()?.claim).toEqual(claim);
  calls[0]?.resolve({ token: 'token-1', refreshToken: 'refresh-1', expiresIn: 60 });
  expect(await request).toBe(200);
  await clock.advance(1000);

  expect(document()).toMatchObject({ refreshToken: 'refresh-1' });
  expect(await beginning.request()).toBe(200);
  expect(beginning.sent.at(-1)).toBe('Bearer token-1');
  expect(calls).toHaveLength(1);
});

test('what a client begins with is stored over the claim of one that has nothing', async () => {
  const { issuer, document, open, far, clock } = createPlace();
  const { provider, calls } = createHeldProvider();
  const initial = issuer.login('ada');
  const beginning = open(far({ read: 100, swap: 0 }), initial);
  const request = beginning.request();
  await clock.advance(150);
  const asking = open({}, undefined, { getToken: provider }).request();
  await settle();
  expect(document()?.claim).toBeDefined();
  await clock.advance(1000);

  expect(await request).toBe(200);
  expect(document()).toMatchObject({ state: 'signed-in', refreshToken: initial.refreshToken });
  // Nobody is signed in there: that is no word on the session that is stored by now.
  calls[0]?.resolve(null);
  await asking;
  await clock.advance(1000);
  expect(document()).toMatchObject({ state: 'signed-in', refreshToken: initial.refreshToken });
});

test('what a client begins with does not undo a sign-out that came before it was stored', async () => {
  const { clock, issuer, whole, document, open, far } = createPlace();
  const initial = issuer.login('ada');
  const tells = whole.subscribe && { subscribe: whole.subscribe };
  const slow = open({ ...far({ read: 300, swap: 300 }), ...tells }, initial);
  const first = slow.request();
  await clock.advance(350);
  const other = open({ ...tells }, initial);
  expect(await other.request()).toBe(200);
  await other.client.signOut();
  await clock.advance(5000);
  await first;

  expect(document()).toMatchObject({ state: 'signed-out' });
  expect(slow.client.session.snapshot).toEqual({ status: 'signed-out' });
});

test('a claim of an empty store covers no refresh token that came with a login meanwhile', async () => {
  const { clock, issuer, whole, document, open, far } = createPlace();
  const subscribe: TokenStore['subscribe'] = (changed) =>
    whole.subscribe?.(() => void clock.setTimeout(changed, 10)) ?? (() => {});
  const claiming = open({ ...far({ read: 0, swap: 20 }), subscribe });
  const request = claiming.request();
  await clock.advance(5);
  expect(document()?.claim).toBeDefined();
  const login = issuer.login('ada');
  await open().client.session.signIn(login);
  await clock.advance(2000);

  expect(await request).toBe(200);
  expect(claiming.sent).toEqual([`Bearer ${login.token}`]);
  expect(issuer.asked).toEqual([]);
});

test('a closed client asks nobody, also where its source has changed while it redeemed', async () => {
  const { clock, issuer, open } = createPlace();
  const { provider, calls } = createHeldProvider();
  let changed = (): void => {};
  const source: TokenSource = {
    getToken: provider,
    subscribe(listener) {
      changed = listener;
      return () => {};
    },
  };
  const valet = open({}, undefined, source);
  await valet.client.session.signIn(issuer.login('ada'));
  const refresh = valet.client.session.refresh();
  await settle();
  expect(calls).toHaveLength(1);

  changed();
  valet.client.close();
  calls[0]?.resolve({ token: 'token-1', refreshToken: 'refresh-1', expiresIn: 60 });
  await expect(refresh).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  await clock.advance(MINUTE);

  expect(calls).toHaveLength(1);
});
