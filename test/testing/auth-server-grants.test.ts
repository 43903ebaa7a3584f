import { expect, test } from 'vitest';
import { Client } from '../../src/index.ts';
import { authorizationCode, clientCredentials, deviceCode } from '../../src/oauth.ts';
import { createTestFetch } from '../../src/testing.ts';
import { createAuthScene } from '../support/auth-scene.ts';
import { settle } from '../support/clock.ts';
import { createStorage } from '../support/storage.ts';
import { valetErrorOf } from '../support/thrown.ts';

test.each([
  ['/token', { grant_type: 'password' }, 'unsupported_grant_type'],
  ['/token', { grant_type: 'authorization_code', code: 'x' }, 'invalid_grant'],
  ['/nowhere', {}, 'not_found'],
])('POST %s with %j is %s', async (path, form, error) => {
  const { post } = createAuthScene();
  expect(await (await post(path, form as Record<string, string>)).json()).toMatchObject({ error });
});

test('a login with a redirect and PKCE brings tokens, and its code is good for one use', async () => {
  const { clock, server, fetch, post } = createAuthScene({ clientId: 'shop' });
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
  const { server, fetch, post } = createAuthScene();
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
  const { server, fetch } = createAuthScene();
  const response = await fetch(`${server.issuer}/authorize?client_id=x&redirect_uri=https%3A%2F%2Fx.example`);
  expect([response.status, await response.json()]).toMatchObject([400, { error: 'invalid_request' }]);
});

test('a device is signed in once its user has typed in the code', async () => {
  const { clock, server, fetch } = createAuthScene();
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
  const { server, fetch } = createAuthScene();
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
