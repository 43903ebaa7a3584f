/**
 * The snippets of docs/guide/oauth.md. `ISSUER` is a real authorization server, with the clients and the resources
 * of the tests.
 */
import { accessToken, Client, SessionError } from 'fetch-valet';
import {
  authorizationCode,
  clientCredentials,
  jwtBearer,
  refreshToken,
  tokenExchange,
} from 'fetch-valet/oauth';
import { indexedDb } from 'fetch-valet/stores';
import { openPage, userComesBack } from './stand-in-page.ts';

const issuer = process.env.ISSUER ?? '';
const baseUrl = 'https://api.shop.example';
const ordersApi = 'https://api.test/';
const stockApi = 'https://stock.test/';

// #region client-credentials
const reports = new Client(
  clientCredentials({
    issuer,
    clientId: 'svc',
    clientSecret: process.env.CLIENT_SECRET,
    scopes: ['read'],
    audience: ordersApi,
  }),
  { baseUrl },
);
const { orders } = await reports.get('orders').json<{ orders: unknown[] }>();
// #endregion
console.log(`${orders.length} order for the service`);

const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
  'sign',
  'verify',
]);

// #region private-key
const billing = clientCredentials({
  endpoints: { token: 'https://id.shop.example/token' },
  clientId: 'billing',
  clientAuthentication: { privateKey, keyId: 'billing-1' },
});
// #endregion
await new Client(billing, { baseUrl }).get('orders');

// #region audiences
const stock = reports.extend({ baseUrl: 'https://stock.shop.example', auth: { audience: stockApi } });
await stock.get('shelves');
// #endregion

const keychain = { read: (_name: string): Promise<string> => Promise.resolve('refresh-token-kept') };

// #region refresh-token
const kept = await keychain.read('shop');
const source = refreshToken({ endpoints: { token: 'https://id.shop.example/token' }, clientId: 'shop-tool' });
const resumed = new Client(accessToken(source, { initial: { refresh_token: kept } }), { baseUrl });
// #endregion
await resumed.get('orders');

// Nobody was known yet, so nothing is held for the return of a user.
const stale = refreshToken({ endpoints: { token: 'https://id.shop.example/token' }, clientId: 'shop-tool' });
const tooLate = new Client(accessToken(stale, { initial: { refresh_token: 'refresh-token-ended' } }), {
  baseUrl,
  whenSessionEnds: 'hold',
});
let ends = 0;
tooLate.on('sessionend', () => ends++);
await tooLate.get('orders').catch((error: unknown) => {
  if (!(error instanceof SessionError)) throw error;
  const isQuoted = String(error.cause).includes('invalid_grant');
  const { status } = tooLate.session.snapshot;
  console.log(`${error.code}, ${status}, ${ends} sessions ended, its cause says why: ${isQuoted}`);
});

const { location, history } = openPage('https://shop.example/orders?page=2');

// #region pkce
const login = authorizationCode({
  issuer,
  clientId: 'spa',
  redirectUri: 'https://shop.example/signed-in',
  scopes: ['openid', 'offline_access', 'read'],
  audience: ordersApi,
  furtherAudiences: [stockApi],
  postLogoutRedirectUri: 'https://shop.example/signed-out',
});
const shop = new Client(accessToken(login, { store: indexedDb() }), { baseUrl });
// #endregion

// #region pkce-begin
async function logIn(): Promise<void> {
  await login.signIn({ returnTo: '/orders', parameters: { prompt: 'consent' } });
}
// #endregion
await logIn();
await userComesBack();
console.log(`back at ${location.pathname}, with a code: ${location.search.includes('code=')}`);

// #region pkce-finish
const done = await login.handleRedirect();
if (done) history.replaceState(null, '', done.returnTo);
const now = await shop.session.ready;
// #endregion
console.log(`${location.href} for ${now.status === 'signed-in' ? now.user.id : 'nobody'}`);
await shop.get('orders');
await shop.extend({ baseUrl: 'https://stock.shop.example', auth: { audience: stockApi } }).get('shelves');

// #region sign-out
await shop.signOut();
// #endregion
console.log(`then ${shop.session.snapshot.status}, at ${location.pathname}`);

const caller = { token: await tokenOfCaller() };

// #region exchange
const forStock = tokenExchange({
  issuer,
  clientId: 'svc',
  clientSecret: process.env.CLIENT_SECRET,
  subjectToken: caller.token,
  audience: stockApi,
});
using behind = new Client(forStock, { baseUrl: 'https://stock.shop.example' });
await behind.get('shelves');
// #endregion

const robot = {
  sign: (claims: object): Promise<string> => Promise.resolve(`signed.${Object.keys(claims).join()}`),
};

// #region jwt-bearer
const robots = jwtBearer({
  endpoints: { token: 'https://id.shop.example/token' },
  clientId: 'robot',
  assertion: ({ scopes }) => robot.sign({ iss: 'robot', aud: 'https://id.shop.example', scopes }),
});
// #endregion
await new Client(robots, { baseUrl }).get('orders');

/** What a request to this service came with. */
async function tokenOfCaller(): Promise<string> {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`svc:${process.env.CLIENT_SECRET}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: 'https://opaque.test/' }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return token;
}
