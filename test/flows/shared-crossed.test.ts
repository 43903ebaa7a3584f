/** What two clients of one session do at the same moment, on a store that is slow or fails now and then (rule T14). */
import { expect, test } from 'vitest';
import type { SessionDocument, TokenProvider, TokenResponse, TokenStore } from '../../src/contracts.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { sharedStore } from '../../src/stores.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { createRotatingIssuer } from '../support/rotating-issuer.ts';
import { createHeldProvider, createTokenValet, type TokenValet } from '../support/token-valet.ts';

const MINUTE = 60_000;
const REFUSED = (): Response => Response.json({ error: 'invalid_grant' }, { status: 400 });

interface Options {
  readonly store?: Partial<TokenStore>;
  readonly initial?: TokenResponse;
  readonly provider?: TokenProvider;
  readonly tells?: boolean;
}

/** Clients of one issuer and one store. */
function createPlace() {
  const clock = createManualClock();
  const issuer = createRotatingIssuer();
  const { subscribe, ...memory } = createMemoryStore({ clock });
  const document = (): SessionDocument | undefined => memory.read() as SessionDocument | undefined;
  const open = ({ store, initial, provider = issuer.provider, tells = false }: Options = {}): TokenValet =>
    createTokenValet(provider, {
      clock,
      initial,
      store: sharedStore({ ...memory, ...(tells && subscribe && { subscribe }), ...store }),
    });
  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => (ms === 0 ? resolve() : void clock.setTimeout(resolve, ms)));
  /** A store whose answers are on their way for a while, and that may do something else first. */
  const slow = () => {
    const place = { read: 0, swap: 0, before: (): void | Promise<void> => {} };
    const store: Pick<TokenStore, 'read' | 'swap'> = {
      async read() {
        const answer = await memory.read();
        await wait(place.read);
        return answer;
      },
      async swap(expected, next) {
        const { before } = place;
        place.before = () => {};
        await before();
        const answer = await memory.swap(expected, next);
        await wait(place.swap);
        return answer;
      },
    };
    return { place, store };
  };
  return { clock, issuer, memory, document, open, slow };
}

const outOfReach = (): never => {
  throw new Error('out of reach');
};

test('a sign-out that found nothing stored is over when somebody signs in elsewhere', async () => {
  const { clock, issuer, open } = createPlace();
  const [valet, other] = [open(), open()];
  await valet.client.signOut();
  await other.client.session.signIn(issuer.login('ada'));
  await clock.advance(2 * MINUTE);

  await valet.client.session.ready;
  expect(await valet.request()).toBe(200);
  await clock.advance(2 * MINUTE);
  expect(await valet.request()).toBe(200);
});

test('a refresh that is still to be stored never takes the refresh token of another user along', async () => {
  const { clock, issuer, open, slow, document } = createPlace();
  const { place, store } = slow();
  const stored: (SessionDocument | undefined)[] = [];
  const swap: TokenStore['swap'] = async (expected, next) => {
    const isStored = await store.swap(expected, next);
    stored.push(document());
    return isStored;
  };
  const valet = open({
    store: { ...store, swap },
    provider(context) {
      place.before = outOfReach;
      return issuer.provider(context);
    },
  });
  await valet.client.session.signIn(issuer.login('bob'));
  expect(await valet.request({ auth: { audience: 'other' } })).toBe(200);
  const login = issuer.login('ada');
  const signedIn = valet.client.session.signIn(login);
  await clock.advance(3000);
  await signedIn;

  expect(document()).toMatchObject({ userId: 'ada', refreshToken: login.refreshToken });
  const users = stored.map((one) => [one?.userId, one?.refreshToken?.split('-')[3]]);
  for (const [user, owner] of users) expect(owner).toBe(user);
});

test('a refresh that is still to be stored does not store the login that follows it, to be stored twice', async () => {
  const { clock, issuer, open, slow, document } = createPlace();
  const { place, store } = slow();
  const valet = open({
    store,
    provider(context) {
      place.before = outOfReach;
      return issuer.provider(context);
    },
  });
  await valet.client.session.signIn(issuer.login('ada'));
  await valet.client.session.refresh();
  Object.assign(place, { read: 100, swap: 100 });
  const login = issuer.login('ada');
  const signedIn = valet.client.session.signIn(login);
  for (let step = 0; document()?.refreshToken !== login.refreshToken; step++) {
    expect(step).toBeLessThan(200);
    await clock.advance(10);
  }
  expect(await open().request({ auth: { audience: 'other' } })).toBe(200);
  await settle();
  const redeemed = document()?.refreshToken;
  await clock.advance(3000);
  await signedIn;

  expect(document()?.refreshToken).toBe(redeemed);
  expect([issuer.redeemed, issuer.isDead]).toEqual([2, false]);
});

test.each([1, 2])(
  'a login that was stored late is not stored again, after %d unheard writes',
  async (unheard) => {
    const { clock, issuer, memory, open, document } = createPlace();
    const calls: Parameters<TokenStore['swap']>[] = [];
    let redeemed: string | undefined;
    const valet = open({
      store: {
        async swap(...call) {
          const [first] = calls;
          calls.push(call);
          if (first === undefined || calls.length <= unheard) throw new Error('no answer');
          if (redeemed === undefined) {
            await memory.swap(...first);
            expect(await open().request({ auth: { audience: 'other' } })).toBe(200);
            await settle();
            redeemed = document()?.refreshToken;
          }
          return memory.swap(...call);
        },
      },
    });
    // The first write holds both.
    const logins = [issuer.login('ada'), issuer.login('ada')].map((login) =>
      valet.client.session.signIn(login),
    );
    await clock.advance(3000);
    await Promise.all(logins);

    expect(redeemed).toBeDefined();
    expect(document()?.refreshToken).toBe(redeemed);
  },
);

test('a login is stored although the session before it ended while it was tried', async () => {
  const { clock, issuer, open, slow, document } = createPlace();
  const { place, store } = slow();
  const valet = open({ store });
  const other = open({ provider: REFUSED });
  await other.client.session.signIn(issuer.login('ada'));
  expect(await valet.request()).toBe(200);
  place.before = outOfReach;
  const login = issuer.login('ada');
  const signedIn = valet.client.session.signIn(login);
  await settle();
  await other.client.session.refresh().catch(() => {});
  await settle();
  expect(document()).toMatchObject({ state: 'ended' });
  await clock.advance(3000);
  await signedIn;

  expect(document()).toMatchObject({ state: 'signed-in', refreshToken: login.refreshToken });
});

test('a sign-out is heard also where the store fails just when it tells of it', async () => {
  const { clock, issuer, memory, open } = createPlace();
  let fails = false;
  const valet = open({ tells: true, store: { read: () => (fails ? outOfReach() : memory.read()) } });
  const other = open({ tells: true });
  await other.client.session.signIn(issuer.login('ada'));
  expect(await valet.request()).toBe(200);
  fails = true;
  await other.client.signOut();
  await settle();
  fails = false;
  await clock.advance(500);

  expect(await valet.request()).toBe('SIGNED_OUT');
});

test('a login that was told of while a sign-out was being stored is heard after it', async () => {
  const { clock, issuer, open, slow } = createPlace();
  const { place, store } = slow();
  const valet = open({ tells: true, store });
  expect(await valet.request()).toBe('SIGNED_OUT');
  await settle();
  place.read = 100;
  await open({ tells: true }).client.session.signIn(issuer.login('ada'));
  await clock.advance(50);
  const signedOut = valet.client.signOut();
  await clock.advance(1000);
  await signedOut;

  expect(valet.client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
});

test('a sign-out while a claim is being stored takes back the refresh token that came with it', async () => {
  const { clock, issuer, open, slow, document } = createPlace();
  const before = open();
  await before.client.session.signIn(issuer.login('ada'));
  await before.client.signOut();
  await clock.advance(1000);
  const { place, store } = slow();
  Object.assign(place, { read: 100, swap: 300 });
  const { refreshToken } = issuer.login('ada');
  const valet = open({ store, initial: { refreshToken } });
  const request = valet.request();
  await clock.advance(10);
  const signedOut = valet.client.signOut();
  await clock.advance(3000);
  await signedOut;

  expect(await request).toBe('SIGNED_OUT');
  expect(document()?.refreshToken).toBeUndefined();
  expect(issuer.redeemed).toBe(0);
});

test('a sign-out while the first refresh is being stored signs out of what it stores', async () => {
  const { clock, issuer, open, slow, document } = createPlace();
  const { place, store } = slow();
  const { refreshToken } = issuer.login('ada');
  const valet = open({
    store,
    initial: { refreshToken },
    provider(context) {
      place.swap = 200;
      return issuer.provider(context);
    },
  });
  expect(await valet.request()).toBe(200);
  await clock.advance(50);
  expect(document()).toMatchObject({ state: 'signed-in' });
  const signedOut = valet.client.signOut();
  await clock.advance(3000);
  await signedOut;

  expect(document()).toMatchObject({ state: 'signed-out', tokens: [] });
});

test('a refresh token at hand starts a session where the last one has ended', async () => {
  const { issuer, open, document } = createPlace();
  const before = open({ provider: REFUSED });
  await before.client.session.signIn(issuer.login('ada'));
  await expect(before.client.session.refresh()).rejects.toMatchObject({ code: 'SESSION_ENDED' });
  await settle();
  expect(document()).toMatchObject({ state: 'ended' });
  const { refreshToken } = issuer.login('ada');
  const valet = open({ initial: { refreshToken } });

  expect(await valet.request()).toBe(200);
  await settle();
  expect(document()).toMatchObject({ state: 'signed-in', userId: 'ada' });
});

test('the end of a session that took the place of this one signs out here', async () => {
  const { clock, issuer, open } = createPlace();
  const valet = open();
  await valet.client.session.signIn(issuer.login('ada'));
  const other = open({ provider: REFUSED });
  await other.client.session.signIn(issuer.login('bob'));
  await expect(other.client.session.refresh()).rejects.toMatchObject({ code: 'SESSION_ENDED' });
  await clock.advance(500);

  expect(await valet.request()).toBe('SIGNED_OUT');
  expect(valet.client.session.snapshot).toEqual({ status: 'signed-out' });
});

test('a refresh that a login of the same user has overtaken leaves the tokens of the login', async () => {
  const { clock, issuer, open, document } = createPlace();
  const { provider, calls } = createHeldProvider();
  const valet = open({
    tells: true,
    provider: (context) => (calls[0] ? issuer.provider(context) : provider(context)),
  });
  await valet.client.session.signIn(issuer.login('ada'));
  const refresh = valet.client.session.refresh();
  await settle();
  const overtaken = { ...issuer.login('ada'), refreshToken: 'refresh-of-before' };
  const login = issuer.login('ada');
  await open({ tells: true }).client.session.signIn(login);
  await settle();
  calls[0]?.resolve(overtaken);
  await refresh;
  await settle();

  expect(document()).toMatchObject({ refreshToken: login.refreshToken });
  expect(await valet.request()).toBe(200);
  expect(valet.sent).toEqual([`Bearer ${login.token}`]);
  await clock.advance(2 * MINUTE);
  expect(await valet.request()).toBe(200);
  expect(issuer.redeemed).toBe(1);
});

test('a login elsewhere that was faster than the word of an end is a session here, too', async () => {
  const { clock, issuer, open, slow } = createPlace();
  const { place, store } = slow();
  const { provider, calls } = createHeldProvider();
  const valet = open({
    store,
    provider: (context) => (calls[0] ? issuer.provider(context) : provider(context)),
  });
  await valet.client.session.signIn(issuer.login('ada'));
  const refresh = valet.client.session.refresh().catch(() => {});
  await settle();
  place.before = () => open().client.session.signIn(issuer.login('ada'));
  calls[0]?.resolve(REFUSED());
  await refresh;
  await clock.advance(2 * MINUTE);

  await valet.request();
  await clock.advance(2 * MINUTE);
  expect(await valet.request()).toBe(200);
});

test('a login of the same user elsewhere, while a first refresh is being stored, is no sign-out', async () => {
  const { clock, issuer, open, slow } = createPlace();
  const { place, store } = slow();
  const valet = open({
    store,
    initial: { refreshToken: issuer.login('ada').refreshToken },
    provider(context) {
      place.before = () => open().client.session.signIn(issuer.login('ada'));
      return issuer.provider(context);
    },
  });
  expect(await valet.request()).toBe(200);
  await clock.advance(1000);

  expect(await valet.request()).toBe(200);
  expect(valet.events).not.toContain('signedout');
});

test('a sign-out reaches who began with the same refresh token, and was about to redeem it', async () => {
  const { clock, issuer, open, slow, document } = createPlace();
  const { refreshToken } = issuer.login('ada');
  const { place, store } = slow();
  const valet = open({ store, initial: { refreshToken } });
  const other = open({ initial: { refreshToken } });
  place.before = async () => {
    expect(await other.request()).toBe(200);
    await other.client.signOut();
  };
  const answer = valet.request();
  await clock.advance(3000);

  expect(await answer).toBe('SIGNED_OUT');
  expect(document()).toMatchObject({ state: 'signed-out', tokens: [] });
  expect(document()?.refreshToken).toBeUndefined();
  expect([issuer.redeemed, issuer.isDead]).toEqual([1, false]);
});

test('a sign-out right after a sign-in ends the session that another client has stored in between', async () => {
  const { clock, issuer, open, slow, document } = createPlace();
  const { place, store } = slow();
  const valet = open({ store });
  await valet.client.session.signIn(issuer.login('ada'));
  await open().client.session.signOut();
  await clock.advance(100);
  await open().client.session.signIn(issuer.login('ada'));
  await clock.advance(100);
  place.read = 100;
  const signedIn = valet.client.session.signIn(issuer.login('ada'));
  const signedOut = valet.client.signOut();
  await clock.advance(3000);
  await Promise.all([signedIn, signedOut]);

  expect(document()).toMatchObject({ state: 'signed-out', tokens: [] });
  expect(await open().request()).toBe('SIGNED_OUT');
});

test('a sign-out that is stored late leaves alone who has signed in since then', async () => {
  const { clock, issuer, open, slow, document } = createPlace();
  const { place, store } = slow();
  const valet = open({ store });
  await valet.client.session.signIn(issuer.login('ada'));
  place.read = 1000;
  const signedIn = valet.client.session.signIn(issuer.login('ada'));
  const signedOut = valet.client.signOut();
  await clock.advance(10);
  const other = open();
  await other.client.session.ready;
  await other.client.signOut();
  await other.client.session.signIn(issuer.login('bob'));
  await clock.advance(3000);
  await Promise.all([signedIn, signedOut]);

  expect(document()).toMatchObject({ state: 'signed-in', userId: 'bob' });
});
