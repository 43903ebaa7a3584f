/** A snippet of docs/guide/oauth.md: a login with the browser of the same machine. */
import { accessToken, Client } from 'fetch-valet';
import { authorizationCode } from 'fetch-valet/oauth/node';
import { memoryStore } from 'fetch-valet/stores';
import { createUserAgent } from '../../test/support/user-agent.ts';

const issuer = process.env.ISSUER ?? '';
const store = memoryStore();

/** The user follows a link. */
const browser = {
  open: (url: string): void => void createUserAgent().go(url),
};

// #region loopback
const login = authorizationCode({
  issuer,
  clientId: 'spa',
  path: '/callback',
  scopes: ['openid', 'offline_access', 'read'],
  open: (url) => browser.open(url),
});
const api = new Client(accessToken(login, { store }), { baseUrl: 'https://api.shop.example' });
await login.signIn();
// #endregion
const { status } = await api.get('orders');
const { snapshot } = api.session;
console.log(`${status} for ${snapshot.status === 'signed-in' ? snapshot.user.id : 'nobody'}`);
api.close();
