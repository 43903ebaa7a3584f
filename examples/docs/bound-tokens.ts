/** The snippets of docs/guide/bound-tokens.md. `ISSUER` is a real authorization server that binds tokens to keys. */
import { accessToken, Client } from 'fetch-valet';
import { authorizationCode, clientCredentials } from 'fetch-valet/oauth';
import { indexedDb, memoryStore } from 'fetch-valet/stores';

const issuer = process.env.ISSUER ?? '';
const baseUrl = 'https://api.shop.example';
const audience = 'https://api.test/';
const clientSecret = process.env.CLIENT_SECRET;

// #region browser
const login = authorizationCode({
  issuer,
  clientId: 'spa',
  redirectUri: 'https://shop.example/signed-in',
  scopes: ['openid', 'offline_access', 'read'],
  dpop: true,
});
const shop = new Client(accessToken(login, { store: indexedDb() }), { baseUrl });
// #endregion
console.log(`a page: ${shop.session.snapshot.status}`);
shop.close();

const store = memoryStore();
const keys = {
  load: () => crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']),
};

// #region fleet
const dpop = { keyPair: () => keys.load() };
const source = clientCredentials({ issuer, clientId: 'svc', clientSecret, audience, dpop });
using api = new Client(accessToken(source, { store }), { baseUrl });
await api.get('orders');
// #endregion
