import { expect, test } from 'vitest';
import type { Claims, EndedSession, TokenSource } from '../../src/contracts.ts';
import { accessToken, createFetch } from '../../src/fetch.ts';
import { apiKey, Client } from '../../src/index.ts';
import { memoryStore } from '../../src/stores.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import {
  countingProvider,
  createHeldProvider,
  createTokenValet,
  isSettled,
  outcomeOf,
} from '../support/token-valet.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A source that counts who listens, and whose state a test changes. */
function createSource(
  getToken: TokenSource['getToken'],
): TokenSource & { change(): void; listeners: number } {
  const changed = new Set<() => void>();
  return {
    getToken,
    subscribe(listener) {
      changed.add(listener);
      return () => void changed.delete(listener);
    },
    change() {
      for (const listener of changed) listener();
    },
    get listeners() {
      return changed.size;
    },
  };
}

test('construction asks nobody, and neither do snapshot and hasScope', async () => {
  const { client, clock, asked } = createTokenValet(countingProvider(60));

  expect(client.session.snapshot).toEqual({ status: 'loading' });
  expect(client.session.hasScope('read')).toBe(false);
  await clock.advance(MINUTE);
  expect(asked).toHaveLength(0);
  expect([clock.timers, clock.wakeListeners]).toEqual([0, 0]);
});

test('the first request asks, and the session is signed in with its answer', async () => {
  const token = createJwt({ sub: 'u1' });
  const { client, request } = createTokenValet(() => ({ token, scope: 'read write' }));
  await request();

  expect(client.session.snapshot).toEqual({ status: 'signed-in', user: { id: 'u1' } });
  expect(client.session.hasScope('write')).toBe(true);
  expect(client.session.hasScope('admin')).toBe(false);
});

test('ready asks, and resolves with the first snapshot that is known', async () => {
  const { provider, calls } = createHeldProvider();
  const { client, asked } = createTokenValet(provider);
  const { ready } = client.session;
  await settle();
  expect(asked).toHaveLength(1);
  expect(await isSettled(ready)).toBe(false);
  calls[0]?.resolve(createJwt({ sub: 'u1' }));

  expect(await ready).toBe(client.session.snapshot);
  expect(await client.session.ready).toBe(client.session.snapshot);
  expect(asked).toHaveLength(1);
});

test('subscribe asks, and calls its listener when the answer is there', async () => {
  const { client, asked } = createTokenValet(countingProvider(60));
  const seen: string[] = [];
  const off = client.session.subscribe(() => seen.push(client.session.snapshot.status));
  expect(seen).toEqual([]);
  await settle();
  expect(asked).toHaveLength(1);
  expect(seen).toEqual(['signed-in']);
  off();
  await client.signOut();

  expect(seen).toEqual(['signed-in']);
});

test('many who subscribe and wait ask once', async () => {
  const { client, asked, request } = createTokenValet(countingProvider(60));
  const ready = Array.from({ length: 10 }, () => client.session.ready);
  for (let n = 0; n < 10; n++) client.session.subscribe(() => {});
  await Promise.all([...ready, request()]);

  expect(asked).toHaveLength(1);
});

test('ready of nobody is signed-out', async () => {
  const { client } = createTokenValet(() => null);

  expect(await client.session.ready).toEqual({ status: 'signed-out' });
});

test('ready never rejects: it waits until a bad moment is over', async () => {
  let fails = true;
  const { client, clock } = createTokenValet(() => {
    if (fails) throw new Error('down');
    return createJwt({ sub: 'u1' });
  });
  const { ready } = client.session;
  await clock.advance(10 * MINUTE);
  expect(await isSettled(ready)).toBe(false);
  expect(client.session.snapshot).toEqual({ status: 'loading' });
  fails = false;
  await clock.advance(MINUTE);

  expect(await ready).toMatchObject({ status: 'signed-in' });
  expect([clock.timers, clock.wakeListeners]).toEqual([0, 0]);
});

test('ready that waits out a bad moment does not ask more often than the backoff says', async () => {
  const { client, clock, asked } = createTokenValet(() => Promise.reject(new Error('down')), {
    random: () => 0,
  });
  void client.session.ready;
  client.session.subscribe(() => {});
  await clock.advance(10 * MINUTE);

  // Even without any jitter a tenth of 1, 2, 4, … 60 seconds.
  expect(asked.length).toBeLessThanOrEqual(7 + 100);
});

test('ready of an end or of a wrong configuration is signed-out', async () => {
  for (const error of ['invalid_grant', 'invalid_client']) {
    const { client } = createTokenValet(() => Response.json({ error }, { status: 400 }));
    expect(await client.session.ready).toEqual({ status: 'signed-out' });
  }
});

test('the snapshot is the same object across refreshes, holds no token and never loads again', async () => {
  let count = 0;
  const { client, clock, request, events } = createTokenValet(() => ({
    token: createJwt({ sub: 'u1', jti: ++count }),
    idToken: createJwt({ sub: 'u1', name: `Ada ${count}` }),
    refreshToken: `refresh-${count}`,
    expiresIn: 60,
  }));
  const seen: unknown[] = [];
  client.session.subscribe(() => seen.push(client.session.snapshot));
  await request();
  const { snapshot } = client.session;
  for (let n = 0; n < 5; n++) {
    await clock.advance(MINUTE);
    await request();
    expect(client.session.snapshot).toBe(snapshot);
  }

  expect(count).toBe(6);
  expect(seen).toEqual([snapshot]);
  expect(JSON.stringify(snapshot)).not.toMatch(/refresh-|eyJ/);
  expect(events.filter((name) => name === 'signedin' || name === 'userchange')).toHaveLength(2);
});

test('the snapshot never returns to loading, whatever comes', async () => {
  const answers = [
    () => createJwt({ sub: 'u1' }),
    () => null,
    () => Response.json({ error: 'invalid_grant' }, { status: 400 }),
    () => createJwt({ sub: 'u2' }),
    () => Promise.reject(new Error('down')),
  ];
  let turn = 0;
  const source = createSource(() => (answers[turn % answers.length] ?? (() => null))());
  const { client, clock } = createTokenValet(source);
  await client.session.ready;
  const seen: string[] = [];
  client.session.subscribe(() => seen.push(client.session.snapshot.status));
  for (turn = 1; turn < 12; turn++) {
    source.change();
    await clock.advance(SECOND);
    seen.push(client.session.snapshot.status);
    if (turn % 4 === 0) await client.signOut();
  }

  expect(seen).not.toContain('loading');
});

test('the user is what the user option makes of the claims, and stays so when a refresh brings no id token', async () => {
  let count = 0;
  const { client, clock, events, request } = createTokenValet<{ id: string; name: unknown }>(
    () => ({
      token: `opaque-${++count}`,
      expiresIn: 60,
      ...(count === 1 && { idToken: createJwt({ sub: 'u1', email: 'ada@x.test', name: 'Ada' }) }),
    }),
    { user: (_, id) => ({ id: String(id.email), name: id.name }) },
  );
  await request();
  const { snapshot } = client.session;
  expect(snapshot).toEqual({ status: 'signed-in', user: { id: 'ada@x.test', name: 'Ada' } });
  for (let n = 0; n < 3; n++) {
    await clock.advance(MINUTE);
    expect(await request()).toBe(200);
  }

  expect(count).toBe(4);
  expect(client.session.snapshot).toBe(snapshot);
  expect(events.filter((name) => name === 'userchange')).toHaveLength(1);
});

test.each<[string, (claims: Claims) => unknown]>([
  ['throws', () => Object.assign({}, undefined as unknown as { user: { id: string } }).user.id],
  ['returns nothing', () => undefined],
  ['returns a promise', async () => ({ id: 'ada' })],
  ['returns no id', () => ({ name: 'Ada' })],
  ['returns a number', () => ({ id: 7 })],
  ['returns an empty text', () => ({ id: '' })],
  ['makes a text of a claim that is not there', ({ sub }) => ({ id: String(sub) })],
  ['makes a text of null', () => ({ id: `${null}` })],
])('a user option that %s is refused: all users would be one, and nothing is sent', async (_, user) => {
  const options = { user: user as () => { id: string } };
  const { client, asked, sent, request } = createTokenValet(countingProvider(60), options);

  expect(await request()).toBe('INVALID_OPTION');
  expect(await request()).toBe('INVALID_OPTION');
  expect([asked.length, sent]).toEqual([1, []]);
  await expect(client.session.signIn({ token: 'of-a-login' })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(/^user\(\) (?:returned no id|threw an error)\. It returns \{ id \}/),
  });
  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
});

test('a user option that names nobody takes over no stored session, and requests say why', async () => {
  const store = memoryStore();
  const first = createTokenValet(countingProvider(60), {
    store,
    initial: { token: 'opaque-0', expiresIn: 60 },
  });
  expect(await first.request()).toBe(200);
  const user = ({ sub }: Claims): { id: string } => ({ id: String(sub) });
  const { client, clock, sent, request } = createTokenValet(countingProvider(60), { store, user });
  const answer = request();
  await clock.advance(MINUTE);

  expect(await answer).toBe('INVALID_OPTION');
  expect(sent).toEqual([]);
  await client.signOut();
});

test('a client with a key is signed in for good, as the service', async () => {
  const client = new Client(apiKey('k-0123456789'), { baseUrl: 'https://api.test' });
  const { snapshot } = client.session;

  expect(snapshot).toEqual({ status: 'signed-in', user: { id: 'service' } });
  await client.signOut();
  await client.session.refresh();
  expect(client.session.snapshot).toBe(snapshot);
  expect(await client.session.ready).toBe(snapshot);
  expect(client.session.hasScope('read')).toBe(false);
  await expect(client.session.signIn({ token: 't' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  expect(() => client.session.subscribe(() => {})()).not.toThrow();
});

test('sign-out forgets, tells, and asks nobody until something changes (rule T6)', async () => {
  const { client, clock, asked, events, request } = createTokenValet(countingProvider(60), {
    initial: { token: 'token-0', refreshToken: 'r0' },
  });
  await request();
  await client.signOut();

  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
  expect(events).toEqual(['userchange', 'signedout']);
  for (let n = 0; n < 3; n++) {
    expect(await request()).toBe('SIGNED_OUT');
    await clock.advance(MINUTE);
  }
  expect(await client.session.ready).toEqual({ status: 'signed-out' });
  client.session.subscribe(() => {});
  await settle();
  expect(asked).toHaveLength(0);
});

test('sign-out is called through to the source, after everything is forgotten here', async () => {
  const seen: string[] = [];
  const { client, request } = createTokenValet({
    getToken: countingProvider(),
    signOut: () => void seen.push(client.session.snapshot.status),
  });
  await request();
  await client.signOut();

  expect(seen).toEqual(['signed-out']);
});

test('a second sign-out has nothing of the session left to hand to its source', async () => {
  const ended: EndedSession[] = [];
  const { client } = createTokenValet({
    getToken: () => null,
    signOut: (session) => void ended.push(session),
  });
  await client.session.signIn({ token: 'token-1', refreshToken: 'r1', idToken: 'i1' });
  await client.signOut();
  await client.signOut();

  expect(ended[0]).toMatchObject({ refreshToken: 'r1', idToken: 'i1' });
  expect(Object.values(ended[1] ?? {}).every((secret) => secret === undefined)).toBe(true);
});

test('a source that fails to sign out is told to who asked; here the user is signed out', async () => {
  const { client, request } = createTokenValet({
    getToken: countingProvider(),
    signOut: () => Promise.reject(new Error('no network')),
  });
  await request();

  await expect(client.signOut()).rejects.toThrow('no network');
  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
});

test('after a sign-out a sign-in, a refresh or a change of the source asks again', async () => {
  const source = createSource(countingProvider());
  const { client, asked, request } = createTokenValet(source);
  const signedOut = async (): Promise<void> => {
    await client.signOut();
    expect(await request()).toBe('SIGNED_OUT');
  };
  await signedOut();
  await client.session.signIn({ token: 'of-a-login' });
  expect(await request()).toBe(200);
  expect(asked).toHaveLength(0);

  await signedOut();
  await client.session.refresh();
  expect(await request()).toBe(200);
  expect(asked).toHaveLength(1);

  await signedOut();
  source.change();
  expect(await request()).toBe(200);
  expect(asked).toHaveLength(2);
});

test('a sign-in is used at once, with no call of the provider', async () => {
  const { client, clock, asked, sent, request } = createTokenValet(countingProvider(60));
  await client.session.signIn({ token: createJwt({ sub: 'u1' }), expiresIn: 60, refreshToken: 'r1' });
  await request();
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'u1' } });
  expect([asked.length, sent.length]).toEqual([0, 1]);
  await clock.advance(MINUTE);
  await request();

  expect(asked[0]).toMatchObject({ reason: 'expiring', refreshToken: 'r1' });
});

test('a sign-in on a clock that is wrong is understood: its token was issued just now (rule T2)', async () => {
  const clock = createManualClock(Date.UTC(2026, 0, 2));
  const { client, asked, request } = createTokenValet(countingProvider(60), { clock });
  const iat = Date.UTC(2026, 0, 1) / SECOND;
  await client.session.signIn({ token: createJwt({ sub: 'u1', iat, exp: iat + 3600 }) });

  expect(await request()).toBe(200);
  expect(asked).toHaveLength(0);
});

test('a sign-in with the token that is in use takes its new life from the sign-in', async () => {
  const { client, clock, asked, request } = createTokenValet(countingProvider(60), {
    initial: { token: 'token-0', expiresIn: 60 },
  });
  await clock.advance(59 * SECOND);
  await client.session.signIn({ token: 'token-0' });
  await clock.advance(60 * MINUTE);

  expect(await request()).toBe(200);
  expect(asked).toHaveLength(0);
});

test('a sign-in leaves no token of the user before, not even a refresh token', async () => {
  const { client, asked, request } = createTokenValet(countingProvider(60), {
    initial: { token: createJwt({ sub: 'ada' }), refreshToken: 'of-ada' },
  });
  await client.session.signIn({ token: createJwt({ sub: 'bob' }) });
  await client.session.refresh();
  await request();

  expect(asked[0]?.refreshToken).toBeUndefined();
});

test('a sign-in with tokens that cannot be used is refused, and changes nothing', async () => {
  const iat = Date.UTC(2026, 0, 1) / SECOND;
  const refused = [
    {},
    { token: '' },
    { token: 'Bearer x' },
    { token: createJwt({ sub: 'bob', iat, exp: iat }), refreshToken: 'of-bob' },
  ];
  for (const tokens of refused) {
    const { client, asked, sent, request } = createTokenValet(countingProvider(60), {
      initial: { token: createJwt({ sub: 'ada' }), refreshToken: 'of-ada' },
    });
    const { snapshot } = client.session;
    await expect(client.session.signIn(tokens)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });

    expect(client.session.snapshot).toBe(snapshot);
    expect(await request()).toBe(200);
    expect(sent).toEqual([`Bearer ${createJwt({ sub: 'ada' })}`]);
    await client.session.refresh();
    expect(asked[0]?.refreshToken).toBe('of-ada');
  }
});

test('every sign-in without a subject is a user of its own, whatever random says', async () => {
  const ids = new Set<unknown>();
  const { client } = createTokenValet(countingProvider(), { random: () => 0 });
  for (let n = 0; n < 3; n++) {
    await client.session.signIn({ token: `opaque-${n}` });
    const { snapshot } = client.session;
    ids.add('user' in snapshot && snapshot.user.id);
  }

  expect(ids.size).toBe(3);
});

test('session.refresh() gets a new token now, past the cache', async () => {
  const { client, asked, sent, request } = createTokenValet(countingProvider(3600));
  await request();
  await client.session.refresh();
  await request();

  expect(asked[1]).toMatchObject({ reason: 'expiring', forceRefresh: true });
  expect(sent).toEqual(['Bearer token-1', 'Bearer token-2']);
});

test('session.refresh() does not wait for a backoff, and tells its failure', async () => {
  const { client, asked, request } = createTokenValet(
    () => new Response(null, { status: 503, headers: { 'retry-after': '600' } }),
  );
  expect(await request()).toBe('TOKEN_ENDPOINT_UNAVAILABLE');

  await expect(client.session.refresh()).rejects.toMatchObject({
    code: 'TOKEN_ENDPOINT_UNAVAILABLE',
    retryable: true,
  });
  expect(asked).toHaveLength(2);
});

test('session.refresh() of nobody, and of an ended session, is told so', async () => {
  const { client } = createTokenValet(() => null);
  await expect(client.session.refresh()).rejects.toMatchObject({ code: 'SIGNED_OUT' });

  const ended = createTokenValet(() => Response.json({ error: 'invalid_grant' }, { status: 400 }), {
    initial: { token: 'token-0' },
  });
  await expect(ended.client.session.refresh()).rejects.toMatchObject({ code: 'SESSION_ENDED' });
});

test('session.refresh() is freed by the deadline', async () => {
  const { client, clock } = createTokenValet(createHeldProvider().provider);
  const refresh = client.session.refresh().catch((error: unknown) => error);
  await clock.advance(10 * SECOND);

  expect(await refresh).toMatchObject({ code: 'TOKEN_TIMEOUT' });
});

test('closing ends what is under way, and its timers and listeners with it', async () => {
  const source = createSource(createHeldProvider().provider);
  const { client, clock, asked, request } = createTokenValet(source, {
    initial: { token: 'a', refreshToken: 'r0', expiresIn: 60 },
  });
  await clock.advance(MINUTE);
  const waits = request();
  const refresh = client.session.refresh().catch((error: { code: string }) => error.code);
  await settle();
  expect(source.listeners).toBe(1);
  client.close();

  expect(await waits).toBe('CLIENT_CLOSED');
  expect(await refresh).toBe('CLIENT_CLOSED');
  expect(asked[0]?.signal.aborted).toBe(true);
  expect(source.listeners).toBe(0);
  expect([clock.timers, clock.wakeListeners]).toEqual([0, 0]);
});

test('closing during a backoff leaves no timer and no listener', async () => {
  const { client, clock, request } = createTokenValet(() => Promise.reject(new Error('down')));
  void client.session.ready;
  const waits = request();
  await settle();
  expect(clock.wakeListeners).toBe(1);
  client.close();
  await settle();

  expect(await waits).toBe('CLIENT_CLOSED');
  expect([clock.timers, clock.wakeListeners]).toEqual([0, 0]);
});

test('a closed client asks nobody', async () => {
  let changed = (): void => {};
  const { client, asked, request } = createTokenValet({
    getToken: countingProvider(),
    subscribe(listener) {
      changed = listener;
      // A source that goes on telling.
      return () => {};
    },
  });
  await client.signOut();
  client.close();
  changed();
  client.session.subscribe(() => {});
  void client.session.ready;

  expect(await request()).toBe('CLIENT_CLOSED');
  await expect(client.session.refresh()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  await expect(client.session.signIn({ token: 't' })).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  await settle();
  expect(asked).toHaveLength(0);
});

test('what a provider answers after close is nobody’s', async () => {
  const { provider, calls } = createHeldProvider();
  const { client, events } = createTokenValet(provider);
  void client.session.ready;
  await settle();
  client.close();
  calls[0]?.resolve(createJwt({ sub: 'u1' }));
  await settle();

  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
  expect(events).toEqual(['refresh']);
});

test('closing a child leaves the session to the others', async () => {
  const { client, request } = createTokenValet(countingProvider());
  const child = client.extend({ baseUrl: 'https://other.test' });
  expect(child.session).toBe(client.session);
  expect(await outcomeOf(child.fetch('/'))).toBe(200);
  child.close();

  expect(await outcomeOf(child.fetch('/'))).toBe('CLIENT_CLOSED');
  expect(await request()).toBe(200);
});

test('a using declaration closes the client', async () => {
  const { client, request } = createTokenValet(countingProvider());
  {
    using scoped = client;
    expect(await outcomeOf(scoped.fetch('/'))).toBe(200);
  }

  expect(await request()).toBe('CLIENT_CLOSED');
});

test('a strategy belongs to one client', () => {
  const strategy = accessToken(countingProvider());
  createFetch(strategy, { baseUrl: 'https://api.test' });

  expect(() => createFetch(strategy, { baseUrl: 'https://api.test' })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  );
});

test('a source that says it changed while it is subscribed to is not asked by construction', async () => {
  let asked = 0;
  const client = new Client(
    {
      getToken: () => `token-${++asked}`,
      subscribe(changed) {
        changed();
        return () => {};
      },
    },
    { baseUrl: 'https://api.test', runtime: { fetch: () => Promise.resolve(new Response()) } },
  );
  await settle();
  expect(asked).toBe(0);

  expect(await outcomeOf(client.fetch('/'))).toBe(200);
  expect(asked).toBe(1);
});

test('who waits for a session that is closed before anything is known hears that nobody is signed in', async () => {
  const { client } = createTokenValet(() => new Promise(() => {}));
  const { ready } = client.session;
  client.close();
  expect(await ready).toEqual({ status: 'signed-out' });
});

test('a login of the user who is there is told to listeners, as it may bring other scopes', async () => {
  const ada = createJwt({ sub: 'ada' });
  const { client, request } = createTokenValet(() => null, { initial: { token: ada, scope: 'read' } });
  await request();
  const seen: [boolean, unknown][] = [];
  const { snapshot } = client.session;
  client.session.subscribe(() =>
    seen.push([client.session.hasScope('write'), client.session.snapshot === snapshot]),
  );
  await client.session.signIn({ token: ada, scope: 'read write' });

  expect(seen).toEqual([[true, true]]);
});
