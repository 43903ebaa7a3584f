import { expect, test } from 'vitest';
import { ValetError } from '../../src/errors.ts';
import { Client } from '../../src/index.ts';
import { createAuthServer, createClock, createTestClient, memoryStore } from '../../src/testing.ts';
import { valetErrorOf } from '../support/thrown.ts';

const ada = { id: 'ada', name: 'Ada' };

test('a test client is a client: its user is signed in from the start, as the object that was given', () => {
  const client = createTestClient({ user: ada });
  expect(client).toBeInstanceOf(Client);
  expect(client.session.snapshot).toEqual({ status: 'signed-in', user: ada });
  expect((client.session.snapshot as { user: unknown }).user).toBe(ada);
});

test('without options the user is test-user at api.test, and no network is asked', async () => {
  const client = createTestClient({ responses: { 'GET /me': { name: 'T' } } });
  expect(client.session.snapshot).toMatchObject({ user: { id: 'test-user' } });
  expect(await client.get('me').json()).toEqual({ name: 'T' });
  const [{ method, url, status, authorization }] = client.requests as [(typeof client.requests)[0]];
  expect([method, url, status]).toEqual(['GET', 'https://api.test/me', 200]);
  expect(authorization).toBe(`Bearer ${client.secrets[0]}`);
});

test('an expired token is replaced before the next request, once', async () => {
  const client = createTestClient({ responses: { '*': {} } });
  await client.get('orders');
  client.expireToken();
  await Promise.all([client.get('orders'), client.get('orders'), client.get('orders')]);
  expect(client.refreshes).toBe(1);
  expect(client.requests.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(new Set(client.requests.map(({ authorization }) => authorization)).size).toBe(2);
});

test('a token that the API refuses is replaced, and the request is sent again', async () => {
  const client = createTestClient({ responses: { '*': {} } });
  client.revokeToken();
  await client.get('orders');
  expect(client.refreshes).toBe(1);
  expect(client.requests.map(({ status }) => status)).toEqual([401, 200]);
});

test('a session that the issuer ends is ended, with its user, and fails requests until the user is back', async () => {
  const client = createTestClient({ user: ada, responses: { '*': {} } });
  await client.endSession();
  expect(client.session.snapshot).toMatchObject({ status: 'ended', user: ada });
  expect((await valetErrorOf(() => client.get('orders'))).code).toBe('SESSION_ENDED');
  expect(client.requests).toEqual([]);
  await client.signInAs(ada);
  expect((await client.get('orders')).status).toBe(200);
});

test('another user signs in, and requests carry their token', async () => {
  const client = createTestClient<{ id: string; name?: string }>({ user: ada, responses: { '*': {} } });
  const changes: unknown[] = [];
  client.on('userchange', (change) => changes.push(change));
  await client.signInAs({ id: 'bob' });
  expect(client.session.snapshot).toEqual({ status: 'signed-in', user: { id: 'bob' } });
  expect(changes).toEqual([{ user: { id: 'bob' }, previous: ada }]);
  client.expireToken();
  await client.get('me');
  const [token = ''] = client.requests[0]?.authorization?.split(' ').slice(1) ?? [];
  expect(client.server.check(token)).toMatchObject({ user: { id: 'bob' } });
});

test.each([
  [{ user: null }, { status: 'signed-out' }],
  [{ status: 'signed-out' as const }, { status: 'signed-out' }],
  [{ status: 'loading' as const }, { status: 'loading' }],
  [
    { status: 'ended' as const, user: ada },
    { status: 'ended', user: ada, error: expect.any(ValetError) },
  ],
])('with %j the session is so from the start, for good', async (options, expected) => {
  const client = createTestClient<{ id: string }>({ ...options, responses: { '*': {} } });
  const first = client.session.snapshot;
  expect(first).toEqual(expected);
  await client.clock.advance(1000);
  expect(client.session.snapshot).toBe(first);
});

test.each([
  [{ user: null }, 'SIGNED_OUT'],
  [{ status: 'ended' as const }, 'SESSION_ENDED'],
])('with %j a request that comes first is refused', async (options, code) => {
  const client = createTestClient({ ...options, responses: { '*': {} } });
  expect((await valetErrorOf(() => client.get('orders'))).code).toBe(code);
  expect(client.requests).toEqual([]);
});

test.each([{ user: null }, { status: 'loading' as const }, { status: 'ended' as const }])(
  'with %j a user can sign in, at once or later',
  async (options) => {
    for (const wait of [0, 1000]) {
      const client = createTestClient<{ id: string }>({ ...options, responses: { '*': {} } });
      const { ready } = client.session;
      if (wait > 0) await client.clock.advance(wait);
      await client.signInAs(ada);
      await client.clock.advance(1000);
      expect(client.session.snapshot).toEqual({ status: 'signed-in', user: ada });
      expect((await client.get('orders')).status).toBe(200);
      await client.signOut();
      expect(client.session.snapshot).toEqual({ status: 'signed-out' });
      expect(await ready).toBeDefined();
    }
  },
);

test('a session that loads holds its requests until the user has signed in', async () => {
  const client = createTestClient({ status: 'loading', responses: { '*': {} } });
  const answer = client.fetch('/orders');
  await client.clock.advance(1000);
  expect(client.requests).toEqual([]);
  await client.signInAs({ id: 'ada' });
  expect((await answer).status).toBe(200);
});

test('scopes are granted, also by a refresh', async () => {
  const client = createTestClient({ scopes: ['orders:read', 'orders:write'] });
  expect(client.session.hasScope('orders:write')).toBe(true);
  expect(client.session.hasScope('orders:delete')).toBe(false);
  await client.session.refresh();
  expect(client.session.hasScope('orders:write')).toBe(true);
});

test('what the API has no answer for says how to give one, at once', async () => {
  const client = createTestClient({ responses: { 'GET /me': {} } });
  const error = await valetErrorOf(() => client.get('orders?page=2'));
  expect(error.code).toBe('INVALID_OPTION');
  expect(error.message).toContain("responses: { 'GET /orders': … }");
  expect(client.requests).toHaveLength(1);
});

test('a failure is tried again at once, whatever the server asks for', async () => {
  const answers = [503, 429, 200];
  const client = createTestClient({
    retry: { limit: 5, statusCodes: [429, 503] },
    responses: () => new Response(null, { status: answers.shift() ?? 0, headers: { 'retry-after': '50' } }),
  });
  expect((await client.get('orders')).status).toBe(200);
});

test('options of a client are its own, and a misspelt one is refused', async () => {
  const client = createTestClient({
    baseUrl: 'https://api.shop.example/v1',
    headers: { 'x-a': '1' },
    responses: { '*': {} },
  });
  await client.get('me');
  expect(client.requests[0]?.url).toBe('https://api.shop.example/v1/me');
  expect(client.requests[0]?.headers.get('x-a')).toBe('1');
  const error = await valetErrorOf(() => createTestClient({ usr: null } as object));
  expect(error.message).toContain('usr');
});

test('a child of a test client is recorded with it', async () => {
  const client = createTestClient({ responses: { '*': {} } });
  await client.extend({ baseUrl: 'https://stock.test' }).get('shelves');
  expect(client.requests.map(({ url }) => url)).toEqual(['https://stock.test/shelves']);
});

test('a server that another clock rules is refused', async () => {
  const error = await valetErrorOf(() => createTestClient({ server: createAuthServer() }));
  expect(error.message).toContain('createAuthServer({ clock })');
  const clock = createClock();
  const other = createAuthServer({ clock: createClock() });
  expect((await valetErrorOf(() => createTestClient({ clock, server: other }))).code).toBe('INVALID_OPTION');
  expect(createTestClient({ server: createAuthServer({ clock }) }).clock).toBe(clock);
});

test('a session that has ended was somebody’s', async () => {
  const error = await valetErrorOf(() => createTestClient({ user: null, status: 'ended' }));
  expect(error.message).toContain('user');
});

test('two clients on one store are one session', async () => {
  const clock = createClock();
  const server = createAuthServer({ clock });
  const store = memoryStore({ clock });
  const open = () => createTestClient({ clock, server, store, user: ada, responses: { '*': {} } });
  const [one, other] = [open(), open()];
  await one.get('a');
  await other.get('b');
  expect(one.requests[0]?.authorization).toBe(other.requests[0]?.authorization);
});

test('a misspelt option of a test client is told those of a test client', async () => {
  const error = await valetErrorOf(() => createTestClient({ response: {} } as object));
  expect(error).toMatchObject({ code: 'INVALID_OPTION' });
  for (const name of ['"response"', 'responses', 'status', 'baseUrl']) expect(error.message).toContain(name);
  expect(error.message).not.toContain('runtime');
});

test('a status that no session has is refused', async () => {
  const options = { status: 'signedin' } as unknown as Parameters<typeof createTestClient>[0];
  const error = await valetErrorOf(() => createTestClient(options));
  expect(error).toMatchObject({ code: 'INVALID_OPTION' });
  expect(error.message).toContain('signed-in');
});

test.each([{ name: 'Ada' }, 'ada', { id: 42 }, { id: '' }])('%j is no user: it has no id', async (one) => {
  const user = one as unknown as typeof ada;
  const client = createTestClient({ user: ada });
  for (const make of [() => createTestClient({ user }), () => client.signInAs(user)]) {
    const error = await valetErrorOf(make);
    expect(error).toMatchObject({ code: 'INVALID_OPTION' });
    expect(error.message).toContain("such as { id: 'ada' }");
  }
  expect(client.session.snapshot).toMatchObject({ user: ada });
});

test('what asks for a wait of an hour is not tried again, as by any client', async () => {
  const client = createTestClient({
    responses: { '*': () => new Response(null, { status: 429, headers: { 'retry-after': '3600' } }) },
  });
  expect(await valetErrorOf(() => client.get('orders'))).toMatchObject({
    status: 429,
    retryAfter: 3_600_000,
  });
  expect(client.requests).toHaveLength(1);
});
