import { expect, test } from 'vitest';
import type { TokenStore } from '../../src/contracts.ts';
import { accessToken, Client, type ClientOptions } from '../../src/index.ts';
import { clientCredentials, type IssuerOptions, refreshToken } from '../../src/oauth.ts';
import { sharedStore } from '../../src/stores.ts';
import { type PlainIssuer, startPlainIssuer } from '../support/discoverable.ts';
import { HandedOut } from '../support/handed-out.ts';
import { quiet } from '../support/quiet.ts';
import { type Received, startServer, type TestServer } from '../support/server.ts';
import { bytesFrom, isWhole, streamOf } from '../support/streams.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { createDeferred, outcomeOf } from '../support/token-valet.ts';

const CLIENT = { clientId: 'svc', clientSecret: 'svc-secret-0123', dpop: true } as const;

async function startBindingIssuer(): Promise<PlainIssuer> {
  const issuer = await startPlainIssuer();
  let count = 0;
  issuer.token = () => ({ access_token: `bound-access-${++count}`, token_type: 'DPoP', expires_in: 3600 });
  return issuer;
}

function connect(
  issuer: PlainIssuer,
  api: TestServer,
  more: Partial<IssuerOptions & ClientOptions> = {},
): Client {
  const { dpop = true, allowedOrigins } = more;
  return new Client(clientCredentials({ ...CLIENT, issuer: issuer.origin, dpop }), {
    baseUrl: api.origin,
    logger: quiet,
    ...(allowedOrigins && { allowedOrigins }),
  });
}

function claimsOf({ headers }: Received): Record<string, unknown> {
  const [, payload = ''] = String(headers.dpop).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}

function keyPair(): Promise<CryptoKeyPair> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  return crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']) as Promise<CryptoKeyPair>;
}

const ASKING = { 'dpop-nonce': 'n', 'www-authenticate': 'DPoP error="use_dpop_nonce"' };

test('who signs out while a proof is made has nothing sent', async () => {
  await using issuer = await startBindingIssuer();
  await using api = await startServer();
  using client = connect(issuer, api);
  await client.session.refresh();
  const going = outcomeOf(client.fetch('orders', { method: 'POST', body: 'a book' }));
  await client.signOut();
  expect(await going).toBe('SESSION_CHANGED');
  expect(api.received).toEqual([]);
});

test('who signs out while the key is loaded has nothing sent, and no token asked for', async () => {
  await using issuer = await startBindingIssuer();
  await using api = await startServer();
  const { promise, resolve } = createDeferred<CryptoKeyPair>();
  const loading = createDeferred<void>();
  const load = (): Promise<CryptoKeyPair> => {
    loading.resolve();
    return promise;
  };
  using client = connect(issuer, api, { dpop: { keyPair: load } });
  const going = outcomeOf(client.fetch('orders'));
  await loading.promise;
  await client.signOut();
  expect(await going).toBe('SIGNED_OUT');
  resolve(await keyPair());
  expect(await outcomeOf(client.fetch('orders'))).toBe('SIGNED_OUT');
  expect(api.received).toEqual([]);
});

test('a key that cannot be loaded fails the request, which sends nothing; the next one loads it again', async () => {
  await using issuer = await startBindingIssuer();
  await using api = await startServer();
  let loads = 0;
  const load = (): Promise<CryptoKeyPair> => {
    if (++loads === 1) return Promise.reject(new Error('no such secret'));
    return keyPair();
  };
  using client = connect(issuer, api, { dpop: { keyPair: load } });
  expect(await valetErrorOf(() => client.session.refresh())).toMatchObject({ code: 'TOKEN_PROVIDER_FAILED' });
  expect(issuer.forms('/token')).toEqual([]);
  await client.session.refresh();
  expect(await outcomeOf(client.fetch('orders'))).toBe(204);
});

test('a storm of refusals neither renews nor sends without end (rule T11)', async () => {
  await using issuer = await startBindingIssuer();
  await using api = await startServer((_, response) => {
    response.writeHead(401, { ...ASKING, 'www-authenticate': 'DPoP error="invalid_token"' }).end();
  });
  using client = connect(issuer, api);
  for (let request = 0; request < 20; request++) expect(await outcomeOf(client.fetch('orders'))).toBe(401);
  expect(issuer.forms('/token')).toHaveLength(4);
  expect(api.received).toHaveLength(23);
});

test('a server that asks for a new nonce on every hop of a circle is left after twenty hops', async () => {
  await using issuer = await startBindingIssuer();
  await using api = await startServer(({ url, headers }, response) => {
    const [hop = 0, part = 'ask'] = url.slice(1).split('-');
    const nonce = `nonce-${hop}`;
    const isAnswered = claimsOf({ headers } as Received).nonce === nonce;
    if (!isAnswered) return void response.writeHead(401, { ...ASKING, 'dpop-nonce': nonce }).end();
    response.writeHead(307, { location: `/${Number(hop) + 1}-${part}` }).end();
  });
  using client = connect(issuer, api);
  expect(await outcomeOf(client.fetch('0-ask'))).toBe('REDIRECT_REFUSED');
  expect(api.received).toHaveLength(42);
  expect(issuer.forms('/token')).toHaveLength(1);
  expect(new Set(api.received.map((request) => claimsOf(request).jti)).size).toBe(42);
});

test('each allowed origin is proved to for itself: its nonce, its URL, and none of another’s', async () => {
  await using issuer = await startBindingIssuer();
  await using files = await startServer(
    (_, response) => void response.setHeader('dpop-nonce', 'of-files').end(),
  );
  await using api = await startServer((_, response) => {
    response.writeHead(307, { location: `${files.origin}/book`, 'dpop-nonce': 'of-api' }).end();
  });
  using client = connect(issuer, api, { allowedOrigins: [files.origin] });
  for (let request = 0; request < 2; request++) await client.fetch('orders');
  expect(api.received.map((request) => claimsOf(request).nonce)).toEqual([undefined, 'of-api']);
  expect(files.received.map((request) => claimsOf(request).nonce)).toEqual([undefined, 'of-files']);
  expect(claimsOf(files.received[0] as Received).htu).toBe(`${files.origin}/book`);
});

test('a stranger is shown neither token nor proof nor nonce, and what it says teaches nothing', async () => {
  await using issuer = await startBindingIssuer();
  await using stranger = await startServer((_, response) => void response.writeHead(401, ASKING).end());
  await using api = await startServer((_, response) => {
    response.writeHead(307, { location: `${stranger.origin}/x`, 'dpop-nonce': 'of-api' }).end();
  });
  using client = connect(issuer, api);
  for (let request = 0; request < 2; request++) expect(await outcomeOf(client.fetch('orders'))).toBe(401);
  expect(stranger.received).toHaveLength(2);
  for (const { headers, url } of stranger.received) {
    expect(Object.keys(headers).filter((name) => /auth|dpop|cookie/.test(name))).toEqual([]);
    expect(url).toBe('/x');
  }
  expect(issuer.forms('/token')).toHaveLength(1);
});

test('a body that is known or remembered is sent once more with a nonce, whole', async () => {
  await using issuer = await startBindingIssuer();
  await using api = await startServer((request, response) => {
    if (claimsOf(request).nonce !== 'n') return void response.writeHead(401, ASKING).end();
    response.end(request.body);
  });
  const bodies: readonly (() => object)[] = [
    () => ({ body: bytesFrom(0, 1000) }),
    () => ({ body: streamOf(1000), duplex: 'half' }),
    () => ({ body: () => streamOf(1000) }),
  ];
  for (const body of bodies) {
    using client = connect(issuer, api);
    const response = await client.fetch('orders', { method: 'POST', ...body() });
    expect(isWhole(new Uint8Array(await response.arrayBuffer()), 1000)).toBe(true);
  }
  expect(api.received).toHaveLength(6);
});

test('a refusal that asks for a nonce holds no connection', async () => {
  const cancelled: string[] = [];
  const refused = (): Response =>
    new Response(new ReadableStream({ cancel: () => void cancelled.push('refused') }), {
      status: 401,
      headers: ASKING,
    });
  const source = { ...CLIENT, issuer: 'https://id.example', fetch: binding };
  const rig = new HandedOut(clientCredentials(source));
  rig.answer(() => (rig.sent.length === 1 ? refused() : Response.json({ ok: true })));
  expect((await rig.fetch('x')).status).toBe(200);
  expect(rig.sent).toHaveLength(2);
  expect(cancelled).toEqual(['refused']);
});

/** An issuer that binds what it hands out. */
async function binding(input: string | URL | Request): Promise<Response> {
  const { url } = new Request(input);
  if (url.includes('.well-known'))
    return Response.json({ issuer: 'https://id.example', token_endpoint: 'https://id.example/token' });
  return Response.json({ access_token: 'bound-access-0123', token_type: 'DPoP', expires_in: 3600 });
}

test('a body that cannot be had again is not sent in parts', async () => {
  await using issuer = await startBindingIssuer();
  await using api = await startServer((_, response) => void response.writeHead(401, ASKING).end());
  using client = connect(issuer, api);
  const body = streamOf(100_000);
  const init = { method: 'POST', body, duplex: 'half' } as const;
  expect(await outcomeOf(client.fetch('orders', init))).toBe('BODY_NOT_REPLAYABLE');
  expect(api.received).toHaveLength(1);
});

test('a token endpoint that is never content with a nonce is asked twice, not for ever', async () => {
  await using api = await startServer();
  await using issuer = await startPlainIssuer();
  issuer.token = (_, response) => {
    const headers = { 'content-type': 'application/json', 'dpop-nonce': `n${issuer.forms('/token').length}` };
    response.writeHead(400, headers).end('{"error":"use_dpop_nonce"}');
    return undefined;
  };
  using client = connect(issuer, api);
  expect(await outcomeOf(client.fetch('orders'))).toBe('TOKEN_ENDPOINT_REJECTED');
  expect(issuer.forms('/token')).toHaveLength(2);
  expect(api.received).toEqual([]);
});

test('a refusal that comes with status 200 is one, also of a server that binds', async () => {
  await using api = await startServer();
  await using issuer = await startPlainIssuer();
  issuer.token = () => ({ error: 'invalid_grant' });
  const source = refreshToken({ clientId: 'spa', issuer: issuer.origin, dpop: true });
  const user = accessToken(source, { initial: { refresh_token: 'refresh-0123456789' } });
  using client = new Client(user, { baseUrl: api.origin, logger: quiet });
  expect(await outcomeOf(client.fetch('orders'))).toBe('SIGNED_OUT');
  expect(issuer.forms('/token')).toHaveLength(1);
});

test.each(['Bearer', 'bearer', 'N_A', '', 5, null, undefined, ['DPoP']])(
  'a token of the type %j is not used where it was to be bound',
  async (type) => {
    await using api = await startServer();
    await using issuer = await startPlainIssuer();
    issuer.token = () => ({ access_token: 'a-token-0123', token_type: type, expires_in: 60 });
    using client = connect(issuer, api);
    expect(await outcomeOf(client.fetch('orders'))).toMatch(/^TOKEN_/);
    expect(api.received).toEqual([]);
  },
);

test.each(['DPoP', 'dpop', 'DPOP'])('a token of the type %s is bound', async (type) => {
  await using api = await startServer();
  await using issuer = await startPlainIssuer();
  issuer.token = () => ({ access_token: 'a-token-0123', token_type: type, expires_in: 60 });
  using client = connect(issuer, api);
  expect(await outcomeOf(client.fetch('orders'))).toBe(204);
  expect(api.received[0]?.headers.authorization).toBe('DPoP a-token-0123');
});

test('a store that never answers holds a bound request for its deadline only, and nothing is redeemed', async () => {
  const never = createDeferred<undefined>().promise;
  const store: TokenStore = { read: () => never, swap: () => Promise.resolve(false), now: () => 0 };
  const asked: string[] = [];
  const fetch = async (input: string | URL | Request): Promise<Response> => {
    asked.push(new Request(input).url);
    return Response.json({});
  };
  const dpop = { keyPair: await keyPair() };
  const source = refreshToken({ clientId: 'spa', issuer: 'https://id.example', dpop, fetch });
  const initial = { refresh_token: 'refresh-0123456789' };
  const rig = new HandedOut(accessToken(source, { store: sharedStore(store), initial }));
  const waiting = rig.failure('a store that hangs', () => rig.client.fetch('x'));
  await rig.clock.advance(10_000);
  await waiting;
  expect(rig.codes).toEqual(['STORE_UNAVAILABLE']);
  expect([...asked, ...rig.sent]).toEqual([]);
});

test('neither a proof nor a token nor a secret shows in anything that is handed out, whatever servers echo', async () => {
  const secrets = ['client:secret%of the svc!ab', 'access.token-of~a|program_89'];
  const proofs: string[] = [];
  let count = 0;
  const echo = (): string => {
    const all = [...secrets, ...proofs];
    return [...all, ...all.map(encodeURIComponent), ...all.map((one) => btoa(one))].join(' ');
  };
  const note = (headers: RequestInit['headers']): void => {
    const proof = new Headers(headers).get('dpop');
    if (proof !== null) proofs.push(proof);
  };
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const { url } = new Request(input);
    if (url.includes('.well-known'))
      return Response.json({ issuer: 'https://id.example', token_endpoint: 'https://id.example/token' });
    note(init?.headers);
    if (++count === 1)
      return Response.json({ access_token: secrets[1], token_type: 'DPoP', expires_in: 3600 });
    return Response.json({ error: 'invalid_client', error_description: echo() }, { status: 401 });
  };
  const [clientSecret = ''] = secrets;
  const rig = new HandedOut(
    clientCredentials({ issuer: 'https://id.example', clientId: 'svc', clientSecret, dpop: true, fetch }),
  );
  rig.answer((request) => {
    note(request.headers);
    return Response.json({ ok: true });
  });
  await rig.fetch('x');
  rig.answer((request) => {
    note(request.headers);
    const challenge = `DPoP error="invalid_token", error_description="${proofs.at(-1)} ${secrets[1]}"`;
    return new Response(null, { status: 401, headers: { 'www-authenticate': challenge } });
  });
  await rig.failure('refused', () => rig.client.session.refresh());
  await rig.echo('verb', () => rig.client.get('x', { retry: 0 }));
  rig.answer(() => {
    // The API was shown no client secret.
    throw new TypeError(`fetch failed with ${[secrets[1], ...proofs].join(' ')}`);
  });
  await rig.failure('network', () => rig.client.fetch('x'));
  expect(proofs.length).toBeGreaterThan(2);
  rig.expectClean(secrets);
  const said = JSON.stringify(rig.said);
  for (const proof of proofs) expect(said).not.toContain(proof.split('.')[2]);
});
