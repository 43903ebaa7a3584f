import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import Provider, { errors } from 'oidc-provider';

/** The resources of the tests, and what their access tokens look like. */
const RESOURCES = {
  'https://api.test/': 'jwt',
  'https://stock.test/': 'jwt',
  'https://opaque.test/': 'opaque',
};
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const SCOPES = 'openid offline_access read write';
/** A real authorization server on loopback, with rotating refresh tokens: their second use kills the family. */
export async function startAuthorizationServer(options = {}) {
  const { lifetime = 60, redirectUris = ['http://127.0.0.1/cb'], dpopNonce = true, signerKey } = options;
  const formats = { ...RESOURCES, ...Object.fromEntries((options.resources ?? []).map((id) => [id, 'jwt'])) };
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const signing = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...signing, use: 'sig', alg: 'ES256', kid: 'k1' }] },
    cookies: { keys: ['test'] },
    scopes: SCOPES.split(' '),
    clients: clientsOf(redirectUris, signerKey, options.postLogoutRedirectUris),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    pkce: { required: () => true },
    rotateRefreshToken: () => true,
    issueRefreshToken: (_context, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    ttl: {
      AccessToken: lifetime,
      ClientCredentials: lifetime,
      RefreshToken: 3600,
      AuthorizationCode: 60,
      DeviceCode: 120,
      Grant: 3600,
      IdToken: 60,
      Interaction: 600,
      Session: 3600,
    },
    clientBasedCORS: () => true,
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    async loadExistingGrant(context) {
      const { client, session } = context.oidc;
      const grant = new context.oidc.provider.Grant({
        accountId: session?.accountId ?? '',
        clientId: client?.clientId ?? '',
      });
      grant.addOIDCScope(SCOPES);
      for (const resource of Object.keys(formats)) grant.addResourceScope(resource, 'read write');
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => dpopNonce },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_context, _client, oneOf) => oneOf ?? 'https://api.test/',
        useGrantedResource: () => true,
        getResourceServerInfo(_context, id) {
          const accessTokenFormat = formats[id];
          if (accessTokenFormat === undefined) throw new errors.InvalidTarget();
          const jwt = { sign: { alg: 'ES256' } };
          return {
            scope: 'read write',
            audience: id,
            accessTokenFormat,
            accessTokenTTL: lifetime,
            ...(accessTokenFormat === 'jwt' && { jwt }),
          };
        },
      },
    },
  });
  registerExchange(provider);
  const asked = new Map();
  provider.on('grant.success', (context) => {
    const { grant_type: grant } = context.oidc.params;
    asked.set(grant, (asked.get(grant) ?? 0) + 1);
  });
  const handler = provider.callback();
  const close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const received = [];
  const made = {
    issuer,
    asked,
    received,
    user: 'alice',
    cut: undefined,
    close,
    [Symbol.asyncDispose]: close,
  };
  const interact = (request, response) =>
    options.pages
      ? showPage(provider, request, response)
      : answerAtOnce(provider, made.user, request, response);
  server.on('request', (request, response) => {
    received.push(`${request.method} ${request.url?.split('?')[0]}`);
    const where = made.cut?.(received.length, received.at(-1));
    if (where === 'request') return request.socket.destroy();
    if (where !== undefined) cutAnswer(request, response, where);
    if (!request.url?.startsWith('/interaction/')) return void handler(request, response);
    interact(request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  return made;
}
/** The server has done what it was asked for, and its answer is lost: all of it, or the second half. */
function cutAnswer(request, response, where) {
  const { end } = response;
  response.end = (body = '') => {
    const { socket } = request;
    if (where === 'answer') socket.destroy();
    else {
      response.write(String(body).slice(0, String(body).length / 2), () => socket.destroy());
    }
    response.end = end;
    return response;
  };
}
/** Who is at the server's pages says at once who they are, or no. */
function answerAtOnce(provider, user, request, response) {
  const result =
    user === undefined ? { error: 'access_denied' } : { login: { accountId: user }, consent: {} };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}
/** Pages as users know them: one that asks who they are, and one that asks what an app may do. */
async function showPage(provider, request, response) {
  if (request.method !== 'POST') {
    const { prompt } = await provider.interactionDetails(request, response);
    const what = prompt.name === 'login' ? '<label>User <input name="user" required></label>' : 'May it?';
    const page = `<!doctype html><meta charset="utf-8"><title>${prompt.name}</title><form method="post">${what}
<button name="says" value="yes">Yes</button> <button name="says" value="no" formnovalidate>No</button></form>`;
    response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    return;
  }
  let text = '';
  for await (const chunk of request) text += chunk;
  const form = new URLSearchParams(text);
  const user = form.get('user');
  const said = user === null ? { consent: {} } : { login: { accountId: user } };
  const result = form.get('says') === 'yes' ? said : { error: 'access_denied' };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}
function clientsOf(redirectUris, signerKey, postLogoutRedirectUris = []) {
  const machine = { redirect_uris: [], response_types: [] };
  const user = { token_endpoint_auth_method: 'none', application_type: 'native' };
  const clients = [
    {
      client_id: 'svc',
      client_secret: 'svc-secret-0123',
      grant_types: ['client_credentials', EXCHANGE],
      ...machine,
    },
    {
      client_id: 'svc-post',
      client_secret: 'svc-secret-4567',
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['client_credentials'],
      ...machine,
    },
    {
      client_id: 'spa',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [...redirectUris],
      post_logout_redirect_uris: [...postLogoutRedirectUris],
      ...user,
    },
    { client_id: 'cli', grant_types: [DEVICE, 'refresh_token'], ...machine, ...user },
  ];
  if (signerKey) {
    clients.push({
      client_id: 'signer',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [signerKey] },
      grant_types: ['client_credentials'],
      ...machine,
    });
  }
  return clients;
}
/** Token exchange (RFC 8693) is the application's to write with this server. */
function registerExchange(provider) {
  provider.registerGrantType(
    EXCHANGE,
    async (context) => {
      const {
        subject_token: subject,
        resource = 'https://opaque.test/',
        scope = 'read',
      } = context.oidc.params;
      const found =
        (await provider.AccessToken.find(subject ?? '')) ??
        (await provider.ClientCredentials.find(subject ?? ''));
      if (!found) throw new errors.InvalidGrant('subject_token not found');
      const token = new provider.AccessToken({
        client: context.oidc.client,
        accountId: 'accountId' in found ? found.accountId : undefined,
        grantId: 'grantId' in found ? found.grantId : undefined,
        gty: 'token_exchange',
        scope,
      });
      const format = RESOURCES[resource];
      Object.assign(token, {
        resourceServer: new provider.ResourceServer(resource, {
          scope: 'read write',
          audience: resource,
          accessTokenFormat: format ?? 'opaque',
        }),
      });
      context.oidc.entity('AccessToken', token);
      context.body = {
        access_token: await token.save(),
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: token.tokenType,
        expires_in: token.expiration,
        scope: token.scope,
      };
    },
    [
      'subject_token',
      'subject_token_type',
      'requested_token_type',
      'resource',
      'scope',
      'audience',
      'actor_token',
      'actor_token_type',
    ],
    ['resource', 'audience'],
  );
}
