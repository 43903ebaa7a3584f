/** The snippets of docs/guide/token-providers.md. */
import { accessToken, Client, SessionError, type TokenProvider, type TokenSource } from 'fetch-valet';
import { auth } from './identity-providers.ts';

const options = { baseUrl: 'https://api.shop.example' };

// #region own-backend
const withCookie = new Client(
  ({ signal }) => fetch('https://shop.example/token', { method: 'POST', credentials: 'include', signal }),
  options,
);
// #endregion
await withCookie.get('orders');

// #region refresh-token
const refresh: TokenProvider = ({ refreshToken, signal }) => {
  if (refreshToken === undefined) return null;
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
  return fetch('https://id.shop.example/token', { method: 'POST', body, signal });
};
const shop = new Client(refresh, options);
// #endregion

const loginAnswer = { access_token: 'access-token-revoked', expires_in: 600, refresh_token: 'from-login' };

// #region sign-in
await shop.session.signIn(loginAnswer);
// #endregion
await shop.get('orders');

const keychain = { read: (_name: string): Promise<string> => Promise.resolve('{"refresh_token":"kept"}') };

// #region stored
const kept = JSON.parse(await keychain.read('shop')) as { refresh_token: string };
const resumed = new Client(accessToken(refresh, { initial: kept }), options);
// #endregion
await resumed.get('orders');

const idToken = [{ alg: 'none' }, { sub: 'ada', email: 'ada@shop.example' }, {}]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.');
const tokensFromThePage = { accessToken: 'access-token-of-the-page', expiresIn: 60, idToken };

// #region options
interface ShopUser {
  readonly id: string;
  readonly email: unknown;
}

const strategy = accessToken<ShopUser>(refresh, {
  initial: tokensFromThePage,
  user: (_claims, { sub, email }) => ({ id: sub as string, email }),
  refreshAhead: 30_000,
  deadline: 5_000,
});
const api = new Client(strategy, options);
// #endregion
await api.get('orders');

// #region source
const source: TokenSource = {
  getToken: ({ forceRefresh }) => auth.getToken({ fresh: forceRefresh }),
  subscribe: (changed) => auth.onUserChange(changed),
  signOut: () => auth.signOut(),
};
// #endregion
await new Client(source, options).get('orders');

const device = { readToken: (): Promise<string | undefined> => Promise.resolve(undefined) };

// #region throw
const fromDevice: TokenProvider = async () => {
  const token = await device.readToken();
  if (token === undefined) throw new SessionError('SESSION_ENDED');
  return token;
};
// #endregion
await new Client(fromDevice, options).get('orders').catch((error: unknown) => console.log(String(error)));
