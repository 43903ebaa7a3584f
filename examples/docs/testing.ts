/** The snippets of docs/guide/testing.md. */
import assert from 'node:assert/strict';
import { type AuthStrategy, Client, type Clock } from 'fetch-valet';

// #region fetch
const sent: Request[] = [];
const api = new Client('a-key-for-tests', {
  baseUrl: 'https://api.shop.example',
  runtime: {
    fetch: async (input, init) => {
      sent.push(new Request(input, init));
      return Response.json({ name: 'Ada' });
    },
  },
});

assert.deepEqual(await api.get('me').json(), { name: 'Ada' });
assert.equal(sent[0]?.headers.get('x-api-key'), 'a-key-for-tests');
// #endregion

// #region clock
let now = Date.UTC(2030, 0, 1);
const clock: Clock = {
  now: () => now,
  monotonic: () => now,
  setTimeout: () => () => {},
};
// #endregion

// #region expiry
let asked = 0;
const user = new Client(() => ({ token: `token-${++asked}`, expiresIn: 60 }), {
  baseUrl: 'https://api.shop.example',
  runtime: { clock, fetch: async () => Response.json({}) },
});

await user.get('orders');
now += 30_000;
await user.get('orders');
assert.equal(asked, 1);

now += 31_000;
await user.get('orders');
assert.equal(asked, 2);
// #endregion

// #region retry
let tries = 0;
const failing = new Client('a-key-for-tests', {
  baseUrl: 'https://api.shop.example',
  retry: 0,
  runtime: {
    fetch: async () => {
      tries += 1;
      return new Response(null, { status: 503 });
    },
  },
});

await assert.rejects(failing.get('orders'), { code: 'HTTP_ERROR', status: 503 });
assert.equal(tries, 1);
// #endregion

const tenantKey: AuthStrategy<string> = {
  name: 'tenant',
  placement: 'header',
  credential: () => 'tenant-7',
  apply: ({ headers }, tenant) => headers.set('x-tenant', tenant),
};

// #region strategy
const query = { scopes: [], resource: 'https://api.shop.example/orders' };
const outgoing = { url: new URL(query.resource), method: 'GET', headers: new Headers() };

const credential = await tenantKey.credential(query);
await tenantKey.apply(outgoing, credential);
assert.equal(outgoing.headers.get('x-tenant'), 'tenant-7');

const rejected = await tenantKey.credential({ ...query, rejected: credential });
assert.equal(rejected, credential);
// #endregion
console.log('The assertions of the testing guide hold.');
