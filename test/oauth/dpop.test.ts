import { generateKeyPair } from 'jose';
import { expect, test } from 'vitest';
import { accessToken, Client, type Clock, type SessionDocument, type TokenStore } from '../../src/index.ts';
import { clientCredentials, deviceCode, type IssuerOptions, refreshToken } from '../../src/oauth.ts';
import { memoryStore, sharedStore } from '../../src/stores.ts';
import { startAuthorizationServer } from '../support/authorization-server.mjs';
import { startBoundResource } from '../support/bound-resource.ts';
import { startServer } from '../support/server.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { createUserAgent } from '../support/user-agent.ts';

const RESOURCE = 'https://api.test/';

function service(issuer: string, more: Partial<IssuerOptions> = {}): IssuerOptions {
  return {
    issuer,
    clientId: 'svc',
    clientSecret: 'svc-secret-0123',
    scopes: ['read'],
    audience: RESOURCE,
    dpop: true,
    ...more,
  };
}

/** A clock that jumps over what somebody waits for, as a device flow does for five seconds; no limit is ever over. */
function impatientClock(): Clock {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    monotonic: () => performance.now() + ahead,
    setTimeout(run, ms, keepAlive) {
      if (keepAlive !== true) return () => {};
      ahead += ms;
      const timer = setImmediate(run);
      return () => clearImmediate(timer);
    },
  };
}

async function keyPair(): Promise<CryptoKeyPair> {
  return generateKeyPair('ES256');
}

test('a bound token goes out with a proof of its key, for this URL and this method', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startBoundResource();
  using client = new Client(clientCredentials(service(server.issuer)), { baseUrl: api.origin });
  expect(await client.post('orders?page=2#top', { body: 'book' }).text()).toBe('POST book');
  expect(await client.get('orders').text()).toBe('GET');
  expect(server.asked.get('client_credentials')).toBe(1);
  const [first, second] = api.proofs;
  expect(first?.thumbprint).toBe(second?.thumbprint);
  expect(first?.jti).not.toBe(second?.jti);
});

test('the nonces of both servers are learned, and cost one send more each', async () => {
  await using server = await startAuthorizationServer({ dpopNonce: true });
  await using api = await startBoundResource('nonce-1');
  using client = new Client(clientCredentials(service(server.issuer)), { baseUrl: api.origin });
  await client.get('a').text();
  expect(api.received).toHaveLength(2);
  await client.get('b').text();
  expect(api.received).toHaveLength(3);
  // A new one comes with any response; the one that asks for it is sent once more.
  api.nonce = 'nonce-2';
  expect(await client.post('c', { body: 'book' }).text()).toBe('POST book');
  expect(api.received).toHaveLength(5);
  expect(api.proofs.map(({ nonce }) => nonce)).toEqual(['nonce-1', 'nonce-1', 'nonce-2']);
});

test('a nonce that comes with a success is the next one', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer((_, response) => {
    response.setHeader('dpop-nonce', `n${api.received.length}`).end();
  });
  using client = new Client(clientCredentials(service(server.issuer)), { baseUrl: api.origin });
  await client.get('a').text();
  await client.get('b').text();
  const sent = api.received.map(({ headers }) => headers.dpop?.toString().split('.')[1] ?? '');
  const nonces = sent.map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()).nonce as unknown);
  expect(nonces).toEqual([undefined, 'n1']);
});

test('a server that is never content with a nonce is sent to twice for each try, not for ever', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer((_, response) => {
    const nonce = `n${api.received.length}`;
    response.writeHead(401, { 'dpop-nonce': nonce, 'www-authenticate': 'DPoP error="use_dpop_nonce"' }).end();
  });
  using client = new Client(clientCredentials(service(server.issuer)), { baseUrl: api.origin });
  expect((await client.fetch('a')).status).toBe(401);
  expect(api.received).toHaveLength(2);
  expect(server.asked.get('client_credentials')).toBe(1);
});

test('a token that was refused is renewed, and the new one is bound to the same key', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startBoundResource('n');
  using client = new Client(clientCredentials(service(server.issuer)), { baseUrl: api.origin });
  await client.get('a').text();
  const token = api.received[1]?.headers.authorization?.slice('DPoP '.length) ?? '';
  api.revoked.add(token);
  expect(await client.post('b', { body: 'book' }).text()).toBe('POST book');
  expect(server.asked.get('client_credentials')).toBe(2);
  expect(new Set(api.proofs.map(({ thumbprint }) => thumbprint)).size).toBe(1);
});

test('each hop of a redirect has a proof of its own, and another origin gets neither token nor proof', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startBoundResource();
  await using stranger = await startServer((_, response) => void response.end('stranger'));
  api.redirects.set('/old', '/new');
  api.redirects.set('/away', `${stranger.origin}/`);
  using client = new Client(clientCredentials(service(server.issuer)), { baseUrl: api.origin });
  expect(await client.post('old', { body: 'book' }).text()).toBe('POST book');
  expect(api.proofs).toHaveLength(2);
  expect(await client.get('away').text()).toBe('stranger');
  expect(stranger.received[0]?.headers).not.toHaveProperty('dpop');
  expect(stranger.received[0]?.headers).not.toHaveProperty('authorization');
});

test('a clock that is a day off is found out by a refusal', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startBoundResource();
  api.ahead = 86_400_000;
  using client = new Client(clientCredentials(service(server.issuer)), { baseUrl: api.origin });
  expect(await client.get('a').text()).toBe('GET');
  expect(api.received).toHaveLength(2);
  expect(await client.get('b').text()).toBe('GET');
  expect(api.received).toHaveLength(3);
});

test('a proof that is refused for another reason is the caller’s', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer((_, response) => {
    response.writeHead(401, { 'www-authenticate': 'DPoP error="invalid_dpop_proof"' }).end();
  });
  using client = new Client(clientCredentials(service(server.issuer)), { baseUrl: api.origin });
  expect((await client.fetch('a')).status).toBe(401);
  expect(api.received).toHaveLength(1);
  expect(server.asked.get('client_credentials')).toBe(1);
});

test('who signs out while a nonce is learned has nothing sent once more', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer(async (_, response) => {
    await client.signOut();
    response.writeHead(401, { 'dpop-nonce': 'n', 'www-authenticate': 'DPoP error="use_dpop_nonce"' }).end();
  });
  using client = new Client(clientCredentials(service(server.issuer)), { baseUrl: api.origin });
  expect(await valetErrorOf(() => client.fetch('a'))).toMatchObject({ code: 'SESSION_CHANGED' });
  expect(api.received).toHaveLength(1);
});

test('an authorization server that binds nothing is told of, and its token is not used', async () => {
  await using issuer = await startServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token: 'not-bound', token_type: 'Bearer', expires_in: 60 }));
  });
  await using api = await startServer();
  const endpoints = { token: `${issuer.origin}/token` };
  const source = clientCredentials({ endpoints, clientId: 'svc', clientSecret: 'secret-0123', dpop: true });
  using client = new Client(source, { baseUrl: api.origin });
  expect(await valetErrorOf(() => client.get('a'))).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
  expect(api.received).toHaveLength(0);
});

test('a device signs in with bound tokens, and its refresh token is redeemed with the same key', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startBoundResource();
  const browser = createUserAgent();
  const source = deviceCode({
    issuer: server.issuer,
    clientId: 'cli',
    scopes: ['openid', 'offline_access', 'read'],
    audience: RESOURCE,
    dpop: true,
    clock: impatientClock(),
    onCode: ({ verificationUriComplete = '' }) => browser.approveDevice(verificationUriComplete),
  });
  using client = new Client(source, { baseUrl: api.origin });
  await source.signIn();
  await client.get('a').text();
  await client.session.refresh();
  await client.get('b').text();
  expect(server.asked.get('refresh_token')).toBe(1);
  expect(new Set(api.proofs.map(({ thumbprint }) => thumbprint)).size).toBe(1);
});

test('a key made here does not go with a store that others share: it says so at once', async () => {
  const source = refreshToken({ issuer: 'https://id.example.com', clientId: 'svc', dpop: true });
  const error = await valetErrorOf(() => accessToken(source, { store: memoryStore() }));
  expect(error).toMatchObject({ code: 'INVALID_OPTION' });
  expect(error.message).toContain('keyPair');
});

test('bound tokens have their place, and no other', async () => {
  const source = refreshToken({ issuer: 'https://id.example.com', clientId: 'svc', dpop: true });
  const placement = { in: 'query', name: 'token' } as const;
  expect(await valetErrorOf(() => accessToken(source, { placement }))).toMatchObject({
    code: 'INVALID_OPTION',
  });
});

test('what is no pair of keys for signing is refused', async () => {
  const encryption = (await crypto.subtle.generateKey(
    { name: 'RSA-OAEP', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
    false,
    ['encrypt', 'decrypt'],
  )) as CryptoKeyPair;
  const options = { issuer: 'https://id.example.com', clientId: 'svc' };
  const wrong = { keyPair: 'a key' } as unknown as { keyPair: CryptoKeyPair };
  expect(await valetErrorOf(() => clientCredentials({ ...options, dpop: wrong }))).toMatchObject({
    code: 'INVALID_OPTION',
  });
  const unfit = clientCredentials({
    endpoints: { token: 'http://127.0.0.1:9/' },
    clientId: 'svc',
    dpop: { keyPair: encryption },
  });
  using client = new Client(unfit, { baseUrl: 'http://127.0.0.1:9/' });
  expect(await valetErrorOf(() => client.get('a'))).toMatchObject({ code: 'INVALID_OPTION' });
});

for (const algorithm of ['ES256', 'Ed25519']) {
  test(`a pair of one's own signs with ${algorithm}`, async () => {
    await using server = await startAuthorizationServer();
    await using api = await startBoundResource();
    const pair = await generateKeyPair(algorithm);
    const source = clientCredentials(service(server.issuer, { dpop: { keyPair: pair } }));
    using client = new Client(source, { baseUrl: api.origin });
    expect(await client.get('a').text()).toBe('GET');
  });
}

/** A store that lets a test see what is in it. */
function openStore(): { store: TokenStore; document: () => SessionDocument | undefined } {
  const { store } = memoryStore();
  return { store, document: () => store.read() as SessionDocument | undefined };
}

test('processes with the same key share a session, and the document records which key', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startBoundResource();
  const { store, document } = openStore();
  const dpop = { keyPair: await keyPair() };
  const one = clientCredentials(service(server.issuer, { dpop }));
  const other = clientCredentials(service(server.issuer, { dpop }));
  using first = new Client(accessToken(one, { store: sharedStore(store) }), { baseUrl: api.origin });
  await first.get('a').text();
  using second = new Client(accessToken(other, { store: sharedStore(store) }), { baseUrl: api.origin });
  await second.get('b').text();
  expect(server.asked.get('client_credentials')).toBe(1);
  expect(document()?.jkt).toBe(api.proofs[0]?.thumbprint);
});

test('without its key a stored session is neither used nor redeemed nor overwritten', async () => {
  await using server = await startAuthorizationServer();
  const { store, document } = openStore();
  await using api = await startBoundResource();
  const browser = createUserAgent();
  const owner = { keyPair: await keyPair() };
  const source = deviceCode({
    issuer: server.issuer,
    clientId: 'cli',
    scopes: ['openid', 'offline_access', 'read'],
    audience: RESOURCE,
    dpop: owner,
    clock: impatientClock(),
    onCode: ({ verificationUriComplete = '' }) => browser.approveDevice(verificationUriComplete),
  });
  using client = new Client(accessToken(source, { store: sharedStore(store) }), { baseUrl: api.origin });
  await source.signIn();
  await client.get('a').text();
  const before = document();
  expect(before).toMatchObject({ state: 'signed-in', jkt: api.proofs[0]?.thumbprint });
  const received = api.received.length;

  for (const dpop of [{ keyPair: await keyPair() }, undefined]) {
    const options = { issuer: server.issuer, clientId: 'cli', audience: RESOURCE, dpop };
    using stranger = new Client(accessToken(refreshToken(options), { store: sharedStore(store) }), {
      baseUrl: api.origin,
    });
    expect(await valetErrorOf(() => stranger.get('b'))).toMatchObject({ code: 'SIGNED_OUT' });
    await stranger.signOut();
  }
  expect(document()).toEqual(before);
  expect(api.received).toHaveLength(received);
  expect(server.asked.get('refresh_token')).toBeUndefined();
  expect(await client.get('c').text()).toBe('GET');
});

test('a sign-in takes the place of a session whose key is gone', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startBoundResource();
  const { store, document } = openStore();
  const browser = createUserAgent();
  const login = async (pair: CryptoKeyPair): Promise<void> => {
    const source = deviceCode({
      issuer: server.issuer,
      clientId: 'cli',
      scopes: ['openid', 'offline_access', 'read'],
      audience: RESOURCE,
      dpop: { keyPair: pair },
      clock: impatientClock(),
      onCode: ({ verificationUriComplete = '' }) => browser.approveDevice(verificationUriComplete),
    });
    using client = new Client(accessToken(source, { store: sharedStore(store) }), { baseUrl: api.origin });
    await source.signIn();
    await client.get('a').text();
  };
  await login(await keyPair());
  const before = document();
  await login(await keyPair());
  expect(document()).toMatchObject({ state: 'signed-in', jkt: api.proofs.at(-1)?.thumbprint });
  expect(document()?.jkt).not.toBe(before?.jkt);
  expect(document()?.epoch).toBeGreaterThan(before?.epoch ?? 0);
});

test('a pair may be loaded when it is needed', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startBoundResource();
  let loaded = 0;
  const load = async (): Promise<CryptoKeyPair> => {
    loaded++;
    return keyPair();
  };
  const source = clientCredentials(service(server.issuer, { dpop: { keyPair: load } }));
  using client = new Client(source, { baseUrl: api.origin });
  expect(loaded).toBe(0);
  await client.get('a').text();
  await client.get('b').text();
  expect(loaded).toBe(1);

  const nothing = (): CryptoKeyPair => undefined as unknown as CryptoKeyPair;
  using other = new Client(clientCredentials(service(server.issuer, { dpop: { keyPair: nothing } })), {
    baseUrl: api.origin,
  });
  expect(await valetErrorOf(() => other.get('a'))).toMatchObject({ code: 'INVALID_OPTION' });
});
