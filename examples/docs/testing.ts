/** The snippets of docs/guide/testing.md. */
import assert from 'node:assert/strict';
import { Client, type Clock } from 'fetch-valet';

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
console.log('The assertions of the testing guide hold.');
