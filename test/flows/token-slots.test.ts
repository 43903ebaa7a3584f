import { expect, test } from 'vitest';
import type { TokenContext, TokenProvider, TokenResult } from '../../src/contracts.ts';
import { SessionError } from '../../src/index.ts';
import { Slots } from '../../src/token/slots.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { createDeferred, createHeldProvider, createTokenValet, isSettled } from '../support/token-valet.ts';

const MINUTE = 60_000;

const nameOf = ({ audience = 'plain', scopes }: TokenContext): string => [audience, ...scopes].join('_');

/** Hands out tokens that are named after what they were asked for. */
function namingProvider(more: object = {}): TokenProvider {
  let count = 0;
  return (context) => ({ token: `${nameOf(context)}-${++count}`, expiresIn: 3600, ...more });
}

test('a request for an audience gets a token of that audience, and keeps it (rule T12)', async () => {
  const { asked, sent, request } = createTokenValet(namingProvider());
  await request();
  await request({ auth: { audience: 'orders' } });
  await request({ auth: { audience: 'orders' } });
  await request();

  expect(sent).toEqual(['Bearer plain-1', 'Bearer orders-2', 'Bearer orders-2', 'Bearer plain-1']);
  expect(asked.map(({ audience, reason }) => [audience, reason])).toEqual([
    [undefined, 'initial'],
    ['orders', 'initial'],
  ]);
});

test('scope sets have no order, and a narrow one never borrows the token of a wide one (rule T12)', async () => {
  const { asked, sent, request } = createTokenValet(namingProvider());
  await request({ auth: { scopes: ['read', 'write'] } });
  await request({ auth: { scopes: ['write', 'read', 'read'] } });
  await request({ auth: { scopes: ['read'] } });
  await request();

  expect(sent).toEqual([
    'Bearer plain_read_write-1',
    'Bearer plain_read_write-1',
    'Bearer plain_read-2',
    'Bearer plain-3',
  ]);
  expect(asked.map(({ scopes }) => scopes)).toEqual([['read', 'write'], ['read'], []]);
});

test('a child with an audience of its own shares the session and not the token', async () => {
  const { client, sent } = createTokenValet(namingProvider());
  const stock = client.extend({ auth: { audience: 'stock' } });
  await client.fetch('/');
  await stock.fetch('/');
  await stock.fetch('/', { auth: { scopes: ['write'] } });

  expect(sent).toEqual(['Bearer plain-1', 'Bearer stock-2', 'Bearer stock_write-3']);
  expect(stock.session).toBe(client.session);
});

test('a client that asks for an audience gets its session from a token of that audience', async () => {
  const { client, asked } = createTokenValet(namingProvider(), { options: { auth: { audience: 'orders' } } });
  await client.session.ready;
  await client.session.refresh();

  expect(asked.map(({ audience }) => audience)).toEqual(['orders', 'orders']);
});

test('two slots that expire at once redeem one after another, each with the newest refresh token (rule T4)', async () => {
  const held = createHeldProvider();
  const { asked, request } = createTokenValet(held.provider, {
    initial: { refreshToken: 'refresh-token-0' },
  });
  const both = [request({ auth: { audience: 'a' } }), request({ auth: { audience: 'b' } })];
  await settle();
  expect(held.calls).toHaveLength(1);

  held.calls[0]?.resolve({ token: 'token-a', refreshToken: 'refresh-token-1' });
  await settle();
  expect(held.calls).toHaveLength(2);
  held.calls[1]?.resolve({ token: 'token-b', refreshToken: 'refresh-token-2' });

  expect(await Promise.all(both)).toEqual([200, 200]);
  expect(asked.map(({ audience, refreshToken }) => [audience, refreshToken])).toEqual([
    ['a', 'refresh-token-0'],
    ['b', 'refresh-token-1'],
  ]);
});

test('a hung call of one slot makes the next one wait, until it is given up', async () => {
  const held = createHeldProvider();
  const { clock, request } = createTokenValet(held.provider, { deadline: 3000 });
  const first = request({ auth: { audience: 'a' } });
  await clock.advance(2000);
  const second = request({ auth: { audience: 'b' } });
  await clock.advance(999);
  expect(held.calls).toHaveLength(1);
  await clock.advance(1);
  expect(held.calls).toHaveLength(2);
  held.calls[1]?.resolve('token-b');

  expect(await Promise.all([first, second])).toEqual(['TOKEN_TIMEOUT', 200]);
});

test('while one slot’s call may still bring the next refresh token, no other slot sends the old one (rule T4)', async () => {
  const held = createHeldProvider();
  const { clock, asked, request } = createTokenValet(held.provider, {
    initial: { refreshToken: 'refresh-token-0' },
  });
  const both = [request({ auth: { audience: 'a' } }), request({ auth: { audience: 'b' } })];
  await clock.advance(39_999);
  expect(await Promise.all(both)).toEqual(['TOKEN_TIMEOUT', 'TOKEN_TIMEOUT']);
  const late = request({ auth: { audience: 'b' } });
  await settle();
  expect(asked).toHaveLength(1);

  held.calls[0]?.resolve({ token: 'token-a', refreshToken: 'refresh-token-1' });
  await settle();
  held.calls[1]?.resolve({ token: 'token-b' });
  expect(await late).toBe(200);
  expect(asked.map(({ audience, refreshToken }) => [audience, refreshToken])).toEqual([
    ['a', 'refresh-token-0'],
    ['b', 'refresh-token-1'],
  ]);
});

test('a 401 for one audience renews the token of that audience only', async () => {
  const { asked, sent, request } = createTokenValet(namingProvider(), {
    respond: ({ headers }) =>
      new Response('', { status: headers.get('authorization') === 'Bearer orders-2' ? 401 : 200 }),
  });
  await request();
  expect(await request({ auth: { audience: 'orders' } })).toBe(200);
  await request();

  expect(sent.slice(1)).toEqual(['Bearer orders-2', 'Bearer orders-3', 'Bearer plain-1']);
  expect(asked).toHaveLength(3);
});

test('a wrongly configured audience does not hold up the others', async () => {
  const { client, request } = createTokenValet((context) =>
    context.audience === 'typo'
      ? Response.json({ error: 'invalid_target' }, { status: 400 })
      : namingProvider()(context),
  );
  expect(await request()).toBe(200);
  expect(await request({ auth: { audience: 'typo' } })).toBe('TOKEN_ENDPOINT_REJECTED');
  expect(await request({ auth: { audience: 'orders' } })).toBe(200);
  expect(client.session.snapshot.status).toBe('signed-in');
});

test('a bad moment of one audience does not hold up the others', async () => {
  const { request } = createTokenValet(
    (context) => {
      if (context.audience === 'flaky') throw new Error('not now');
      return namingProvider()(context);
    },
    { deadline: 50 },
  );
  expect(await request({ auth: { audience: 'flaky' } })).toBe('TOKEN_PROVIDER_FAILED');
  expect(await request()).toBe(200);
});

test('an issuer that asks for a wait is spared by all audiences (rule T6)', async () => {
  let isBusy = false;
  const { clock, asked, request } = createTokenValet((context) =>
    isBusy
      ? new Response('', { status: 429, headers: { 'retry-after': '600' } })
      : { token: nameOf(context), expiresIn: 60 },
  );
  const refused = 'TOKEN_ENDPOINT_UNAVAILABLE';
  expect([await request(), await request({ auth: { audience: 'a' } })]).toEqual([200, 200]);
  await clock.advance(MINUTE);
  isBusy = true;
  expect(await request({ auth: { audience: 'a' } })).toBe(refused);
  expect(await request()).toBe(refused);
  expect(asked).toHaveLength(3);
});

test('an issuer that asks for a wait is spared by audiences that nobody has asked for yet, too', async () => {
  const { clock, asked, request } = createTokenValet(({ audience }) =>
    audience === 'a' ? new Response('', { status: 429, headers: { 'retry-after': '600' } }) : 'a-token',
  );
  expect(await request({ auth: { audience: 'a' } })).toBe('TOKEN_ENDPOINT_UNAVAILABLE');
  expect(await request({ auth: { audience: 'b' } })).toBe('TOKEN_ENDPOINT_UNAVAILABLE');
  expect(await request()).toBe('TOKEN_ENDPOINT_UNAVAILABLE');
  expect(asked).toHaveLength(1);

  await clock.advance(10 * MINUTE);
  expect(await request({ auth: { audience: 'b' } })).toBe(200);
});

test('a further audience that is all that was ever asked for, and wants the user, is nobody signed in', async () => {
  const { client, request } = createTokenValet(() => {
    throw Object.assign(new Error('ask the user'), { code: 'login_required' });
  });
  expect(await request({ auth: { audience: 'mail' } })).toBe('SIGNED_OUT');
  expect(client.session.snapshot.status).toBe('signed-out');
});

test.each(['login_required', 'consent_required', 'interaction_required', 'account_selection_required'])(
  'a further audience that wants the user (%s) ends no session, and is not asked for again',
  async (code) => {
    const { client, asked, request } = createTokenValet((context) => {
      if (context.audience !== undefined) throw Object.assign(new Error('ask the user'), { code });
      return namingProvider()(context);
    });
    await request();
    expect(await request({ auth: { audience: 'mail' } })).toBe('TOKEN_ENDPOINT_REJECTED');
    expect(await request({ auth: { audience: 'mail' } })).toBe('TOKEN_ENDPOINT_REJECTED');
    expect(asked).toHaveLength(2);
    expect(client.session.snapshot.status).toBe('signed-in');
    expect(await request()).toBe(200);
  },
);

test('a refresh token that is refused for a further audience ends the session', async () => {
  const { client, request } = createTokenValet((context) => {
    if (context.audience !== undefined) throw new SessionError('SESSION_ENDED');
    return namingProvider()(context);
  });
  await request();
  expect(await request({ auth: { audience: 'mail' } })).toBe('SESSION_ENDED');
  expect(client.session.snapshot.status).toBe('ended');
});

test('when the session ends, what waits for its turn is told and not asked for', async () => {
  const held = createHeldProvider();
  const { asked, request } = createTokenValet(held.provider, {
    initial: { token: createJwt({ sub: 'ada' }), refreshToken: 'refresh-token-0' },
  });
  const first = request({ auth: { audience: 'a' } });
  const second = request({ auth: { audience: 'b' } });
  await settle();
  held.calls[0]?.resolve(Response.json({ error: 'invalid_grant' }, { status: 400 }));

  expect(await Promise.all([first, second])).toEqual(['SESSION_ENDED', 'SESSION_ENDED']);
  expect(asked).toHaveLength(1);
});

test('a sign-out forgets the tokens of all audiences, and what waits for its turn asks nobody', async () => {
  const held = createHeldProvider();
  const { client, asked, request } = createTokenValet(held.provider, {
    initial: { token: createJwt({ sub: 'ada' }) },
  });
  const both = [request({ auth: { audience: 'a' } }), request({ auth: { audience: 'b' } })];
  await settle();
  await client.signOut();

  expect(await Promise.all(both)).toEqual(['SESSION_CHANGED', 'SESSION_CHANGED']);
  expect(await request({ auth: { audience: 'a' } })).toBe('SIGNED_OUT');
  expect(asked).toHaveLength(1);
});

test('another user’s token for one audience takes away the tokens of all others (rule T8)', async () => {
  let sub = 'ada';
  const provider: TokenProvider = (context) => ({
    token: createJwt({ sub, aud: nameOf(context), n: Math.random() }),
    expiresIn: context.audience === undefined ? 3600 : 600,
  });
  const { client, clock, asked, request } = createTokenValet(provider);
  await request();
  await request({ auth: { audience: 'a' } });
  sub = 'bob';
  await clock.advance(10 * MINUTE);
  await request({ auth: { audience: 'a' } });
  expect(client.session.snapshot).toMatchObject({ user: { id: 'bob' } });

  await request();
  expect(asked.map(({ audience }) => audience)).toEqual([undefined, 'a', 'a', undefined]);
});

test('an issuer that names a user differently for each audience switches no user', async () => {
  const provider: TokenProvider = ({ audience = 'plain' }) => ({
    token: createJwt({ sub: `ada-at-${audience}`, n: Math.random() }),
    expiresIn: 600,
  });
  const { client, clock, events, request } = createTokenValet(provider);
  await request();
  for (let round = 0; round < 3; round++) {
    await request({ auth: { audience: 'a' } });
    await request({ auth: { audience: 'b' } });
    await request();
    await clock.advance(10 * MINUTE);
  }
  expect(events.filter((name) => name === 'userchange')).toHaveLength(1);
  expect(client.session.snapshot).toMatchObject({ user: { id: 'ada-at-plain' } });
});

test('a source that changed in between is found out by a further audience’s token (rule T8)', async () => {
  let sub = 'ada';
  const provider: TokenProvider = ({ audience }) => ({
    token: createJwt({ sub, aud: audience, n: Math.random() }),
    expiresIn: 3600,
  });
  const { client, request } = createTokenValet(provider);
  await request();
  sub = 'bob';
  await request({ auth: { audience: 'a' } });
  await request();

  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'bob' } });
});

test('a user reader is asked about the token of the session, not about those of further audiences', async () => {
  const provider: TokenProvider = ({ audience }) => ({
    token: createJwt({ sub: 'ada', ...(audience === undefined && { mail: 'ada@x.test' }), n: Math.random() }),
    expiresIn: 3600,
  });
  const { client, events, request } = createTokenValet(provider, {
    user: ({ mail }) => ({ id: String(mail) }),
  });
  await request();
  await request({ auth: { audience: 'a' } });

  expect(client.session.snapshot).toMatchObject({ user: { id: 'ada@x.test' } });
  expect(events.filter((name) => name === 'userchange')).toHaveLength(1);
});

test('session.refresh() renews the tokens of all audiences in use, one after another', async () => {
  const { client, asked, request } = createTokenValet(namingProvider());
  await request();
  await request({ auth: { audience: 'a' } });
  await client.session.refresh();

  expect(asked.slice(2).map(({ audience, forceRefresh }) => [audience, forceRefresh])).toEqual([
    [undefined, true],
    ['a', true],
  ]);
});

test('hasScope knows what any token of the session was granted', async () => {
  const { client, request } = createTokenValet(namingProvider());
  await request();
  expect(client.session.hasScope('mail.read')).toBe(false);
  await request({ auth: { scopes: ['mail.read'] } });
  expect(client.session.hasScope('mail.read')).toBe(true);
});

/** A session of ada that was granted `mail.read` for something besides, and has ended. */
async function createEnded() {
  let isOver = false;
  const valet = createTokenValet(({ scopes }) => {
    if (isOver) throw new SessionError('SESSION_ENDED');
    return { token: createJwt({ sub: 'ada', jti: scopes.join() }), scope: ['profile', ...scopes].join(' ') };
  });
  await valet.request();
  await valet.request({ auth: { scopes: ['mail.read'] } });
  isOver = true;
  await expect(valet.client.session.refresh()).rejects.toThrow(SessionError);
  const { session } = valet.client;
  expect(session.snapshot).toMatchObject({ status: 'ended', user: { id: 'ada' } });
  return { ...valet, session };
}

test('while a session is ended, hasScope tells what its last tokens were granted', async () => {
  const { session, request } = await createEnded();
  const has = (): boolean[] => ['profile', 'mail.read', 'admin'].map((scope) => session.hasScope(scope));
  expect(has()).toEqual([true, true, false]);

  expect(await request({ auth: { audience: 'elsewhere' } })).toBe('SESSION_ENDED');
  await expect(session.refresh()).rejects.toMatchObject({ code: 'SESSION_ENDED' });
  expect(has()).toEqual([true, true, false]);

  await session.signIn({ token: createJwt({ sub: 'ada' }), scope: 'profile' });
  expect(has()).toEqual([true, false, false]);
});

test('after a sign-out, and for another user, hasScope knows nothing of the session that has ended', async () => {
  const { session: left } = await createEnded();
  await left.signOut();
  expect(left.hasScope('profile')).toBe(false);

  const { session: taken } = await createEnded();
  await taken.signIn({ token: createJwt({ sub: 'bob' }), scope: '' });
  expect(taken.hasScope('mail.read')).toBe(false);
});

test('events tell which audience and scopes were asked for', async () => {
  const { client, request } = createTokenValet(namingProvider());
  const told: unknown[] = [];
  client.on('refresh', (event) => told.push(event));
  await request();
  await request({ auth: { audience: 'a', scopes: ['x'] } });

  expect(told).toEqual([{ reason: 'initial' }, { reason: 'initial', audience: 'a', scopes: ['x'] }]);
});

test('an audience per record leaves nothing behind when its token has ended', async () => {
  const { client, clock, asked, request } = createTokenValet((context) => ({
    token: nameOf(context),
    scope: nameOf(context),
    expiresIn: context.audience === undefined ? 36_000 : 60,
  }));
  await request();
  for (let record = 0; record < 100; record++) await request({ auth: { audience: `record-${record}` } });
  await clock.advance(2 * MINUTE);
  await request({ auth: { audience: 'another' } });
  await client.session.refresh();

  // What is refreshed is what is held: the session and the one audience in use.
  expect(asked.slice(102).map(({ audience }) => audience)).toEqual([undefined, 'another']);
});

test('an audience per record leaves a thousand tokens at most, even of those that never end', async () => {
  const { client, asked, request } = createTokenValet((context) => ({ token: nameOf(context) }));
  await request();
  for (let record = 0; record < 1100; record++) await request({ auth: { audience: `record-${record}` } });
  const count = asked.length;
  await client.session.refresh();

  // Those of the session, and the newest.
  const renewed = asked.slice(count).map(({ audience }) => audience);
  expect(renewed).toHaveLength(1000);
  expect(renewed).toEqual([undefined, ...Array.from({ length: 999 }, (_, index) => `record-${index + 101}`)]);
});

test('an abort frees the request that waits for its turn and nobody else', async () => {
  const gate = createDeferred<string>();
  const { asked, request } = createTokenValet(({ audience }) =>
    audience === 'a' ? gate.promise : 'token-b',
  );
  const controller = new AbortController();
  const first = request({ auth: { audience: 'a' } });
  const second = request({ auth: { audience: 'b' }, signal: controller.signal });
  await settle();
  controller.abort();

  expect(await second).toBe('AbortError');
  expect(await isSettled(first)).toBe(false);
  gate.resolve('token-a');
  expect(await first).toBe(200);
  await settle();
  expect(asked.map(({ audience }) => audience)).toEqual(['a', 'b']);
});

test('who the user before was to a further audience says nothing of the next one', async () => {
  let user = 'ada';
  const provider: TokenProvider = ({ audience = 'plain' }) => ({
    token: createJwt({ sub: `${user}-at-${audience}`, n: Math.random() }),
    expiresIn: 600,
  });
  const { client, events, request } = createTokenValet(provider);
  await request();
  await request({ auth: { audience: 'a' } });
  user = 'bob';
  await client.session.signIn({ token: createJwt({ sub: 'bob-at-plain' }), expiresIn: 600 });
  await request({ auth: { audience: 'a' } });

  expect(client.session.snapshot).toMatchObject({ user: { id: 'bob-at-plain' } });
  expect(events.filter((name) => name === 'userchange')).toHaveLength(2);
});

test('a source that changed before the end of the session leaves no doubt about the user who is back', async () => {
  let changed = (): void => {};
  let isOver = false;
  const { client, events, request } = createTokenValet({
    getToken(context) {
      if (isOver) throw new SessionError('SESSION_ENDED');
      return nameOf(context);
    },
    subscribe(listener) {
      changed = listener;
      return () => {};
    },
  });
  await request();
  await request({ auth: { audience: 'a' } });
  isOver = true;
  changed();
  await settle();
  expect(client.session.snapshot.status).toBe('ended');
  isOver = false;
  await client.session.refresh();
  await request({ auth: { audience: 'a' } });

  expect(client.session.snapshot.status).toBe('signed-in');
  expect(events.filter((name) => name === 'userchange')).toHaveLength(1);
});

test('a session that began with an audience is renewed with a token of that audience', async () => {
  const { client, asked, request } = createTokenValet(namingProvider());
  await request({ auth: { audience: 'a' } });
  await client.session.refresh();

  expect(asked.map(({ audience }) => audience)).toEqual(['a', 'a']);
});

test('a sign-in leaves no token of another audience, be it the same user’s', async () => {
  const { client, asked, request } = createTokenValet(namingProvider(), { user: () => ({ id: 'ada' }) });
  await request();
  await request({ auth: { audience: 'a' } });
  await client.session.signIn({ token: 'token-of-a-login' });
  await request({ auth: { audience: 'a' } });

  expect(asked.map(({ audience }) => audience)).toEqual([undefined, 'a', 'a']);
});

test('a slot that is given up listens for nothing any more', async () => {
  const { client, clock, request } = createTokenValet(({ audience }) => {
    if (audience === 'a') throw new Error('a bad moment');
    return 'a-token';
  });
  const refused = request({ auth: { audience: 'a' } });
  await clock.advance(11_000);
  expect(await refused).toBe('TOKEN_PROVIDER_FAILED');
  expect(clock.wakeListeners).toBe(1);
  await clock.advance(MINUTE);
  await request({ auth: { audience: 'b' } });
  expect(clock.wakeListeners).toBe(0);
  client.close();
});

test('what waited for its turn behind an answer with a Retry-After is not asked for either (rule T6)', async () => {
  const held = createHeldProvider();
  const { asked, request } = createTokenValet(held.provider);
  const both = [request({ auth: { audience: 'a' } }), request({ auth: { audience: 'b' } })];
  await settle();
  held.calls[0]?.resolve(new Response('', { status: 429, headers: { 'retry-after': '600' } }));

  const refused = 'TOKEN_ENDPOINT_UNAVAILABLE';
  expect(await Promise.all(both)).toEqual([refused, refused]);
  expect(asked).toHaveLength(1);
});

test('session.refresh() asks nothing for a slot that was given up while it waited for another one', async () => {
  const held = createHeldProvider();
  let count = 0;
  const { client, clock, asked, request } = createTokenValet((context) =>
    ++count === 3 ? held.provider(context) : { token: `${nameOf(context)}-${count}`, expiresIn: 10 },
  );
  await request();
  await request({ auth: { audience: 'a' } });
  await clock.advance(9 * 1000);
  const refreshed = client.session.refresh();
  await clock.advance(2 * 1000);
  const other = request({ auth: { audience: 'b' } });
  held.calls[0]?.resolve({ token: 'plain-new', expiresIn: 60 });
  await refreshed;
  await other;

  expect(asked.slice(2).map(({ audience }) => audience)).toEqual([undefined, 'b']);
});

test.each<[string, () => TokenResult]>([
  [
    'a token endpoint',
    () => Response.json({ error: 'invalid_grant', suberror: 'consent_required' }, { status: 400 }),
  ],
  [
    'an SDK',
    () => {
      throw Object.assign(new Error('ask'), { errorCode: 'invalid_grant', subError: 'consent_required' });
    },
  ],
])('an invalid_grant that means a missing consent ends no session, said by %s', async (_, refuse) => {
  const { client, request } = createTokenValet((context) =>
    context.audience === undefined ? namingProvider()(context) : refuse(),
  );
  await request();
  expect(await request({ auth: { audience: 'mail' } })).toBe('TOKEN_ENDPOINT_REJECTED');
  expect(client.session.snapshot.status).toBe('signed-in');
  expect(await request()).toBe(200);
});

test('a token of a further audience that names another user has the session look at once who it is', async () => {
  let sub = 'ada';
  const { client, request } = createTokenValet(({ audience }) => ({
    token: createJwt({ sub, aud: audience, n: Math.random() }),
    expiresIn: 3600,
  }));
  await request();
  sub = 'bob';
  await request({ auth: { audience: 'a' } });
  await settle();
  expect(client.session.snapshot).toMatchObject({ user: { id: 'bob' } });
});

test('a wrongly configured session is not asked again because a further audience’s token came (rule T6)', async () => {
  let changed = (): void => {};
  let isWrong = false;
  const { asked, request } = createTokenValet({
    getToken({ audience = 'plain' }) {
      if (isWrong && audience === 'plain') return Response.json({ error: 'invalid_client' }, { status: 400 });
      return { token: createJwt({ sub: 'ada', aud: audience }), expiresIn: 600 };
    },
    subscribe(listener) {
      changed = listener;
      return () => {};
    },
  });
  await request();
  isWrong = true;
  changed();
  await settle();
  for (const audience of ['a', 'b', 'c']) expect(await request({ auth: { audience } })).toBe(200);

  expect(asked.map(({ audience }) => audience)).toEqual([undefined, undefined, 'a', 'b', 'c']);
});

test('what was refused or asked for in vain is known for as long as it counts, also of audiences in and out of use', async () => {
  const { clock, asked, request } = createTokenValet(namingProvider({ expiresIn: 1, scope: 'read' }), {
    stepUp: ['write'],
    respond: ({ url }) => {
      const challenge = 'Bearer error="insufficient_scope", scope="write"';
      if (url.endsWith('/no')) return new Response('', { status: 401 });
      return new Response('', { status: 403, headers: { 'www-authenticate': challenge } });
    },
    options: { auth: { audience: 'home' } },
  });
  await request();
  for (let round = 0; round < 5; round++) {
    await request({ auth: { audience: 'a' } });
    await clock.advance(2000);
    await request({ auth: { audience: 'b' } });
    await clock.advance(2000);
  }
  const stepUps = asked.filter(({ reason }) => reason === 'scope');
  expect(stepUps.map(({ audience }) => audience)).toEqual(['home', 'a', 'b']);
});

test('an audience that is used now and then causes no more refreshes for refusals than one in use (rule T11)', async () => {
  const { clock, asked, request } = createTokenValet(namingProvider({ expiresIn: 1 }), {
    respond: () => new Response('', { status: 401 }),
  });
  for (let round = 0; round < 6; round++) {
    for (const audience of ['a', 'b', 'c']) {
      await request({ auth: { audience } });
      await clock.advance(2000);
    }
  }
  expect(asked.filter(({ reason, audience }) => reason === 'rejected' && audience === 'b')).toHaveLength(3);
});

test('a provider that has nothing for a further audience signs nobody out', async () => {
  const { client, asked, request } = createTokenValet((context) =>
    context.audience === undefined ? namingProvider()(context) : null,
  );
  await request();
  expect(await request({ auth: { audience: 'mail' } })).toBe('TOKEN_ENDPOINT_REJECTED');
  expect(await request({ auth: { audience: 'mail' } })).toBe('TOKEN_ENDPOINT_REJECTED');
  expect(asked).toHaveLength(2);
  expect(client.session.snapshot.status).toBe('signed-in');
  expect(await request()).toBe(200);
});

test('nothing for a further audience is no sign-out while there is a refresh token (rule T12)', async () => {
  const clock = createManualClock();
  const { client, request } = createTokenValet(
    ({ audience }) =>
      audience === undefined ? { token: 'token-1', expiresIn: 60, refreshToken: 'refresh-token-1' } : null,
    { clock },
  );
  expect(await request()).toBe(200);
  clock.sleep(3_600_000);

  expect(await request({ auth: { audience: 'https://stock.example' } })).toBe('TOKEN_ENDPOINT_REJECTED');
  expect(client.session.snapshot.status).toBe('signed-in');
  expect(await request()).toBe(200);
});

test('an audience per record leaves a thousand slots at most, also where each is refused', async () => {
  const clock = createManualClock();
  const slots = new Slots(clock, () => 0.5);
  for (let count = 0; count < 3000; count++) {
    const slot = slots.get({ scopes: [], audience: `https://api.test/${count}` });
    slot.latched = new SessionError('SIGNED_OUT');
  }
  expect(slots.all.length).toBeLessThanOrEqual(1001);
});
