import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { accessToken, Client, type SessionDocument } from '../../src/index.ts';
import { authorizationCode, type DiscoveredOptions, discovered, refreshToken } from '../../src/oauth.ts';
import { memoryStore } from '../../src/stores.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.mjs';
import { startBoundResource } from '../support/bound-resource.ts';
import { sendJson, startServer, type TestServer } from '../support/server.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { createUserAgent } from '../support/user-agent.ts';

const CALLBACK = 'http://127.0.0.1/cb';
const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** An API that takes tokens of `issuer`, and says so in its 401. */
interface Resource extends TestServer {
  /** What it says of itself: a document, or any other answer. */
  metadata: { status?: number; body?: unknown; location?: string };
  /** The challenge of its 401. */
  challenge: string | undefined;
  issuer: string;
}

async function startResource(): Promise<Resource> {
  const server = await startServer(({ method, url, headers, body }, response) => {
    if (url.startsWith('/.well-known/')) {
      const { status = 200, body: document, location } = made.metadata;
      if (location !== undefined) return void response.writeHead(302, { location }).end();
      return sendJson(response, document ?? describe(server.origin, made.issuer), status);
    }
    const token = headers.authorization?.replace(/^Bearer /, '');
    const claims = token === undefined ? undefined : decodeJwt(token);
    if (claims?.aud === `${server.origin}/mcp` && claims.iss === made.issuer)
      return void response.end(`${method} ${body.toString()}`.trim());
    if (made.challenge !== undefined) response.setHeader('www-authenticate', made.challenge);
    response.writeHead(401).end();
  });
  const made: Resource = {
    origin: server.origin,
    received: server.received,
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
    metadata: {},
    challenge: `Bearer resource_metadata="${server.origin}${WELL_KNOWN}/mcp", scope="read"`,
    issuer: '',
  };
  return made;
}

function describe(origin: string, issuer: string): object {
  return { resource: `${origin}/mcp`, authorization_servers: [issuer] };
}

async function startIssuerFor(api: Resource, redirectUris?: string[]): Promise<AuthorizationServer> {
  const server = await startAuthorizationServer({
    resources: [`${api.origin}/mcp`],
    ...(redirectUris && { redirectUris }),
  });
  api.issuer = server.issuer;
  return server;
}

function machine(issuer: string, more: Partial<DiscoveredOptions> = {}): DiscoveredOptions {
  return { clientId: 'svc', clientSecret: 'svc-secret-0123', issuers: [issuer], ...more };
}

test('the URL of a resource is enough: its 401 tells where the token comes from, and the request is replayed', async () => {
  await using api = await startResource();
  await using server = await startIssuerFor(api);
  using client = new Client(discovered(machine(server.issuer)), { baseUrl: api.origin });
  expect(await client.post('mcp', { body: 'hello' }).text()).toBe('POST hello');
  expect(api.received.map(({ url }) => url)).toEqual(['/mcp', `${WELL_KNOWN}/mcp`, '/mcp']);
  expect(api.received[0]?.headers).not.toHaveProperty('authorization');
  const token = api.received[2]?.headers.authorization?.slice('Bearer '.length) ?? '';
  expect(decodeJwt(token)).toMatchObject({ iss: server.issuer, aud: `${api.origin}/mcp`, scope: 'read' });
  await client.get('mcp').text();
  expect(api.received).toHaveLength(4);
});

test('what was discovered may be bound to a key', async () => {
  await using api = await startResource();
  await using server = await startIssuerFor(api);
  await using bound = await startBoundResource();
  const source = discovered(machine(server.issuer, { dpop: true }));
  using client = new Client(source, { baseUrl: api.origin, allowedOrigins: [bound.origin] });
  expect((await client.fetch('mcp')).status).toBe(200);
  // This API is content only with a token and a proof of the same key.
  expect((await client.fetch(bound.origin)).status).toBe(200);
});

test('five requests at once discover once and get one token', async () => {
  await using api = await startResource();
  await using server = await startIssuerFor(api);
  using client = new Client(discovered(machine(server.issuer)), { baseUrl: api.origin });
  const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => client.post('mcp', { body: `${n}` }).text()));
  expect(answers).toEqual(['POST 1', 'POST 2', 'POST 3', 'POST 4', 'POST 5']);
  expect(api.received.filter(({ url }) => url.startsWith(WELL_KNOWN))).toHaveLength(1);
  expect(server.asked.get('client_credentials')).toBe(1);
});

test('where the 401 names no metadata, they have their usual place', async () => {
  await using api = await startResource();
  await using server = await startIssuerFor(api);
  for (const challenge of [undefined, 'Bearer realm="api"']) {
    api.challenge = challenge;
    using client = new Client(discovered(machine(server.issuer)), { baseUrl: api.origin });
    expect(await client.get('mcp').text()).toBe('GET');
  }
});

test('nothing goes to an issuer that is not listed, whatever the resource says', async () => {
  await using api = await startResource();
  await using evil = await startServer();
  api.issuer = evil.origin;
  using client = new Client(discovered(machine('https://id.example.com')), { baseUrl: api.origin });
  const error = await valetErrorOf(() => client.get('mcp'));
  expect(error).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
  expect(error.message).toContain(evil.origin);
  expect(evil.received).toHaveLength(0);
});

test('an issuer that is not listed may be approved, and is not asked before that', async () => {
  await using api = await startResource();
  await using server = await startIssuerFor(api);
  const asked: string[][] = [];
  let says = false;
  const approve = (...about: string[]): boolean => {
    asked.push(about);
    return says;
  };
  using client = new Client(discovered(machine('https://id.example.com', { approve })), {
    baseUrl: api.origin,
  });
  expect(await valetErrorOf(() => client.get('mcp'))).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
  expect(asked).toEqual([[server.issuer, `${api.origin}/mcp`]]);
  expect(server.asked.size).toBe(0);
  says = true;
  await client.session.refresh().catch(() => {});
  expect(await client.get('mcp').text()).toBe('GET');
});

const other = 'http://127.0.0.1:9';
test.each<[string, (api: Resource) => Partial<Resource>]>([
  ['metadata at another origin', () => ({ challenge: `Bearer resource_metadata="${other}/x"` })],
  ['metadata of no URL', () => ({ challenge: 'Bearer resource_metadata="nonsense"' })],
  [
    'metadata with user info',
    ({ origin }) => ({
      challenge: `Bearer resource_metadata="${origin.replace('//', '//user:pass@')}${WELL_KNOWN}"`,
    }),
  ],
  ['metadata that are elsewhere', () => ({ metadata: { location: `${other}/` } })],
  ['no metadata', () => ({ metadata: { status: 404 } })],
  ['metadata of another resource', ({ issuer }) => ({ metadata: { body: describe(other, issuer) } })],
  [
    'metadata of another path',
    ({ origin, issuer }) => ({
      metadata: { body: { resource: `${origin}/other`, authorization_servers: [issuer] } },
    }),
  ],
  [
    'metadata of a path that only begins alike',
    ({ origin, issuer }) => ({
      metadata: { body: { resource: `${origin}/mc`, authorization_servers: [issuer] } },
    }),
  ],
  [
    'metadata without issuers',
    ({ origin }) => ({
      metadata: { body: { resource: `${origin}/mcp`, authorization_servers: [] } },
    }),
  ],
  ['metadata that are a list', () => ({ metadata: { body: [] } })],
  [
    'metadata that are too large',
    ({ origin, issuer }) => ({
      metadata: { body: { ...describe(origin, issuer), more: 'x'.repeat(1_100_000) } },
    }),
  ],
])('%s: nobody is asked for a token, and the error says why', async (_, change) => {
  await using api = await startResource();
  await using server = await startIssuerFor(api);
  Object.assign(api, change(api));
  using client = new Client(discovered(machine(server.issuer)), { baseUrl: api.origin });
  expect(await valetErrorOf(() => client.get('mcp'))).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
  expect(server.asked.size).toBe(0);
});

test('metadata that cannot be had just now are asked for again', async () => {
  await using api = await startResource();
  await using server = await startIssuerFor(api);
  api.metadata = { status: 503 };
  const runtime = { random: () => 0 };
  using client = new Client(discovered(machine(server.issuer)), { baseUrl: api.origin, runtime });
  client.on('refreshfailed', () => {
    api.metadata = {};
  });
  expect((await client.fetch('mcp')).status).toBe(200);
});

test('a user signs in where the 401 led to; a page reload does not forget where that was', async () => {
  await using api = await startResource();
  await using server = await startIssuerFor(api);
  const stored = new Map<string, string>();
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  };
  const tab = { href: 'http://127.0.0.1/app' };
  const page = {
    href: () => tab.href,
    leave(url: string) {
      tab.href = url;
    },
    clean(url: string) {
      tab.href = url;
    },
  };
  const store = memoryStore();
  const load = () => {
    const source = discovered({
      clientId: 'spa',
      issuers: [server.issuer],
      scopes: ['openid', 'offline_access', 'read'],
      storage,
      grant: (found) => authorizationCode({ ...found, redirectUri: CALLBACK, page, storage }),
    });
    return { source, client: new Client(accessToken(source, { store }), { baseUrl: api.origin }) };
  };
  const before = load();
  expect(await valetErrorOf(() => before.source.signIn())).toMatchObject({ code: 'INVALID_OPTION' });
  expect(await valetErrorOf(() => before.client.get('mcp'))).toMatchObject({ code: 'SIGNED_OUT' });
  await before.source.signIn({ parameters: { prompt: 'consent' } });
  before.client.close();
  tab.href = (await createUserAgent().go(tab.href, CALLBACK)).url;

  const after = load();
  expect(await after.source.handleRedirect()).toEqual({ returnTo: 'http://127.0.0.1/app' });
  expect(await after.client.get('mcp').text()).toBe('GET');
  expect(after.client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'alice' } });
  after.client.close();

  // Another page of the same browser: the stored refresh token knows where it belongs.
  const later = load();
  expect(await later.client.get('mcp').text()).toBe('GET');
  await later.client.session.refresh();
  expect(await later.client.get('mcp').text()).toBe('GET');
  expect(server.asked.get('refresh_token')).toBe(1);
  await later.client.signOut();
  later.client.close();
});

test('a refresh token goes back to its issuer alone: not to another one that the resource names by then', async () => {
  await using api = await startResource();
  await using server = await startIssuerFor(api);
  await using evil = await startServer();
  const store = memoryStore();
  const document: SessionDocument = {
    format: 1,
    version: 1,
    epoch: 1,
    state: 'signed-in',
    userId: 'alice',
    refreshToken: 'a-refresh-token-of-nobody-knows-whom',
    tokens: [],
  };
  await store.store.swap(undefined, document);
  api.issuer = evil.origin;
  const source = discovered({
    clientId: 'spa',
    issuers: [server.issuer, evil.origin],
    grant: (found) => refreshToken(found),
  });
  using client = new Client(accessToken(source, { store }), { baseUrl: api.origin });
  expect(await valetErrorOf(() => client.get('mcp'))).toMatchObject({ code: 'SIGNED_OUT' });
  const sent = evil.received.map(({ body }) => body.toString()).join();
  expect(sent).not.toContain(document.refreshToken);
});

test('a request that is content without a token is not bothered with discovery', async () => {
  await using api = await startResource();
  await using server = await startIssuerFor(api);
  using client = new Client(discovered(machine(server.issuer)), { baseUrl: api.origin });
  expect((await client.fetch('mcp', { auth: 'optional' })).status).toBe(401);
  expect((await client.fetch('mcp', { auth: false })).status).toBe(401);
  expect(api.received).toHaveLength(2);
});

test('what cannot work is said at once', async () => {
  const wrong = [
    { clientId: 'svc', clientSecret: 'secret-0123' },
    { clientId: 'svc', clientSecret: 'secret-0123', issuers: [] },
    { clientId: 'spa', issuers: ['https://id.example.com'] },
    { clientId: 'spa', issuers: ['nonsense'], clientSecret: 'secret-0123' },
    {
      clientId: 'spa',
      issuers: ['https://id.example.com'],
      clientSecret: 'secret-0123',
      issuer: 'https://a',
    },
  ];
  for (const options of wrong)
    expect(await valetErrorOf(() => discovered(options))).toMatchObject({ code: 'INVALID_OPTION' });
});
