/** auth0-spa-js itself, in what it takes for a page, with refresh tokens and an issuer on loopback. */
import { Auth0Client } from '@auth0/auth0-spa-js';
import { fromAuth0 } from '../../examples/providers/auth0.ts';
import { type IdentitySdk, identitySdkContract } from '../contracts/identity-sdk.ts';
import { sendJson, startServer } from '../support/server.ts';
import { formOf, Issuer } from './issuer.ts';
import { openPage } from './page.ts';

const redirect_uri = 'https://shop.example/';

async function start(): Promise<IdentitySdk> {
  openPage();
  const issuer = new Issuer();
  const server = await startServer(({ body }, response) => {
    const form = formOf(body);
    const [user = '', nonce] = (form.get('code') ?? form.get('refresh_token') ?? '').split(' ');
    const mood = issuer.decide();
    if (mood === 'has a bad moment') return sendJson(response, { error: 'server_error' }, 503);
    if (mood === 'ended the login') return sendJson(response, { error: 'invalid_grant' }, 403);
    const of = { iss: `${server.origin}/`, aud: 'spa', ...(nonce !== undefined && { nonce }) };
    sendJson(response, {
      access_token: issuer.token(user),
      id_token: issuer.token(user, of),
      refresh_token: user,
      scope: 'openid profile email offline_access',
      expires_in: 3600,
    });
  });
  const auth0 = new Auth0Client({
    domain: server.origin,
    clientId: 'spa',
    useRefreshTokens: true,
    authorizationParams: { audience: 'https://api.shop.example', redirect_uri },
  });
  return {
    source: fromAuth0(auth0),
    issuer,
    close: server.close,
    signOut: () => auth0.logout({ openUrl: false }),
    user: async () => (await auth0.getUser())?.sub,
    async signIn(user) {
      let asked = new URL(redirect_uri);
      await auth0.loginWithRedirect({
        openUrl: (url) => {
          asked = new URL(url);
        },
      });
      const code = `${user} ${asked.searchParams.get('nonce')}`;
      const back = new URLSearchParams({ code, state: asked.searchParams.get('state') ?? '' });
      await auth0.handleRedirectCallback(`${redirect_uri}?${back}`);
    },
  };
}

identitySdkContract('auth0-spa-js', start, { tells: false, switches: true, whenGone: 'SESSION_ENDED' });
