import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const CLIENT = 'program';
// Without an id token: whoever signs in has no other name than that of the session.
const SCOPE = 'offline_access';

/** An authorization server whose access tokens live for two seconds, and an API beside it. */
export async function startIssuer({ lifetime = 2 } = {}) {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const provider = createProvider(origin, lifetime);
  const redeemed = [];
  const refused = [];
  const sent = [];
  const log = { origin, redeemed, refused, sent, revoked: 0, intercept: undefined };
  provider.on('grant.success', ({ oidc, request }) =>
    redeemed.push({ pid: pidOf(request), token: oidc.params.refresh_token, at: Date.now() }),
  );
  provider.on('grant.error', ({ oidc, request }, { error }) =>
    refused.push({ pid: pidOf(request), token: oidc.params?.refresh_token, error }),
  );
  provider.on('grant.revoked', () => log.revoked++);
  const handle = provider.callback();
  server.on('request', async (request, response) => {
    if (request.url === '/api') {
      const [, token = ''] = (request.headers.authorization ?? '').split(' ');
      const begun = Number(request.headers['x-begun']);
      sent.push({ pid: pidOf(request), token, begun });
      const found = await provider.AccessToken.find(token);
      response.writeHead(found ? 200 : 401).end();
    } else if (log.intercept?.(pidOf(request)) === true) request.socket.destroy();
    else await handle(request, response);
  });
  const close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return Object.assign(log, { login: () => login(provider, lifetime), close });
}

function createProvider(origin, lifetime) {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  return new Provider(origin, {
    jwks: { keys: [{ ...key, use: 'sig', alg: 'ES256', kid: 'k1' }] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    cookies: { keys: ['test'] },
    clients: [
      {
        client_id: CLIENT,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: ['http://127.0.0.1/cb'],
        application_type: 'native',
      },
    ],
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    rotateRefreshToken: () => true,
    ttl: { AccessToken: lifetime, RefreshToken: 3600, Grant: 3600, IdToken: 60, Session: 3600 },
    features: { devInteractions: { enabled: false } },
  });
}

/** What a user who signs in at the server's pages would come home with. */
async function login(provider, lifetime) {
  const client = await provider.Client.find(CLIENT);
  const grant = new provider.Grant({ accountId: 'ada', clientId: CLIENT });
  grant.addOIDCScope(SCOPE);
  const grantId = await grant.save();
  const about = { accountId: 'ada', client, grantId, gty: 'authorization_code', scope: SCOPE, claims: {} };
  const authTime = Math.floor(Date.now() / 1000);
  const access = await new provider.AccessToken(about).save();
  const refresh = await new provider.RefreshToken({ ...about, authTime }).save();
  return { access_token: access, refresh_token: refresh, expires_in: lifetime };
}

function pidOf(request) {
  return Number(request.headers['x-pid']);
}
