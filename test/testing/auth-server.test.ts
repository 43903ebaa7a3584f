import { expect, test } from 'vitest';
import { accessToken, Client } from '../../src/index.ts';
import { authorizationCode, clientCredentials, deviceCode } from '../../src/oauth.ts';
import {
  type AuthServer,
  type AuthServerOptions,
  createAuthServer,
  createClock,
  createTestFetch,
  type TestClock,
} from '../../src/testing.ts';
import { settle } from '../support/clock.ts';
import { createStorage } from '../support/storage.ts';
import { valetErrorOf } from '../support/thrown.ts';

interface Scene {
  readonly clock: TestClock;
  readonly server: AuthServer;
  /** Sends to the server without a network. */
  readonly fetch: typeof globalThis.fetch;
  post(path: string, form: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
}

function createScene(options: AuthServerOptions = {}): Scene {
  const clock = createClock();
  const server = createAuthServer({ clock, ...options });
  const fetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    server.answer(new Request(input, init));
  const post: Scene['post'] = (path, form, headers = {}) =>
    fetch(server.issuer + path, { method: 'POST', body: new URLSearchParams(form), headers });
  return { clock, server, fetch, post };
}

const refresh = (token: unknown): Record<string, string> => ({
  grant_type: 'refresh_token',
  refresh_token: String(token),
});

test('a refresh token is good for one use, and its second use ends the session of whoever used it first', async () => {
  const { server, post } = createScene();
  const { refresh_token: first } = server.login({ id: 'ada' });
  const { refresh_token: second } = (await (await post('/token', refresh(first))).json()) as {
    refresh_token: string;
  };
  expect(second).not.toBe(first);
  const reused = await post('/token', refresh(first));
  expect([reused.status, await reused.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
  expect((await post('/token', refresh(second))).status).toBe(400);
  expect([server.refreshes, server.reuses]).toEqual([1, 1]);
});

test('without re-use detection the second use is refused and the session goes on', async () => {
  const { server, post } = createScene({ reuseDetection: false });
  const { refresh_token: first } = server.login();
  const { refresh_token: second } = (await (await post('/token', refresh(first))).json()) as {
    refresh_token: string;
  };
  expect((await post('/token', refresh(first))).status).toBe(400);
  expect((await post('/token', refresh(second))).status).toBe(200);
});

test('without rotation a refresh token stays as it is', async () => {
  const { server, post } = createScene({ rotation: false });
  const { refresh_token: first } = server.login();
  for (let use = 0; use < 3; use++)
    expect(await (await post('/token', refresh(first))).json()).toMatchObject({ refresh_token: first });
  expect([server.refreshes, server.reuses]).toEqual([3, 0]);
});

test('an access token is good until its time is over, it is revoked, or it is none of the server’s', async () => {
  const { clock, server, post } = createScene({ ttl: 60_000 });
  const login = server.login({ id: 'ada' }, { scopes: ['orders:read'] });
  const token = String(login.access_token);
  expect(server.check(token)).toEqual({ user: { id: 'ada' }, scopes: ['orders:read'] });
  clock.sleep(59_999);
  expect(server.check(token)).toHaveProperty('user');
  clock.sleep(1);
  expect(server.check(token)).toEqual({ refused: 'the access token expired' });
  const fresh = String(server.login().access_token);
  server.revokeAccessTokens();
  expect(server.check(fresh)).toEqual({ refused: 'the access token was revoked' });
  const one = String(server.login().access_token);
  await post('/revoke', { token: one });
  expect(server.check(one)).toEqual({ refused: 'the access token was revoked' });
  expect(server.check(`${one}x`)).toEqual({ refused: 'the access token is not known' });
});

test('a session is ended by the server, or by revoking its refresh token', async () => {
  const { server, post } = createScene();
  const { refresh_token: one } = server.login();
  server.endSessions();
  expect((await post('/token', refresh(one))).status).toBe(400);
  const { refresh_token: other } = server.login();
  await post('/revoke', { token: String(other) });
  expect((await post('/token', refresh(other))).status).toBe(400);
});

test('its provider refreshes for a client with no network, and a bad moment ends nothing', async () => {
  const { clock, server } = createScene();
  const fetch = createTestFetch({ '*': {} });
  const client = new Client(
    accessToken(server.provider, {
      initial: server.login({ id: 'ada', name: 'Ada' } as object as { id: string }),
    }),
    {
      baseUrl: 'https://api.test',
      runtime: { clock, fetch },
    },
  );
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada', name: 'Ada' } });
  server.down = true;
  clock.sleep(server.ttl);
  const answer = client.fetch('/');
  await clock.advance(3000);
  server.down = false;
  await clock.advance(7000);
  expect((await answer).status).toBe(200);
  expect(server.refreshes).toBe(1);
  expect(client.session.snapshot.status).toBe('signed-in');
});

test('only the client that it knows is served', async () => {
  const { server, post } = createScene({ clientId: 'shop' });
  const { refresh_token: token } = server.login();
  const refused = await post('/token', { ...refresh(token), client_id: 'other' });
  expect([refused.status, await refused.json()]).toMatchObject([401, { error: 'invalid_client' }]);
  const basic = { authorization: `Basic ${btoa('shop:secret')}` };
  expect((await post('/token', refresh(token), basic)).status).toBe(200);
});

test.each([
  ['/token', { grant_type: 'password' }, 'unsupported_grant_type'],
  ['/token', { grant_type: 'authorization_code', code: 'x' }, 'invalid_grant'],
  ['/nowhere', {}, 'not_found'],
])('POST %s with %j is %s', async (path, form, error) => {
  const { post } = createScene();
  expect(await (await post(path, form as Record<string, string>)).json()).toMatchObject({ error });
});

test('a login with a redirect and PKCE brings tokens, and its code is good for one use', async () => {
  const { clock, server, fetch, post } = createScene({ clientId: 'shop' });
  server.user = { id: 'ada' };
  let href = 'https://shop.example/orders';
  const sent: string[] = [];
  const source = authorizationCode({
    issuer: server.issuer,
    clientId: 'shop',
    redirectUri: 'https://shop.example/signed-in',
    scopes: ['openid', 'orders:read'],
    storage: createStorage(),
    page: {
      href: () => href,
      clean: (url) => {
        href = url;
      },
      async leave(url) {
        href = (await fetch(url)).headers.get('location') ?? '';
      },
    },
    clock,
    async fetch(input, init) {
      const request = new Request(input, init);
      if (request.method === 'POST') sent.push(await request.clone().text());
      return fetch(request);
    },
  });
  const client = new Client(source, {
    baseUrl: 'https://api.test',
    runtime: { clock, fetch: createTestFetch({ '*': {} }) },
  });
  await source.signIn();
  expect(await source.handleRedirect()).toEqual({ returnTo: 'https://shop.example/orders' });
  expect(await client.session.ready).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
  expect(client.session.hasScope('orders:read')).toBe(true);
  const again = await post('/token', Object.fromEntries(new URLSearchParams(sent[0])));
  expect(await again.json()).toMatchObject({ error: 'invalid_grant' });
});

test('a code is refused with another verifier', async () => {
  const { server, fetch, post } = createScene();
  const query = new URLSearchParams({
    client_id: 'shop',
    redirect_uri: 'https://shop.example/signed-in',
    code_challenge: 'not-the-hash-of-it',
    code_challenge_method: 'S256',
  });
  const back = new URL((await fetch(`${server.issuer}/authorize?${query}`)).headers.get('location') ?? '');
  const form = {
    client_id: 'shop',
    redirect_uri: 'https://shop.example/signed-in',
    code_verifier: 'verifier',
  };
  const code = back.searchParams.get('code') ?? '';
  expect(
    await (await post('/token', { grant_type: 'authorization_code', code, ...form })).json(),
  ).toMatchObject({
    error: 'invalid_grant',
    error_description: 'the code_verifier does not fit',
  });
});

test('an authorization request without PKCE is refused', async () => {
  const { server, fetch } = createScene();
  const response = await fetch(`${server.issuer}/authorize?client_id=x&redirect_uri=https%3A%2F%2Fx.example`);
  expect([response.status, await response.json()]).toMatchObject([400, { error: 'invalid_request' }]);
});

test('a device is signed in once its user has typed in the code', async () => {
  const { clock, server, fetch } = createScene();
  const codes: string[] = [];
  const source = deviceCode({
    issuer: server.issuer,
    clientId: 'tv',
    onCode: ({ userCode }) => void codes.push(userCode),
    clock,
    fetch,
  });
  const client = new Client(source, {
    baseUrl: 'https://api.test',
    runtime: { clock, fetch: createTestFetch({ '*': {} }) },
  });
  const signedIn = source.signIn();
  while (codes.length === 0) await settle();
  expect((await valetErrorOf(() => server.approve('wrong'))).code).toBe('INVALID_OPTION');
  await clock.advance(6000);
  server.approve(codes[0] ?? '', { id: 'ada' });
  await clock.advance(6000);
  await signedIn;
  expect(await client.session.ready).toMatchObject({ user: { id: 'ada' } });
});

test('a program gets a token for itself, and no refresh token', async () => {
  const { server, fetch } = createScene();
  const sent = createTestFetch({ '*': {} });
  const client = new Client(
    clientCredentials({ issuer: server.issuer, clientId: 'robot', clientSecret: 'secret-of-robot', fetch }),
    { baseUrl: 'https://api.test', runtime: { fetch: sent } },
  );
  await client.fetch('/');
  expect(server.check(sent.requests[0]?.authorization?.slice(7) ?? '')).toMatchObject({
    user: { id: 'robot' },
  });
  expect(server.secrets.filter((secret) => secret.startsWith('refresh'))).toEqual([]);
});

test.each([{ ttl: 60 }, { ttl: -1 }, { issuer: 'id' }, { rotate: true }])(
  '%j is refused',
  async (options) => {
    expect((await valetErrorOf(() => createAuthServer(options as object))).code).toBe('INVALID_OPTION');
  },
);
