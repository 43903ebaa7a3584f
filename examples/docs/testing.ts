/** The snippets of docs/guide/testing.md, with the test runner of Node. */

// #region node-test
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestClient } from 'fetch-valet/testing';
import { listOrders } from './testing-app.ts';

test('the orders of the user are listed', async () => {
  const api = createTestClient({
    user: { id: 'ada', name: 'Ada' },
    responses: { 'GET /orders': [{ id: 1, item: 'tea' }] },
  });

  assert.equal(await listOrders(api), 'Ada: tea');
  assert.equal(api.requests[0]?.url, 'https://api.test/orders');
});

// #endregion

import { after } from 'node:test';
import { type AuthStrategy, accessToken, Client } from 'fetch-valet';
import {
  createAuthServer,
  createClock,
  createTabs,
  createTestFetch,
  createTestJwt,
  expectNoSecrets,
  fakeTokenProvider,
} from 'fetch-valet/testing';
import { placeOrder } from './testing-app.ts';

const ada = { id: 'ada', name: 'Ada' };
const orders = [{ id: 1, item: 'tea' }];

// #region expiry
test('a token that has expired is replaced once, however many requests need one', async () => {
  const api = createTestClient({ user: ada, responses: { 'GET /orders': orders } });
  api.expireToken();

  await Promise.all([listOrders(api), listOrders(api), listOrders(api)]);
  assert.equal(api.refreshes, 1);
});
// #endregion

// #region unauthorized
test('an order is placed although the token was revoked', async () => {
  const api = createTestClient({ user: ada, responses: { 'POST /orders': { id: 2 } } });
  api.revokeToken();

  assert.equal(await placeOrder(api, 'coffee'), 2);
  assert.deepEqual(
    api.requests.map(({ status }) => status),
    [401, 200],
  );
  assert.deepEqual(await api.requests[1]?.request.json(), { item: 'coffee' });
});
// #endregion

// #region refused
test('a server that refuses every token is told to the user', async () => {
  const api = createTestClient({
    user: ada,
    responses: { 'GET /orders': () => new Response(null, { status: 401 }) },
  });

  assert.equal(await listOrders(api), 'Please ask for access.');
  assert.equal(api.requests.length, 2);
});
// #endregion

// #region ended
test('a session that has ended asks for a login, and goes on after it', async () => {
  const api = createTestClient({ user: ada, responses: { 'GET /orders': orders } });

  await api.endSession();
  assert.equal(await listOrders(api), 'Please log in again, Ada.');
  assert.equal(api.requests.length, 0);

  await api.signInAs(ada);
  assert.equal(await listOrders(api), 'Ada: tea');
});
// #endregion

// #region sign-out
test('after a sign-out nothing is sent', async () => {
  const api = createTestClient({ user: ada });

  await api.signOut();
  assert.equal(await listOrders(api), 'Please log in.');
  assert.equal(api.requests.length, 0);
});

test('nobody is signed in', async () => {
  const api = createTestClient({ user: null });
  assert.equal(await listOrders(api), 'Please log in.');
});
// #endregion

// #region outage
test('a server that is busy is asked again when it says so', async () => {
  let busy = true;
  const api = createTestClient({
    user: ada,
    responses: () => (busy ? new Response(null, { status: 503 }) : orders),
    logger: { debug() {}, warn() {} },
  });
  const answer = api.get('orders', { retry: { limit: 1, delay: () => 60_000 } }).json();

  await api.clock.advance(59_000);
  assert.equal(api.requests.length, 1);

  busy = false;
  await api.clock.advance(1000);
  assert.deepEqual(await answer, orders);
});
// #endregion

// #region tabs
test('two tabs are one session', async () => {
  const clock = createClock();
  const server = createAuthServer({ clock });
  const responses = { 'GET /orders': orders };
  const {
    tabs: [first, second],
  } = createTabs(
    2,
    ({ store, index }) => createTestClient({ user: index === 0 ? ada : null, server, store, responses }),
    { clock },
  );
  await first.session.ready;
  await second.session.ready;

  first.expireToken();
  const answers = Promise.all([first.get('orders'), second.get('orders')]);
  await clock.advance(1000);
  await answers;
  assert.equal(server.refreshes, 1);

  await first.signOut();
  await clock.advance(1000);
  assert.equal(second.session.snapshot.status, 'signed-out');
});
// #endregion

// #region own
test('the client of the app refreshes a minute before the end', async () => {
  const clock = createClock();
  const provider = fakeTokenProvider({ user: ada, ttl: 600_000, clock });
  const fetch = createTestFetch({ '*': orders });
  const api = new Client(accessToken(provider), {
    baseUrl: 'https://api.shop.example',
    runtime: { fetch, clock, random: () => 0 },
  });

  await api.get('orders');
  await clock.advance(541_000);
  await api.get('orders');
  await clock.advance(0);
  assert.deepEqual(
    provider.calls.map(({ reason }) => reason),
    ['initial', 'expiring'],
  );
});
// #endregion

// #region provider
test('a provider that has no network for a moment ends nothing', async () => {
  const clock = createClock();
  const provider = fakeTokenProvider({ user: ada, fail: 'once', clock });
  const api = new Client(provider, {
    baseUrl: 'https://api.shop.example',
    runtime: { fetch: createTestFetch({ '*': orders }), clock },
  });

  const answer = api.get('orders').json();
  await clock.advance(2000);
  assert.deepEqual(await answer, orders);
  assert.equal(provider.calls.length, 2);
});
// #endregion

// #region jwt
test('a token of an issuer whose clock is an hour ahead is used', async () => {
  const clock = createClock();
  const ahead = createClock(clock.now() + 3_600_000);
  const token = createTestJwt({ sub: 'ada' }, { expiresIn: 300, clock: ahead });
  const fetch = createTestFetch({ '*': orders });
  const api = new Client(() => token, {
    baseUrl: 'https://api.shop.example',
    runtime: { fetch, clock },
  });

  await api.get('orders');
  assert.equal(fetch.requests[0]?.authorization, `Bearer ${token}`);
});
// #endregion

// #region secrets
test('what the app logs holds no token', async () => {
  const log: unknown[] = [];
  const logger = { debug: (line: string) => log.push(line), warn: (line: string) => log.push(line) };
  const api = createTestClient({ user: ada, debug: true, logger, responses: { '*': { status: 500 } } });
  api.on('response', (event) => log.push(event));
  api.on('requestfailed', (event) => log.push(event));

  await listOrders(api).catch((error: unknown) => log.push(error));
  expectNoSecrets(api, log);
});
// #endregion

const tenantKey: AuthStrategy<string> = {
  name: 'tenant',
  placement: 'header',
  credential: () => 'tenant-7',
  apply: ({ headers }, tenant) => headers.set('x-tenant', tenant),
};

test('a strategy of one’s own', async () => {
  // #region strategy
  const query = { scopes: [], resource: 'https://api.shop.example/orders' };
  const outgoing = { url: new URL(query.resource), method: 'GET', headers: new Headers() };

  const credential = await tenantKey.credential(query);
  await tenantKey.apply(outgoing, credential);
  assert.equal(outgoing.headers.get('x-tenant'), 'tenant-7');

  const rejected = await tenantKey.credential({ ...query, rejected: credential });
  assert.equal(rejected, credential);
  // #endregion
});

// #region key
test('a script asks for the weather', async () => {
  const fetch = createTestFetch({ 'GET /v1/current': { temperature: 7 } });
  const weather = new Client('a-key-for-tests', {
    baseUrl: 'https://api.weather.example/v1',
    runtime: { fetch },
  });

  assert.deepEqual(await weather.get('current').json(), { temperature: 7 });
  assert.equal(fetch.requests[0]?.headers.get('x-api-key'), 'a-key-for-tests');
});
// #endregion

after(() => console.log('The tests of the testing guide have run.'));
