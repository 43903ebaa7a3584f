/** keycloak-js itself, in what it takes for a page, with an issuer on loopback. */
import Keycloak from 'keycloak-js';
import { fromKeycloak } from '../../examples/providers/keycloak.ts';
import { type IdentitySdk, identitySdkContract } from '../contracts/identity-sdk.ts';
import { sendJson, startServer } from '../support/server.ts';
import { formOf, Issuer, subjectOf } from './issuer.ts';
import { openPage } from './page.ts';

async function start(): Promise<IdentitySdk> {
  const page = openPage();
  const issuer = new Issuer();
  const tokensOf = (user: string) => ({
    access_token: issuer.token(user),
    refresh_token: issuer.token(user),
    id_token: issuer.token(user),
  });
  const server = await startServer(({ body }, response) => {
    const mood = issuer.decide();
    if (mood === 'has a bad moment') return sendJson(response, {}, 503);
    if (mood === 'ended the login') return sendJson(response, { error: 'invalid_grant' }, 400);
    sendJson(response, tokensOf(subjectOf(formOf(body).get('refresh_token') ?? '')));
  });
  const keycloak = new Keycloak({ url: server.origin, realm: 'shop', clientId: 'spa' });
  return {
    source: fromKeycloak(keycloak),
    issuer,
    close: server.close,
    async signOut() {
      // As it does when its frame says that the session at the server is another one.
      keycloak.clearToken();
    },
    async user() {
      // A sign-out is a visit to the server.
      const isLeaving = page.left.some((url) => url.includes('/openid-connect/logout'));
      return keycloak.authenticated && !isLeaving ? keycloak.subject : undefined;
    },
    async signIn(user) {
      const { access_token: token, refresh_token: refreshToken } = tokensOf(user);
      await keycloak.init({ token, refreshToken, checkLoginIframe: false, timeSkew: 0 });
    },
  };
}

identitySdkContract('keycloak-js', start, { tells: true, switches: false, whenGone: 'SIGNED_OUT' });
