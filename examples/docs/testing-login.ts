/** The snippets of docs/guide/testing.md on grants: a service, a whole login with a redirect, and the server behind `node:http`. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { accessToken, Client } from 'fetch-valet';
import { authorizationCode, clientCredentials, refreshToken } from 'fetch-valet/oauth';
import { createAuthServer, createTestFetch } from 'fetch-valet/testing';
import { listOrders } from './testing-app.ts';

const orders = [{ id: 1, item: 'tea' }];

// #region grant
test('a service is known by the token of its grant', async () => {
  const server = createAuthServer({ issuer: 'https://id.shop.example', clientId: 'reports' });
  const api = createTestFetch({ 'GET /orders': orders });
  const grant = clientCredentials({
    issuer: server.issuer,
    clientId: 'reports',
    clientSecret: 'a-secret-for-tests',
    fetch: (input, init) => server.answer(new Request(input, init)),
  });
  const reports = new Client(grant, { baseUrl: 'https://api.shop.example', runtime: { fetch: api } });

  assert.deepEqual(await reports.get('orders').json(), orders);
  const token = api.requests[0]?.authorization?.slice('Bearer '.length) ?? '';
  assert.deepEqual(server.check(token), { user: { id: 'reports' }, scopes: [] });
});
// #endregion

// #region login-page
function openPage(href: string) {
  const stored = new Map<string, string>();
  return {
    href: () => href,
    leave: (url: string) => {
      href = url;
    },
    clean: (url: string) => {
      href = url;
    },
    storage: {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => void stored.set(key, value),
      removeItem: (key: string) => void stored.delete(key),
    },
  };
}
// #endregion

// #region login
test('a user signs in at the server, and is back where they were', async () => {
  const server = createAuthServer({ issuer: 'https://id.shop.example', clientId: 'shop' });
  server.user = { id: 'ada', name: 'Ada' };
  const page = openPage('https://shop.example/orders');
  const login = authorizationCode({
    issuer: server.issuer,
    clientId: 'shop',
    redirectUri: 'https://shop.example/signed-in',
    scopes: ['openid'],
    fetch: (input, init) => server.answer(new Request(input, init)),
    page,
    storage: page.storage,
  });
  const api = new Client(accessToken(login), {
    baseUrl: 'https://api.shop.example',
    runtime: { fetch: createTestFetch({ 'GET /orders': orders }) },
  });

  await login.signIn();
  const sentBack = await server.answer(new Request(page.href()));
  page.leave(sentBack.headers.get('location') ?? '');

  assert.deepEqual(await login.handleRedirect(), { returnTo: 'https://shop.example/orders' });
  assert.equal(page.href(), 'https://shop.example/signed-in');
  assert.equal(await listOrders(api), 'Ada: tea');
});

// #endregion

// #region http-server
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const http = createServer((incoming, outgoing) => void answer(incoming, outgoing));
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
const { port } = http.address() as AddressInfo;
const server = createAuthServer({ issuer: `http://127.0.0.1:${port}` });

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/', headers } = incoming;
  const { authorization = '', 'content-type': type = '' } = headers;
  const request = new Request(new URL(url, server.issuer), {
    method,
    headers: { authorization, 'content-type': type },
    body: method === 'POST' ? await text(incoming) : null,
  });
  const response = await server.answer(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text());
}
// #endregion

test('a program refreshes over the network', async () => {
  // #region over-http
  const { refresh_token } = server.login({ id: 'ada' });
  const source = refreshToken({ issuer: server.issuer, clientId: 'shop' });
  const api = new Client(accessToken(source, { initial: { refresh_token } }), {
    baseUrl: 'https://api.shop.example',
    runtime: { fetch: createTestFetch({ 'GET /orders': orders }) },
  });

  assert.deepEqual(await api.get('orders').json(), orders);
  assert.equal(server.refreshes, 1);
  // #endregion
});

after(() => {
  http.close();
  http.closeAllConnections();
  console.log('The logins of the testing guide have run.');
});
