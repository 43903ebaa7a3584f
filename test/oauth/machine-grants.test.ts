import { decodeJwt, exportJWK, generateKeyPair } from 'jose';
import { expect, test } from 'vitest';
import { accessToken, Client, type TokenProvider } from '../../src/index.ts';
import {
  authorizationCode,
  clientCredentials,
  deviceCode,
  discovered,
  jwtBearer,
  refreshToken,
  tokenExchange,
} from '../../src/oauth.ts';
import { startAuthorizationServer } from '../support/authorization-server.mjs';
import { createManualClock } from '../support/clock.ts';
import { startServer } from '../support/server.ts';
import { expectNoSecret, valetErrorOf } from '../support/thrown.ts';

const RESOURCE = 'https://api.test/';
/** As the server knows this program. */
const SERVICE = { clientId: 'svc', clientSecret: 'svc-secret-0123' };

function bearerOf(headers: { readonly authorization?: string | undefined }): string {
  return headers.authorization?.slice('Bearer '.length) ?? '';
}

test('client credentials are a whole program: discovery, token, request', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer((_, response) => void response.end('orders'));
  const source = clientCredentials({
    issuer: server.issuer,
    ...SERVICE,
    scopes: ['read'],
    audience: RESOURCE,
  });
  using client = new Client(source, { baseUrl: api.origin });
  expect(await client.get('orders').text()).toBe('orders');
  expect(await client.get('orders').text()).toBe('orders');

  const claims = decodeJwt(bearerOf(api.received[0]?.headers ?? {}));
  expect(claims).toMatchObject({ aud: RESOURCE, scope: 'read', client_id: 'svc', iss: server.issuer });
  expect(server.asked.get('client_credentials')).toBe(1);
});

test('a token is renewed before it ends, and after a 401', async () => {
  await using server = await startAuthorizationServer();
  const revoked = new Set<string>();
  await using api = await startServer(({ headers }, response) => {
    response.writeHead(revoked.has(bearerOf(headers)) ? 401 : 200).end();
  });
  const clock = createManualClock(Date.now());
  const source = clientCredentials({ issuer: server.issuer, ...SERVICE });
  using client = new Client(source, { baseUrl: api.origin, runtime: { clock } });
  await client.get('').text();
  revoked.add(bearerOf(api.received[0]?.headers ?? {}));
  await client.get('').text();
  clock.sleep(61_000);
  await client.get('').text();
  expect(server.asked.get('client_credentials')).toBe(3);
});

test('audiences and scopes of a request are asked for, each for a token of its own (RFC 8707)', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer();
  const source = clientCredentials({
    issuer: server.issuer,
    ...SERVICE,
    scopes: ['read', 'write'],
  });
  using client = new Client(source, { baseUrl: api.origin });
  await client.fetch('/', { auth: { audience: 'https://stock.test/' } });
  await client.fetch('/', { auth: { audience: RESOURCE, scopes: ['read'] } });
  const claims = api.received.map(({ headers }) => decodeJwt(bearerOf(headers)));
  expect(claims).toMatchObject([
    { aud: 'https://stock.test/', scope: 'read write' },
    { aud: RESOURCE, scope: 'read' },
  ]);
});

test('a client proves itself with a secret in the body, or with a private key', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const signerKey = { ...(await exportJWK(publicKey)), kid: 'signer-1', alg: 'ES256', use: 'sig' };
  await using server = await startAuthorizationServer({ signerKey });
  await using api = await startServer();
  const sources = [
    clientCredentials({
      issuer: server.issuer,
      clientId: 'svc-post',
      clientSecret: 'svc-secret-4567',
      clientAuthentication: 'client_secret_post',
    }),
    clientCredentials({
      issuer: server.issuer,
      clientId: 'signer',
      clientAuthentication: { privateKey, keyId: 'signer-1' },
    }),
  ];
  for (const source of sources) {
    using client = new Client(source, { baseUrl: api.origin });
    expect((await client.fetch('/')).status).toBe(204);
  }
  expect(server.asked.get('client_credentials')).toBe(2);
});

test('a wrong secret is a wrong configuration: told at once, asked once, and in no text', async () => {
  await using server = await startAuthorizationServer();
  const clientSecret = 'not-the-secret-0123';
  using client = new Client(clientCredentials({ issuer: server.issuer, clientId: 'svc', clientSecret }), {
    baseUrl: 'https://api.test',
  });
  for (let i = 0; i < 2; i++) {
    const error = await valetErrorOf(() => client.get('orders'));
    expect(error).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED', oauthError: 'invalid_client' });
    expectNoSecret(error, clientSecret);
  }
});

test('an audience that the server does not know is refused for itself', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer();
  const source = clientCredentials({ issuer: server.issuer, ...SERVICE });
  using client = new Client(source, { baseUrl: api.origin });
  const wrong = await valetErrorOf(() => client.fetch('/', { auth: { audience: 'https://nobody.test/' } }));
  expect(wrong).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED', oauthError: 'invalid_target' });
  expect((await client.fetch('/')).status).toBe(204);
});

test('endpoints do without discovery', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer();
  const source = clientCredentials({
    endpoints: { token: `${server.issuer}/token` },
    ...SERVICE,
  });
  using client = new Client(source, { baseUrl: api.origin });
  expect((await client.fetch('/')).status).toBe(204);
});

test('metadata of another issuer is not believed', async () => {
  await using liar = await startServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ issuer: 'https://id.example', token_endpoint: 'https://id.example/token' }),
    );
  });
  const source = clientCredentials({ issuer: liar.origin, ...SERVICE });
  using client = new Client(source, { baseUrl: 'https://api.test' });
  expect(await valetErrorOf(() => client.get('orders'))).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
  expect(liar.received.map(({ method }) => method)).toEqual(['GET']);
});

test('metadata that leads to plain http is not followed', async () => {
  await using server = await startServer(({ headers }, response) => {
    const issuer = `http://${headers.host}/`;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ issuer, token_endpoint: 'http://id.example/token' }));
  });
  const source = clientCredentials({
    issuer: server.origin,
    ...SERVICE,
  });
  using client = new Client(source, { baseUrl: 'https://api.test' });
  expect(await valetErrorOf(() => client.get('orders'))).toMatchObject({ code: 'INSECURE_URL' });
});

test('metadata is found at the place of RFC 8414, too', async () => {
  await using server = await startAuthorizationServer();
  await using front = await startServer(({ url, headers }, response) => {
    const issuer = `http://${headers.host}/`;
    if (!url.startsWith('/.well-known/oauth-authorization-server')) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ issuer, token_endpoint: `${server.issuer}/token` }));
  });
  await using api = await startServer();
  const source = clientCredentials({
    issuer: `${front.origin}/`,
    ...SERVICE,
  });
  using client = new Client(source, { baseUrl: api.origin });
  expect((await client.fetch('/')).status).toBe(204);
});

test('a token endpoint that redirects is not followed: the secret stays', async () => {
  await using elsewhere = await startServer();
  await using server = await startServer((_, response) => {
    response.writeHead(307, { location: `${elsewhere.origin}/token` }).end();
  });
  const source = clientCredentials({
    endpoints: { token: `${server.origin}/token` },
    ...SERVICE,
  });
  using client = new Client(accessToken(source, { deadline: 50 }), { baseUrl: 'https://api.test' });
  expect((await valetErrorOf(() => client.get('orders'))).code).toMatch(/^TOKEN_/);
  expect(elsewhere.received).toHaveLength(0);
});

test('a token is exchanged for one of another service (RFC 8693)', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer();
  const service = { issuer: server.issuer, ...SERVICE };
  using first = new Client(clientCredentials({ ...service, audience: 'https://opaque.test/' }), {
    baseUrl: api.origin,
  });
  await first.fetch('/');
  const subject = bearerOf(api.received[0]?.headers ?? {});
  const exchanged = tokenExchange({
    ...service,
    subjectToken: () => subject,
    audience: 'https://stock.test/',
  });
  using second = new Client(exchanged, { baseUrl: api.origin });
  expect((await second.fetch('/')).status).toBe(204);
  expect(decodeJwt(bearerOf(api.received[1]?.headers ?? {}))).toMatchObject({ aud: 'https://stock.test/' });
});

test('without a token to exchange nobody is signed in', async () => {
  const source = tokenExchange({
    endpoints: { token: 'https://id.example/token' },
    clientId: 'svc',
    subjectToken: () => null,
  });
  using client = new Client(source, { baseUrl: 'https://api.test' });
  expect(await valetErrorOf(() => client.get('orders'))).toMatchObject({ code: 'SIGNED_OUT' });
});

test('an assertion is signed for each token and sent as it is (RFC 7523)', async () => {
  await using issuer = await startServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token: 'bought-0123', token_type: 'Bearer', expires_in: 60 }));
  });
  await using api = await startServer();
  let count = 0;
  const source = jwtBearer({
    endpoints: { token: `${issuer.origin}/token` },
    clientId: 'robot',
    assertion: () => `signed-assertion-${++count}`,
  });
  using client = new Client(source, { baseUrl: api.origin });
  await client.fetch('/');
  await client.session.refresh();
  const sent = issuer.received.map(({ body }) => new URLSearchParams(String(body)));
  expect(sent.map((form) => form.get('assertion'))).toEqual(['signed-assertion-1', 'signed-assertion-2']);
  expect(sent[0]?.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
  expect(bearerOf(api.received[0]?.headers ?? {})).toBe('bought-0123');
});

test('a refresh token source without a refresh token has nobody signed in', async () => {
  const source = refreshToken({ endpoints: { token: 'https://id.example/token' }, clientId: 'spa' });
  using client = new Client(source, { baseUrl: 'https://api.test' });
  expect(await valetErrorOf(() => client.get('orders'))).toMatchObject({ code: 'SIGNED_OUT' });
});

test.each<[string, object]>([
  ['no client id', { issuer: 'https://id.example' }],
  ['neither issuer nor endpoints', { clientId: 'a' }],
  ['an issuer that is no URL', { clientId: 'a', issuer: 'id.example' }],
  ['a misspelt option', { clientId: 'a', issuer: 'https://id.example', clientID: 'a' }],
  ['a misspelt endpoint', { clientId: 'a', endpoints: { tokens: 'https://id.example' } }],
  ['endpoints as one URL', { clientId: 'a', endpoints: 'https://id.example/token' }],
  ['no endpoints', { clientId: 'a', issuer: 'https://id.example', endpoints: null }],
  ['an audience that is no text', { clientId: 'a', issuer: 'https://id.example', audience: ['a', 'b'] }],
  ['an empty audience', { clientId: 'a', issuer: 'https://id.example', audience: '' }],
  ['an empty secret', { clientId: 'a', issuer: 'https://id.example', clientSecret: '' }],
  [
    'a secret that is missing',
    { clientId: 'a', issuer: 'https://id.example', clientAuthentication: 'client_secret_post' },
  ],
  [
    'an unknown proof',
    { clientId: 'a', issuer: 'https://id.example', clientSecret: 's', clientAuthentication: 'basic' },
  ],
])('%s is an invalid option', async (_, options) => {
  const make = (): unknown => clientCredentials(options as Parameters<typeof clientCredentials>[0]);
  expect(await valetErrorOf(make)).toMatchObject({ code: 'INVALID_OPTION' });
});

test('an issuer with user info is refused, and its password is in no text', async () => {
  const make = (): unknown =>
    clientCredentials({ clientId: 'a', issuer: 'https://me:pass-word-0123@id.example' });
  const error = await valetErrorOf(make);
  expect(error).toMatchObject({ code: 'INVALID_OPTION' });
  expectNoSecret(error, 'pass-word-0123');
});

test('an issuer over plain http is refused, but for this machine', async () => {
  const make = (): unknown => clientCredentials({ clientId: 'a', issuer: 'http://id.example' });
  expect(await valetErrorOf(make)).toMatchObject({ code: 'INSECURE_URL' });
});

test.each(['\n', '\r\n', '\t', '\0', '\u0085'])(
  'a client secret with %j is refused, unquoted',
  async (end) => {
    const clientSecret = `svc-secret-0123${end}`;
    const make = (): unknown =>
      clientCredentials({ issuer: 'https://id.example', clientId: 'a', clientSecret });
    const error = await valetErrorOf(make);
    expect(error).toMatchObject({ code: 'INVALID_OPTION' });
    expect(error.message).toContain('line break');
    expectNoSecret(error, 'svc-secret-0123');
  },
);

test.each([
  'https://id.example/.well-known/openid-configuration',
  'https://id.example/tenant/.well-known/openid-configuration',
  'https://id.example/.well-known/oauth-authorization-server/tenant',
])('the URL of a metadata document is no issuer: %s', async (issuer) => {
  const makers = [
    () => clientCredentials({ clientId: 'a', issuer }),
    () => clientCredentials({ clientId: 'a', issuer: new URL(issuer) }),
    () => discovered({ clientId: 'a', clientSecret: 'svc-secret-0123', issuers: [issuer] }),
  ];
  for (const make of makers) {
    const error = await valetErrorOf(make);
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain('without /.well-known/…');
  }
});

test.each(
  Object.entries({
    authorizationCode,
    clientCredentials,
    deviceCode,
    discovered,
    jwtBearer,
    refreshToken,
    tokenExchange,
  }),
)('%s itself in place of what it makes is told of as such', async (name, grant) => {
  using client = new Client(grant as unknown as TokenProvider, { baseUrl: 'https://api.test' });
  const error = await valetErrorOf(() => client.get('orders'));
  expect(error.code).toBe('INVALID_OPTION');
  expect(error.message).toContain(`new Client(${name}({ … }))`);
});
