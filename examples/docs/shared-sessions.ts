/** The snippets of docs/guide/shared-sessions.md. `REDIS_URL` is a real Redis. */
import { accessToken, Client, SessionError, type TokenProvider, ValetError } from 'fetch-valet';
import {
  indexedDb,
  type SessionDocument,
  type SharedStore,
  sharedStore,
  webStorage,
} from 'fetch-valet/stores';
import { redisStore } from 'fetch-valet/stores/redis';
import { Redis } from 'ioredis';
import { createClient } from 'redis';

const baseUrl = 'https://api.shop.example';
const redisUrl = process.env.REDIS_URL ?? '';
const log = (text: string): void => console.log(text.split('.')[0]);
let redeemed = 0;
const refresh: TokenProvider = ({ refreshToken, signal }) => {
  if (refreshToken === undefined) return null;
  redeemed++;
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
  return fetch('https://id.shop.example/token', { method: 'POST', body, signal });
};
const tokensOf = (user: string): object => ({
  access_token: `access-token-of-${user}`,
  expires_in: 600,
  refresh_token: `refresh-token-of-${user}`,
  id_token: [{ alg: 'none' }, { sub: user }, '']
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.'),
});

// #region tabs
const shop = new Client(accessToken(refresh, { store: indexedDb() }), { baseUrl });
// #endregion

// #region warning
shop.on('warning', ({ code, message }) => {
  if (code === 'STORE_UNAVAILABLE' || code === 'STORE_FOREIGN') log(message);
});
// #endregion
await shop.session.signIn(tokensOf('ada'));
await shop.get('orders');

// #region web-storage
const allTabs = webStorage({ key: 'shop-session' });
const thisTab = webStorage({ key: 'shop-session', storage: 'session' });
// #endregion
for (const store of [allTabs, thisTab]) {
  using client = new Client(accessToken(refresh, { store }), { baseUrl });
  await client.session.ready;
}

// #region redis
const redis = await createClient({ url: redisUrl }).connect();

function clientOf(login: string): Client {
  const store = redisStore(redis, { key: login, ttl: 30 * 86_400_000 });
  return new Client(accessToken(refresh, { store }), { baseUrl });
}
// #endregion

// #region ioredis
const ioRedis = new Redis(redisUrl);
const sameSession = redisStore(ioRedis, { key: 'login-7', ttl: 30 * 86_400_000 });
// #endregion

// Three hosts of a fleet, and then the token is revoked.
const hosts = [clientOf('login-7'), clientOf('login-7')];
hosts.push(new Client(accessToken(refresh, { store: sameSession }), { baseUrl }));
await hosts[0]?.session.signIn({ ...tokensOf('bob'), access_token: 'access-token-revoked' });
await Promise.all(hosts.map((host) => host.get('orders')));
console.log(`3 hosts, 1 session: redeemed ${redeemed} time`);

// #region read-only
async function render(login: string): Promise<string> {
  const store = redisStore(redis, { key: login, readOnly: true });
  const readOnly = accessToken(() => null, { store });
  using api = new Client(readOnly, { baseUrl });
  try {
    const { name } = await api.get('me').json<{ name: string }>();
    return `<h1>Hello, ${name}</h1>`;
  } catch (error) {
    // Nobody is signed in, or somebody else has to refresh: the page asks for it from the browser.
    if (error instanceof SessionError) return '<h1>Hello</h1>';
    if (ValetError.is(error) && error.code === 'STORE_UNAVAILABLE') return '<h1>Hello</h1>';
    throw error;
  }
}
// #endregion
console.log(await render('login-7'));
console.log(await render('login-8'));
await hosts[0]?.session.signIn({ ...tokensOf('bob'), expires_in: 1, access_token: 'access-token-short' });
await new Promise((resolve) => setTimeout(resolve, 1000));
console.log(`${await render('login-7')} without redeeming: ${redeemed}`);
await hosts[0]?.signOut();
console.log(await render('login-7'));

for (const host of hosts) host.close();
redis.destroy();
ioRedis.disconnect();

let asked = 0;
const getToken: TokenProvider = async () => {
  asked++;
  return { token: `access-token-for-all-${asked}`, expiresIn: 600 };
};

// #region own-store
/** What the requests of one process share: a document, and no promise. */
function moduleStore(): SharedStore {
  let stored: SessionDocument | undefined;
  return sharedStore({
    read: () => structuredClone(stored),
    swap(expected, next) {
      if (stored?.version !== expected?.version) return false;
      stored = next;
      return true;
    },
    now: () => Date.now(),
  });
}
// #endregion

// #region per-request
const store = moduleStore();

async function handle(request: Request): Promise<Response> {
  using api = new Client(accessToken(getToken, { store, refreshAhead: 0 }), { baseUrl });
  // With `await`: the client is closed when this function is left.
  return await api.fetch('orders', { signal: request.signal });
}
// #endregion
const request = new Request('https://shop.example/');
const responses = await Promise.all([handle(request), handle(request), handle(request)]);
console.log(`${responses.length} requests, each with a client of its own: ${asked} token`);
shop.close();
