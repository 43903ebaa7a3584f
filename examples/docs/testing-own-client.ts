/** The snippets of docs/guide/testing.md on what an app makes itself: its client, its provider, its strategy. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type AuthStrategy, accessToken, Client } from 'fetch-valet';
import { createClock, createTestFetch, createTestJwt, fakeTokenProvider } from 'fetch-valet/testing';

const ada = { id: 'ada', name: 'Ada' };
const orders = [{ id: 1, item: 'tea' }];

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

after(() => console.log('The tests of a client of one’s own have run.'));
