import { expect, test } from 'vitest';
import { accessToken, Client, type TokenSource } from '../../src/index.ts';
import { refreshToken } from '../../src/oauth.ts';
import { memoryStore, type SessionDocument, type SharedStore, sharedStore } from '../../src/stores.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.mjs';
import { createManualClock, settle } from '../support/clock.ts';
import { CALLBACK, comeBack, openTab, type Tab } from '../support/login-tab.ts';
import { startScriptedIssuer } from '../support/scripted-issuer.ts';
import { sendJson, startServer } from '../support/server.ts';
import { expectNoSecret, valetErrorOf } from '../support/thrown.ts';

const GOODBYE = 'http://127.0.0.1/goodbye';
const REVOKED = 'POST /token/revocation';

/** A tab whose user has signed in, with a refresh token. */
async function signedIn(
  server: AuthorizationServer,
  options: Parameters<typeof openTab>[1] = {},
): Promise<Tab> {
  const tab = openTab(server, options);
  await tab.source.signIn({ parameters: { prompt: 'consent' } });
  await comeBack(tab);
  await tab.source.handleRedirect();
  return tab;
}

test('a sign-out goes on at the server, and comes back to a clean address', async () => {
  await using server = await startAuthorizationServer({ postLogoutRedirectUris: [GOODBYE] });
  const tab = await signedIn(server, { postLogoutRedirectUri: GOODBYE });
  using client = new Client(tab.source, { baseUrl: 'https://api.test' });
  expect(await client.session.ready).toMatchObject({ status: 'signed-in' });
  await client.signOut();

  const { origin, pathname, searchParams } = new URL(tab.href);
  expect(`${origin}${pathname}`).toBe(`${server.issuer}/session/end`);
  expect(searchParams.get('id_token_hint')?.split('.')).toHaveLength(3);
  expect(searchParams.get('client_id')).toBe('spa');
  expect(searchParams.get('post_logout_redirect_uri')).toBe(GOODBYE);
  expect(client.session.snapshot.status).toBe('signed-out');
  expect(server.received.at(-1)).toBe(REVOKED);

  const state = searchParams.get('state') ?? '';
  tab.href = `${GOODBYE}?page=1&state=${state}`;
  expect(await tab.source.handleRedirect()).toBeUndefined();
  expect(tab.href).toBe(`${GOODBYE}?page=1`);
  expect(tab.stored.size).toBe(0);
  // A state that this tab has not sent is not ours to take away.
  tab.href = `${GOODBYE}?state=${state}`;
  expect(await tab.source.handleRedirect()).toBeUndefined();
  expect(tab.href).toBe(`${GOODBYE}?state=${state}`);
});

/** A store that can be stopped. */
function stoppable(): { shared: SharedStore; stop: () => void } {
  const { store } = memoryStore();
  let isStopped = false;
  const shared = sharedStore({
    read: () => store.read(),
    now: () => store.now(),
    swap(...documents) {
      if (isStopped) throw new Error('the disk is gone');
      return store.swap(...documents);
    },
  });
  const stop = (): void => {
    isStopped = true;
  };
  return { shared, stop };
}

test('the page is left once the sign-out is stored: who came back would be signed in', async () => {
  await using server = await startAuthorizationServer({ postLogoutRedirectUris: [GOODBYE] });
  const { store } = memoryStore();
  const stateIn = async (): Promise<unknown> => ((await store.read()) as SessionDocument | undefined)?.state;
  const states: unknown[] = [];
  const tab = await signedIn(server, { postLogoutRedirectUri: GOODBYE });
  const seen: TokenSource = {
    getToken: (context) => tab.source.getToken(context),
    async afterSignOut(ended) {
      states.push(await stateIn(), tab.href.startsWith(server.issuer));
      await tab.source.afterSignOut?.(ended);
      states.push(tab.href.startsWith(server.issuer));
    },
  };
  const options = { store: sharedStore(store) };
  using client = new Client(accessToken(seen, options), { baseUrl: 'https://api.test' });
  await client.session.ready;
  while ((await stateIn()) !== 'signed-in') await settle();
  await client.signOut();
  expect(states).toEqual(['signed-out', false, true]);
});

test('a store that does not take the sign-out keeps the user on the page; the refresh token is revoked', async () => {
  await using server = await startAuthorizationServer({ postLogoutRedirectUris: [GOODBYE] });
  const { shared, stop } = stoppable();
  const clock = createManualClock(Date.now());
  const tab = await signedIn(server, { postLogoutRedirectUri: GOODBYE });
  using client = new Client(accessToken(tab.source, { store: shared }), {
    baseUrl: 'https://api.test',
    runtime: { clock },
  });
  await client.session.ready;
  while ((shared.store.read() as SessionDocument | undefined)?.state !== 'signed-in') await settle();
  const here = tab.href;
  stop();
  const failed = valetErrorOf(() => client.signOut());
  while (!server.received.includes(REVOKED)) await settle();
  await clock.advance(10_000);
  expect(await failed).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(tab.href).toBe(here);
  expect(client.session.snapshot.status).toBe('signed-out');
});

test('a server that does not revoke is told of, and the sign-out goes on all the same', async () => {
  await using server = await startAuthorizationServer({ postLogoutRedirectUris: [GOODBYE] });
  const tab = await signedIn(server, { postLogoutRedirectUri: GOODBYE });
  using client = new Client(tab.source, { baseUrl: 'https://api.test' });
  await client.session.ready;
  server.cut = (_, what) => (what === REVOKED ? 'request' : undefined);
  expect(await valetErrorOf(() => client.signOut())).toMatchObject({
    code: 'TOKEN_ENDPOINT_UNAVAILABLE',
    message: expect.stringContaining('Signed out here'),
  });
  expect(client.session.snapshot.status).toBe('signed-out');
  expect(tab.href).toContain('/session/end?');
});

test.each<[number, object, object]>([
  [503, {}, { code: 'TOKEN_ENDPOINT_UNAVAILABLE', status: 503 }],
  [
    400,
    { error: 'unsupported_token_type', error_description: 'not kept-0123456789' },
    { code: 'TOKEN_ENDPOINT_REJECTED', oauthError: 'unsupported_token_type' },
  ],
])(
  'a revocation that is answered with %i is a typed error without the token',
  async (status, body, expected) => {
    await using server = await startServer((_, response) => sendJson(response, body, status));
    const endpoints = { token: `${server.origin}/token`, revocation: `${server.origin}/revoke` };
    const initial = { access_token: 'access-0123456789', refresh_token: 'kept-0123456789', expires_in: 60 };
    const source = refreshToken({ endpoints, clientId: 'spa' });
    using client = new Client(accessToken(source, { initial }), { baseUrl: 'https://api.test' });
    const error = await valetErrorOf(() => client.signOut());
    expect(error).toMatchObject(expected);
    expectNoSecret(error, 'kept-0123456789');
    const { body: sent } = server.received[0] ?? {};
    expect(Object.fromEntries(new URLSearchParams(String(sent)))).toEqual({
      token: 'kept-0123456789',
      token_type_hint: 'refresh_token',
      client_id: 'spa',
    });
  },
);

/** A session that has an access token and nothing else, and what its server was asked to revoke. */
async function withoutRefreshToken(
  status: number,
  body: object,
): Promise<{ signOut: () => Promise<void>; sent: () => string[] } & AsyncDisposable> {
  const server = await startServer((_, response) => sendJson(response, body, status));
  const endpoints = { token: `${server.origin}/token`, revocation: `${server.origin}/revoke` };
  const initial = { access_token: 'access-0123456789', expires_in: 60 };
  const source = refreshToken({ endpoints, clientId: 'spa' });
  const client = new Client(accessToken(source, { initial }), { baseUrl: 'https://api.test' });
  return {
    signOut: () => client.signOut(),
    sent: () => server.received.map((request) => String(request.body)),
    async [Symbol.asyncDispose]() {
      client.close();
      await server.close();
    },
  };
}

test.each<[number, object]>([
  [200, {}],
  // A server need not know how to (RFC 7009 §2).
  [400, { error: 'unsupported_token_type' }],
])(
  'a session without a refresh token has its access token revoked, and %i is an answer to that',
  async (status, body) => {
    await using at = await withoutRefreshToken(status, body);
    await at.signOut();
    expect(at.sent()).toEqual(['token_type_hint=access_token&token=access-0123456789&client_id=spa']);
  },
);

test('an access token that is not revoked is told of, and not shown', async () => {
  await using at = await withoutRefreshToken(503, { error_description: 'no access-0123456789 now' });
  const error = await valetErrorOf(() => at.signOut());
  expect(error).toMatchObject({
    code: 'TOKEN_ENDPOINT_UNAVAILABLE',
    message: expect.stringContaining('has not taken back the access token: status 503'),
  });
  expectNoSecret(error, 'access-0123456789');
});

test('where the server has no end session endpoint, and where no place to come back to is named, nobody leaves', async () => {
  await using server = await startAuthorizationServer();
  const { issuer } = server;
  const endpoints = { token: `${issuer}/token`, authorization: `${issuer}/auth` };
  for (const options of [{}, { endpoints, postLogoutRedirectUri: GOODBYE }]) {
    const tab = await signedIn(server, options);
    using client = new Client(tab.source, { baseUrl: 'https://api.test' });
    await client.session.ready;
    const here = tab.href;
    await client.signOut();
    expect(client.session.snapshot.status).toBe('signed-out');
    expect(tab.href).toBe(here);
  }
});

test('endpoints may name where sessions end', async () => {
  await using server = await startAuthorizationServer();
  const endpoints = { endSession: 'https://id.example/v2/logout?federated=1' };
  const tab = await signedIn(server, { endpoints, postLogoutRedirectUri: GOODBYE });
  using client = new Client(tab.source, { baseUrl: 'https://api.test' });
  await client.session.ready;
  await client.signOut();
  expect(tab.href).toMatch(/^https:\/\/id\.example\/v2\/logout\?federated=1&id_token_hint=/);
});

test('a login is taken and stored at once, though nobody has asked for it', async () => {
  await using server = await startAuthorizationServer();
  const shared = memoryStore();
  const tab = openTab(server);
  using client = new Client(accessToken(tab.source, { store: shared }), { baseUrl: 'https://api.test' });
  await tab.source.signIn();
  await comeBack(tab);
  expect(client.session.snapshot.status).toBe('loading');
  await tab.source.handleRedirect();
  while (client.session.snapshot.status === 'loading') await settle();
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'alice' } });
  while ((await shared.store.read()) === undefined) await settle();
});

test('a sign-out right after a login takes that back, too', async () => {
  await using server = await startAuthorizationServer();
  const tab = await signedIn(server);
  await tab.source.signOut?.({});
  expect(server.received.at(-1)).toBe(REVOKED);
  const { signal } = new AbortController();
  const context = { reason: 'initial', forceRefresh: false, scopes: [], signal } as const;
  expect(await tab.source.getToken(context)).toBeNull();
});

test('a login without a refresh token is taken back, too, though nobody has asked for what it brought', async () => {
  await using issuer = await startScriptedIssuer();
  issuer.answer = () => ({ body: { access_token: 'access-token-0123', token_type: 'Bearer' } });
  const { endpoints } = issuer;
  const tab = openTab({ issuer: '' }, { issuer: undefined, endpoints, scopes: [] });
  await tab.source.signIn();
  tab.href = `${CALLBACK}?code=code-0123456789&state=${new URL(tab.href).searchParams.get('state')}`;
  await tab.source.handleRedirect();
  await tab.source.signOut?.({});
  const { url, body } = issuer.received.at(-1) ?? {};
  expect(url).toBe('/revoke');
  expect(String(body)).toContain('token=access-token-0123');
});

test('a place to come back to is https, or on this machine', async () => {
  const make = (): unknown =>
    openTab({ issuer: 'https://id.example' }, { postLogoutRedirectUri: 'http://shop.example/' });
  expect(await valetErrorOf(make)).toMatchObject({ code: 'INSECURE_URL' });
});
