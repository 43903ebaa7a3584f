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
import { inspect } from 'node:util';
import { HttpError } from 'fetch-valet';
import { createAuthServer, createClock, createTabs, expectNoSecrets } from 'fetch-valet/testing';
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

// #region loading
test('the page waits until it is known who is there', async () => {
  const api = createTestClient({ status: 'loading', responses: { 'GET /orders': orders } });
  const answer = listOrders(api);
  await api.clock.advance(1000);
  assert.equal(api.requests.length, 0);

  await api.signInAs(ada);
  assert.equal(await answer, 'Ada: tea');
});

test('in the end nobody is there', async () => {
  const api = createTestClient({ status: 'loading' });
  const answer = listOrders(api);

  await api.signOut();
  assert.equal(await answer, 'Please log in.');
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

// #region secrets
test('what the app logs holds no token', async () => {
  const log: unknown[] = [];
  const logger = { debug: (line: string) => log.push(line), warn: (line: string) => log.push(line) };
  const responses = { '*': () => new Response(null, { status: 500 }) };
  const api = createTestClient({ user: ada, debug: true, logger, responses });
  api.on('response', (event) => log.push(event));
  api.on('requestfailed', (event) => log.push(event));

  await listOrders(api).catch((error: unknown) => log.push(error));
  assert.equal(api.requests[0]?.status, 500);
  expectNoSecrets(api, log);
});
// #endregion

test('a token that the API itself quotes is found in the data of the error, which does not print it', async () => {
  const quote = ({ headers }: Request): Response =>
    Response.json({ got: headers.get('authorization') }, { status: 400 });
  const api = createTestClient({ user: ada, responses: { '*': quote } });

  const error = await listOrders(api).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof HttpError);
  assert.throws(() => expectNoSecrets(api, error), /\.data\.got/);
  expectNoSecrets(api, [inspect(error), JSON.stringify(error)]);
});

after(() => console.log('The tests of the testing guide have run.'));
