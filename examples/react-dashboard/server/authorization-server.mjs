import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import Provider, { errors } from 'oidc-provider';
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js';
import { loginPage } from './login-page.ts';

/** The library warns of its own, which forgets everything at the end. Here that is as it should be. */
class Memory extends MemoryAdapter {}

/** OpenID Connect on loopback: PKCE, rotating refresh tokens, and a login page without passwords. */
export async function startAuthorizationServer({ people, scopes, audience, lifetime = 60, port = 0 }) {
  const server = createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const client = { client_id: 'dashboard', redirect_uris: [] };
  const generations = new Map();
  const grants = new Map();
  const generationOf = (user) => generations.get(user) ?? 0;
  const expire = (user) => generations.set(user, generationOf(user) + 1);

  const signing = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  let provider;
  const configuration = {
    adapter: Memory,
    jwks: { keys: [{ ...signing, use: 'sig', alg: 'ES256', kid: 'k1' }] },
    cookies: { keys: [randomUUID()] },
    scopes: ['openid', 'profile', 'offline_access', ...scopes],
    claims: { openid: ['sub'], profile: ['name', 'role'] },
    // The name is in the ID token, so that the page need not ask for it.
    conformIdTokenClaims: false,
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    pkce: { required: () => true },
    rotateRefreshToken: () => true,
    clientBasedCORS: (_context, origin) => client.redirect_uris.some((uri) => new URL(uri).origin === origin),
    findAccount(_context, sub) {
      const { name, role } = people.find(({ id }) => id === sub) ?? {};
      return { accountId: sub, claims: () => ({ sub, name, role }) };
    },
    // Whole seconds, as in `iat`, are too coarse to tell old tokens from new ones.
    extraTokenClaims: (_context, token) => ({ generation: generationOf(token.accountId) }),
    ttl: {
      AccessToken: lifetime,
      AuthorizationCode: 60,
      Grant: 86_400,
      IdToken: 300,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    interactions: { url: (_context, { uid }) => `/login/${uid}` },
    async loadExistingGrant({ oidc }) {
      const accountId = oidc.session.accountId;
      const grant = new oidc.provider.Grant({ accountId, clientId: oidc.client.clientId });
      grant.addOIDCScope(['openid', 'profile', 'offline_access', ...scopes].join(' '));
      const own = people.find(({ id }) => id === accountId)?.scopes ?? [];
      grant.addResourceScope(audience, own.join(' '));
      grant.rejectResourceScope(audience, scopes.filter((scope) => !own.includes(scope)).join(' '));
      grants.set(accountId, [...(grants.get(accountId) ?? []), await grant.save()]);
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      // Whoever holds a token may give it back.
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo(_context, id) {
          if (id !== audience) throw new errors.InvalidTarget();
          const jwt = { sign: { alg: 'ES256' } };
          return {
            scope: scopes.join(' '),
            audience,
            accessTokenFormat: 'jwt',
            accessTokenTTL: lifetime,
            jwt,
          };
        },
      },
    },
  };

  const made = {
    issuer,
    refreshes: 0,
    isDown: false,
    redirectTo(...uris) {
      client.redirect_uris = uris;
      provider = new Provider(issuer, { ...configuration, clients: [clientOf(uris)] });
      provider.on('grant.success', ({ oidc }) => {
        if (oidc.params.grant_type === 'refresh_token') made.refreshes += 1;
      });
    },
    expire,
    async revoke(user) {
      expire(user);
      const ids = grants.get(user) ?? [];
      grants.delete(user);
      for (const id of ids) await (await provider.Grant.find(id))?.destroy();
    },
    isOver: (user, generation) => generation !== generationOf(user),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  server.on('request', (request, response) => {
    const { pathname } = new URL(request.url, issuer);
    if (pathname === '/token' && request.method === 'POST' && made.isDown)
      return unavailable(request, response);
    // Nobody has been admitted yet.
    if (provider === undefined) return void response.writeHead(503).end();
    if (!pathname.startsWith('/login/')) return void provider.callback()(request, response);
    login(provider, people, request, response).catch((error) => response.writeHead(400).end(String(error)));
  });
  return made;
}

function clientOf(redirectUris) {
  return {
    client_id: 'dashboard',
    redirect_uris: [...redirectUris],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  };
}

/** Shows who there is, and takes the answer. */
async function login(provider, people, request, response) {
  const { params } = await provider.interactionDetails(request, response);
  if (request.method === 'GET') {
    const html = loginPage(people, params.login_hint);
    return void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...SAFE }).end(html);
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const accountId = new URLSearchParams(Buffer.concat(chunks).toString()).get('user');
  const isKnown = people.some(({ id }) => id === accountId);
  const result = isKnown ? { login: { accountId }, consent: {} } : { error: 'access_denied' };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const SAFE = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
  'x-content-type-options': 'nosniff',
};

function unavailable(request, response) {
  response
    .writeHead(503, {
      'access-control-allow-origin': request.headers.origin ?? '*',
      'access-control-expose-headers': 'retry-after',
      'retry-after': '2',
    })
    .end();
}
