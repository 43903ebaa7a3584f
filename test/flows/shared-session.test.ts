import { expect, test } from 'vitest';
import type { SessionDocument, TokenProvider, TokenStore } from '../../src/contracts.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { sharedStore } from '../../src/stores.ts';
import { createManualClock, type ManualClock, settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { createRotatingIssuer, type RotatingIssuer } from '../support/rotating-issuer.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { createHeldProvider, createTokenValet, type TokenValet } from '../support/token-valet.ts';

const MINUTE = 60_000;

interface Tabs {
  readonly clock: ManualClock;
  readonly issuer: RotatingIssuer;
  readonly store: TokenStore;
  open(): TokenValet;
}

/** Tabs of one browser, on one store. Without `tells` a store is read again on use. */
function createTabs({ tells = true } = {}): Tabs {
  const clock = createManualClock();
  const issuer = createRotatingIssuer();
  const { subscribe, ...silent } = createMemoryStore({ clock });
  const store: TokenStore = tells && subscribe ? { ...silent, subscribe } : silent;
  return {
    clock,
    issuer,
    store,
    open: () => createTokenValet(issuer.provider, { clock, store: sharedStore(store) }),
  };
}

test.each([true, false])(
  'a login in one tab is there in the others (store that tells: %s)',
  async (tells) => {
    const { issuer, open } = createTabs({ tells });
    const [a, b] = [open(), open()];
    const login = issuer.login('ada');
    await a.client.session.signIn(login);
    expect(await b.request()).toBe(200);
    expect(b.client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
    expect(b.sent).toEqual([`Bearer ${login.token}`]);
    expect(issuer.asked).toHaveLength(0);
  },
);

test('a store that hangs holds up the request that finds out, and no other; when it works again it is believed', async () => {
  const { clock, issuer, store, open } = createTabs({ tells: false });
  let hangs = false;
  const read: TokenStore['read'] = () => (hangs ? new Promise<never>(() => {}) : store.read());
  const here = createTokenValet(issuer.provider, { clock, store: sharedStore({ ...store, read }) });
  await here.client.session.signIn(issuer.login('ada'));
  hangs = true;
  await clock.advance(1000);
  const first = here.request();
  await clock.advance(3000);
  expect(await first).toBe(200);
  // The clock stands still meanwhile: whoever waited for the store would wait for ever.
  for (let second = 0; second < 5; second++) {
    await clock.advance(1000);
    expect(await here.request()).toBe(200);
  }
  hangs = false;
  await clock.advance(3000);
  await open().client.session.signIn(issuer.login('ben'));
  await clock.advance(1000);
  await here.request();
  await settle();

  expect(here.client.session.snapshot).toMatchObject({ user: { id: 'ben' } });
});

test.each([true, false])(
  'many tabs on one store refresh once per lifetime (store that tells: %s)',
  async (tells) => {
    const { clock, issuer, open } = createTabs({ tells });
    const tabs = Array.from({ length: 8 }, open);
    await tabs[0]?.client.session.signIn(issuer.login('ada'));
    for (let i = 0; i < 100; i++) {
      const statuses = Promise.all(tabs.map(({ request }) => request()));
      await clock.advance(6000);
      expect(await statuses).toEqual(tabs.map(() => 200));
    }
    // Ten minutes of tokens of a minute, refreshed up to a fifth early.
    expect(issuer.redeemed).toBeGreaterThanOrEqual(9);
    expect(issuer.redeemed).toBeLessThanOrEqual(13);
    expect(issuer.isDead).toBe(false);
  },
);

test.each([true, false])(
  'tabs that find the token ended redeem once (store that tells: %s)',
  async (tells) => {
    const { clock, issuer, open } = createTabs({ tells });
    const tabs = Array.from({ length: 8 }, open);
    await tabs[0]?.client.session.signIn(issuer.login('ada'));
    await Promise.all(tabs.map(({ request }) => request()));
    clock.sleep(2 * MINUTE);
    const statuses = Promise.all(tabs.map(({ request }) => request()));
    await clock.advance(6000);
    expect(await statuses).toEqual(tabs.map(() => 200));
    expect(issuer.redeemed).toBe(1);
  },
);

test.each([true, false])('a sign-out in one tab is one in all (store that tells: %s)', async (tells) => {
  const { clock, issuer, open } = createTabs({ tells });
  const [a, b] = [open(), open()];
  await a.client.session.signIn(issuer.login('ada'));
  await b.request();
  await a.client.signOut();
  await clock.advance(1000);
  const before = b.sent.length;
  // A request that began under the user who has gone.
  expect(await b.request()).toMatch(/SIGNED_OUT|SESSION_CHANGED/);
  expect(await b.request()).toBe('SIGNED_OUT');
  expect(b.sent).toHaveLength(before);
  expect(b.client.session.snapshot).toEqual({ status: 'signed-out' });
});

test.each([true, false])(
  'a switch of user in one tab is one in all (store that tells: %s)',
  async (tells) => {
    const { clock, issuer, open } = createTabs({ tells });
    const [a, b] = [open(), open()];
    await a.client.session.signIn(issuer.login('ada'));
    await b.request();
    const login = issuer.login('bob');
    await a.client.session.signIn(login);
    await clock.advance(1000);
    await b.request();
    await settle();
    expect(b.client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'bob' } });
    expect(await b.request()).toBe(200);
    expect(b.sent.at(-1)).toBe(`Bearer ${login.token}`);
  },
);

test('a session survives its tab', async () => {
  const { clock, issuer, open } = createTabs();
  const a = open();
  await a.client.session.signIn(issuer.login('ada'));
  a.client.close();
  await clock.advance(MINUTE);
  const b = open();
  const answer = b.request();
  await clock.advance(1000);
  expect(await answer).toBe(200);
  expect(issuer.asked[0]?.refreshToken).toBe('refresh-token-of-ada-1');
});

test('a refresh token that is being redeemed when a client is closed is not lost: what it buys is stored', async () => {
  const clock = createManualClock();
  const store = sharedStore(createMemoryStore({ clock }));
  const held = createHeldProvider();
  const initial = { refreshToken: 'refresh-token-0' };
  const closing = createTokenValet(held.provider, { clock, store, initial });
  const waiting = closing.request();
  await settle();
  closing.client.close();
  expect(await waiting).toBe('CLIENT_CLOSED');
  held.calls[0]?.resolve({ token: createJwt({ sub: 'ada' }), refreshToken: 'refresh-token-1' });
  await settle();

  const next = createTokenValet(() => null, { clock, store });
  expect(await next.request()).toBe(200);
  expect(next.asked).toHaveLength(0);
  expect(closing.sent).toEqual([]);
});

test('a client that is closed before its refresh token was sent lets its claim go', async () => {
  const clock = createManualClock();
  const store = sharedStore(createMemoryStore({ clock }));
  const { client, asked, request } = createTokenValet(() => 'token-1', {
    clock,
    store,
    initial: { refreshToken: 'refresh-token-0' },
  });
  const waiting = request();
  client.close();
  expect(await waiting).toBe('CLIENT_CLOSED');
  await settle();
  expect(asked).toHaveLength(0);
  const next = createTokenValet(() => 'token-2', { clock, store });
  expect(await next.request()).toBe(200);
});

test('a user whose tokens tell a name only later stays the same in all tabs', async () => {
  const clock = createManualClock();
  const store = sharedStore(createMemoryStore({ clock }));
  let count = 0;
  const provider = (): object => ({
    token: `opaque-${++count}`,
    idToken: createJwt({ sub: 'ada' }),
    refreshToken: `refresh-${count}`,
    expiresIn: 60,
  });
  const a = createTokenValet(provider, { clock, store });
  await a.client.session.signIn({ token: 'opaque-0', refreshToken: 'refresh-0', expiresIn: 60 });
  await a.client.session.refresh();
  await settle();
  // This one begins when there is a name already.
  const b = createTokenValet(provider, { clock, store });
  for (let minute = 0; minute < 4; minute++) {
    for (const { request } of minute % 2 === 0 ? [b, a] : [a, b]) {
      const answer = request();
      await clock.advance(1000);
      expect(await answer).toBe(200);
    }
    await clock.advance(61_000);
  }
  const [mine, theirs] = [a, b].map(({ client }) => client.session.snapshot);
  expect(mine).toMatchObject({ status: 'signed-in', user: { id: expect.stringMatching(/^session-/) } });
  expect(theirs).toMatchObject(mine ?? {});
  for (const { events } of [a, b]) expect(events.filter((name) => name === 'userchange')).toHaveLength(1);
});

test('a sign-out in a process that has just started ends the stored session, and its source hears what to revoke', async () => {
  const { clock, issuer, store, open } = createTabs();
  await open().client.session.signIn(issuer.login('ada'));
  const ended: unknown[] = [];
  const source = { getToken: issuer.provider, signOut: (what: unknown): void => void ended.push(what) };
  const { client } = createTokenValet(source, { clock, store: sharedStore(store) });
  await client.signOut();
  expect(ended).toEqual([expect.objectContaining({ refreshToken: 'refresh-token-of-ada-1' })]);
  const left = await store.read();
  expect(left).toMatchObject({ state: 'signed-out', tokens: [] });
  expect(JSON.stringify(left)).not.toContain('ada');
});

test('a provider that has nothing for a further audience leaves the stored session', async () => {
  const { store, open } = createTabs();
  const { client, request } = open();
  await client.session.signIn({ token: createJwt({ sub: 'ada' }), expiresIn: 600 });
  expect(await request({ auth: { audience: 'mail' } })).toBe('TOKEN_ENDPOINT_REJECTED');
  await settle();
  expect(await store.read()).toMatchObject({ state: 'signed-in', userId: 'ada' });
});

test.each(['version', 'epoch'])(
  'a document whose %s leaves no room to count is none of ours, and left alone',
  async (field) => {
    const { clock, issuer, store } = createTabs();
    const foreign = {
      format: 1,
      version: 1,
      epoch: 1,
      state: 'none',
      tokens: [],
      [field]: Number.MAX_SAFE_INTEGER,
    };
    await store.swap(undefined, foreign as SessionDocument);
    const { client, events, request } = createTokenValet(issuer.provider, {
      clock,
      store: sharedStore(store),
    });
    await client.session.signIn(issuer.login('ada'));
    expect(await request()).toBe(200);
    expect(events.filter((name) => name === 'warning')).toHaveLength(1);
    expect(await store.read()).toEqual(foreign);
  },
);

test('a store that takes nothing is not asked in a loop, and a sign-in says so in the end', async () => {
  const clock = createManualClock();
  let swaps = 0;
  const store: TokenStore = {
    read: () => undefined,
    swap() {
      swaps++;
      return false;
    },
    now: () => clock.now(),
  };
  const { client, request } = createTokenValet(() => null, { clock, store: sharedStore(store) });
  const failed = expect(client.session.signIn({ token: 'token-1' })).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
  });
  await clock.advance(5000);
  await failed;
  expect(swaps).toBeLessThan(200);
  expect(await request()).toBe(200);
  client.close();
});

test('a request that starts after a login elsewhere is that user’s, where the store does not tell, too', async () => {
  const { clock, issuer, open } = createTabs({ tells: false });
  const [a, b] = [open(), open()];
  await a.client.session.signIn(issuer.login('ada'));
  expect(await b.request()).toBe(200);
  const login = issuer.login('bob');
  await a.client.session.signIn(login);
  await clock.advance(600);
  expect(await b.request()).toBe(200);
  expect(b.sent.at(-1)).toBe(`Bearer ${login.token}`);
  await a.client.signOut();
  await clock.advance(600);
  expect(await b.request()).toBe('SIGNED_OUT');
});

test('what a program starts with is used where the stored session has ended', async () => {
  const { clock, issuer, store, open } = createTabs();
  const a = open();
  await a.client.session.signIn({ ...issuer.login('ada'), expiresIn: 1 });
  issuer.revoke();
  clock.sleep(2000);
  expect(await a.request()).toBe('SESSION_ENDED');
  await settle();
  const initial = { token: createJwt({ sub: 'ada', n: 'new' }), expiresIn: 60 };
  const { request } = createTokenValet(() => null, { clock, store: sharedStore(store), initial });
  expect(await request()).toBe(200);
});

test('a session of more audiences than a document holds is still read: ended tokens give way, then the oldest', async () => {
  const { clock, store } = createTabs();
  const asked: (string | undefined)[] = [];
  const provider: TokenProvider = ({ audience }) => {
    const expiresIn = asked.includes(audience) || !BRIEF.has(audience) ? 3600 : 100;
    asked.push(audience);
    return { token: createJwt({ sub: 'ada', aud: audience, n: asked.length }), expiresIn };
  };
  const open = (): TokenValet => createTokenValet(provider, { clock, store: sharedStore(store) });
  const stored = (): Promise<unknown> =>
    settle().then(() => (store.read() as SessionDocument).tokens.map(({ need }) => need.audience));
  const { client, request } = open();
  const get = async (...audiences: string[]): Promise<void> => {
    for (const audience of audiences) expect(await request({ auth: { audience } })).toBe(200);
  };
  const many = Array.from({ length: 252 }, (_, index) => `a${index}`);
  // It ends early, and is the oldest: what tells who the user is stays all the same.
  await client.session.signIn({ token: createJwt({ sub: 'ada' }), expiresIn: 60 });
  await get('renewed', ...many);
  await clock.advance(1000);
  await get('brief');
  await clock.advance(2 * MINUTE);
  await get('renewed', 'b1', 'b2');
  expect(await stored()).toEqual([undefined, ...many, 'renewed', 'b1', 'b2']);
  await get('b3');
  expect(await stored()).toEqual([undefined, ...many.slice(1), 'renewed', 'b1', 'b2', 'b3']);

  const count = asked.length;
  expect(await open().request({ auth: { audience: 'b3' } })).toBe(200);
  expect(asked).toHaveLength(count);
  await client.signOut();
  expect(await store.read()).toMatchObject({ state: 'signed-out', tokens: [] });
});

/** Audiences whose first token is good for less than two minutes. */
const BRIEF: ReadonlySet<string | undefined> = new Set(['renewed', 'brief']);

test('a store that stops answering makes refreshes fail for a while, and nothing is redeemed until it is back', async () => {
  const { clock, issuer, store } = createTabs({ tells: false });
  let isStuck = false;
  const stuck: TokenStore = {
    ...store,
    optional: true,
    read: () => (isStuck ? new Promise(() => {}) : store.read()),
  };
  const { client, request } = createTokenValet(issuer.provider, { clock, store: sharedStore(stuck) });
  await client.session.signIn(issuer.login('ada'));
  expect(await request()).toBe(200);
  isStuck = true;
  await clock.advance(2 * MINUTE);
  const failed = request();
  await clock.advance(20_000);
  expect(await failed).toBe('STORE_UNAVAILABLE');
  expect(issuer.asked).toHaveLength(0);
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in' });
  isStuck = false;
  const answer = request();
  await clock.advance(20_000);
  expect(await answer).toBe(200);
  expect(issuer.redeemed).toBe(1);
});

test('a request that waited for the store in vain says so, and does not blame the provider', async () => {
  const { clock, issuer, store } = createTabs({ tells: false });
  const hanging: TokenStore = { ...store, read: () => new Promise<never>(() => {}) };
  const { client, asked } = createTokenValet(issuer.provider, {
    clock,
    store: sharedStore(hanging),
    deadline: 2000,
  });
  const error = valetErrorOf(() => client.fetch('/'));
  await clock.advance(2000);

  expect(await error).toMatchObject({ code: 'TOKEN_TIMEOUT', retryable: true });
  expect((await error).message).toContain('check the session store');
  expect(asked).toEqual([]);
});
