import { expect, test } from 'vitest';
import { accessToken, Client } from '../../src/index.ts';
import { createAuthServer, createTestFetch } from '../../src/testing.ts';
import { createAuthScene } from '../support/auth-scene.ts';
import { valetErrorOf } from '../support/thrown.ts';

const refresh = (token: unknown): Record<string, string> => ({
  grant_type: 'refresh_token',
  refresh_token: String(token),
});

test('a refresh token is good for one use, and its second use ends the session of whoever used it first', async () => {
  const { server, post } = createAuthScene();
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
  const { server, post } = createAuthScene({ reuseDetection: false });
  const { refresh_token: first } = server.login();
  const { refresh_token: second } = (await (await post('/token', refresh(first))).json()) as {
    refresh_token: string;
  };
  expect((await post('/token', refresh(first))).status).toBe(400);
  expect((await post('/token', refresh(second))).status).toBe(200);
});

test('without rotation a refresh token stays as it is', async () => {
  const { server, post } = createAuthScene({ rotation: false });
  const { refresh_token: first } = server.login();
  for (let use = 0; use < 3; use++)
    expect(await (await post('/token', refresh(first))).json()).toMatchObject({ refresh_token: first });
  expect([server.refreshes, server.reuses]).toEqual([3, 0]);
});

test('an access token is good until its time is over, it is revoked, or it is none of the server’s', async () => {
  const { clock, server, post } = createAuthScene({ ttl: 60_000 });
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
  const { server, post } = createAuthScene();
  const { refresh_token: one } = server.login();
  server.endSessions();
  expect((await post('/token', refresh(one))).status).toBe(400);
  const { refresh_token: other } = server.login();
  await post('/revoke', { token: String(other) });
  expect((await post('/token', refresh(other))).status).toBe(400);
});

test('its provider refreshes for a client with no network, and a bad moment ends nothing', async () => {
  const { clock, server } = createAuthScene();
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
  const { server, post } = createAuthScene({ clientId: 'shop' });
  const { refresh_token: token } = server.login();
  const refused = await post('/token', { ...refresh(token), client_id: 'other' });
  expect([refused.status, await refused.json()]).toMatchObject([401, { error: 'invalid_client' }]);
  const basic = { authorization: `Basic ${btoa('shop:secret')}` };
  expect((await post('/token', refresh(token), basic)).status).toBe(200);
});

test.each([{ ttl: 60 }, { ttl: -1 }, { issuer: 'id' }, { rotate: true }])(
  '%j is refused',
  async (options) => {
    expect((await valetErrorOf(() => createAuthServer(options as object))).code).toBe('INVALID_OPTION');
  },
);

test.each([
  ['ada', {}],
  [null, {}],
  [{ id: '' }, {}],
  [{ id: 'ada' }, { scopes: 'orders:read' }],
])('a sign-in of %j with %j is refused', async (user, options) => {
  const error = await valetErrorOf(() => createAuthServer().login(user as { id: string }, options as object));
  expect(error.code).toBe('INVALID_OPTION');
});
