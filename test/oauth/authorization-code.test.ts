import { runInNewContext } from 'node:vm';
import { decodeJwt } from 'jose';
import { expect, onTestFinished, test, vi } from 'vitest';
import { accessToken, Client, type TokenSource } from '../../src/index.ts';
import { memoryStore } from '../../src/stores.ts';
import { startAuthorizationServer } from '../support/authorization-server.mjs';
import { createManualClock } from '../support/clock.ts';
import { CALLBACK, comeBack, HOME, openTab } from '../support/login-tab.ts';
import { startServer } from '../support/server.ts';
import { valetErrorOf } from '../support/thrown.ts';

test('a user signs in at the server and comes back signed in, where they were', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer();
  const tab = openTab(server);
  using client = new Client(tab.source, { baseUrl: api.origin });
  expect(await valetErrorOf(() => client.get('orders'))).toMatchObject({ code: 'SIGNED_OUT' });

  await tab.source.signIn();
  await comeBack(tab);
  expect(await tab.source.handleRedirect()).toEqual({ returnTo: HOME });
  expect((await client.fetch('/')).status).toBe(204);
  const token = api.received[0]?.headers.authorization?.slice('Bearer '.length) ?? '';
  expect(decodeJwt(token)).toMatchObject({ aud: 'https://api.test/', sub: 'alice', scope: 'read' });
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'alice' } });
});

test('a user signs in where ArrayBuffer is that of another realm, as under jsdom', async () => {
  await using server = await startAuthorizationServer();
  const tab = openTab(server);
  vi.stubGlobal('ArrayBuffer', runInNewContext('ArrayBuffer'));
  onTestFinished(() => void vi.unstubAllGlobals());
  await tab.source.signIn();
  vi.unstubAllGlobals();
  await comeBack(tab);
  expect(await tab.source.handleRedirect()).toEqual({ returnTo: HOME });
});

test('the answer is out of the address bar before it is exchanged, and nothing of the login stays', async () => {
  await using server = await startAuthorizationServer();
  const tab = openTab(server);
  await tab.source.signIn();
  expect(tab.stored.size).toBe(1);
  await comeBack(tab);
  const handled = tab.source.handleRedirect();
  expect(tab.shown).toEqual([CALLBACK]);
  await handled;
  expect(tab.stored.size).toBe(0);
});

test('called twice, as React’s StrictMode does, it exchanges once', async () => {
  await using server = await startAuthorizationServer();
  const tab = openTab(server);
  await tab.source.signIn();
  await comeBack(tab);
  const [first, second] = await Promise.all([tab.source.handleRedirect(), tab.source.handleRedirect()]);
  expect(first).toEqual({ returnTo: HOME });
  expect(second).toEqual(first);
  expect(server.asked.get('authorization_code')).toBe(1);
});

test.each([HOME, `${HOME}&code=123`, 'http://127.0.0.1/?state=abc', 'http://127.0.0.1/?error=oops'])(
  'a page that is no answer of a login (%s) is left as it is',
  async (href) => {
    const tab = openTab({ issuer: 'https://id.example' });
    tab.href = href;
    expect(await tab.source.handleRedirect()).toBeUndefined();
    expect(tab.shown).toEqual([]);
  },
);

test('the answer of a login that did not begin here is never exchanged', async () => {
  await using server = await startAuthorizationServer();
  const [mine, attacker] = [openTab(server), openTab(server)];
  await attacker.source.signIn();
  await comeBack(attacker);
  mine.href = attacker.href;
  expect(await valetErrorOf(() => mine.source.handleRedirect())).toMatchObject({
    code: 'TOKEN_ENDPOINT_REJECTED',
  });
  expect(mine.href).toBe(CALLBACK);
  expect(server.asked.size).toBe(0);
});

test('the answer of a login is good once', async () => {
  await using server = await startAuthorizationServer();
  const tab = openTab(server);
  await tab.source.signIn();
  await comeBack(tab);
  const answer = tab.href;
  await tab.source.handleRedirect();
  tab.href = answer;
  expect(await valetErrorOf(() => tab.source.handleRedirect())).toMatchObject({
    code: 'TOKEN_ENDPOINT_REJECTED',
  });
  expect(server.asked.get('authorization_code')).toBe(1);
});

test('a login that takes longer than ten minutes is begun anew', async () => {
  await using server = await startAuthorizationServer();
  const clock = createManualClock();
  const tab = openTab(server, { clock });
  await tab.source.signIn();
  await comeBack(tab);
  await clock.advance(600_001);
  expect(await valetErrorOf(() => tab.source.handleRedirect())).toMatchObject({
    code: 'TOKEN_ENDPOINT_REJECTED',
  });
  expect(server.asked.size).toBe(0);
});

test('a user who says no is told of as such', async () => {
  await using server = await startAuthorizationServer();
  server.user = undefined;
  const tab = openTab(server);
  await tab.source.signIn();
  await comeBack(tab);
  expect(await valetErrorOf(() => tab.source.handleRedirect())).toMatchObject({
    code: 'TOKEN_ENDPOINT_REJECTED',
    oauthError: 'access_denied',
  });
});

test('an answer in the name of another issuer is refused (RFC 9207)', async () => {
  await using server = await startAuthorizationServer();
  const tab = openTab(server);
  await tab.source.signIn();
  await comeBack(tab);
  const url = new URL(tab.href);
  expect(url.searchParams.get('iss')).toBe(server.issuer);
  url.searchParams.set('iss', 'https://evil.example');
  tab.href = url.href;
  expect(await valetErrorOf(() => tab.source.handleRedirect())).toMatchObject({
    code: 'TOKEN_ENDPOINT_REJECTED',
  });
  expect(server.asked.size).toBe(0);
});

test.each(['https://evil.example/', '//evil.example', 'javascript:alert(1)', 'http://127.0.0.1:81/'])(
  'a login returns to no other place than its own origin: not to %s',
  async (returnTo) => {
    const tab = openTab({ issuer: 'https://id.example' });
    expect(await valetErrorOf(() => tab.source.signIn({ returnTo }))).toMatchObject({
      code: 'INVALID_OPTION',
    });
    expect(tab.stored.size).toBe(0);
  },
);

test('a misspelt option of a login is refused before anything is stored', async () => {
  const tab = openTab({ issuer: 'https://id.example' });
  const error = await valetErrorOf(() => tab.source.signIn({ returnto: '/orders' } as object));
  expect(error.code).toBe('INVALID_OPTION');
  expect(error.message).toContain('"returnto"');
  expect(tab.stored.size).toBe(0);
  expect(tab.href).toBe(HOME);
});

test.each(['redirectUri', 'postLogoutRedirectUri'])(
  '%s is a whole URL of the app, and the message says so',
  async (name) => {
    const error = await valetErrorOf(() =>
      openTab({ issuer: 'https://id.example' }, { [name]: '/signed-in' }),
    );
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain(`${name} is a whole URL of your app`);
    expect(error.message).toContain('https://app.example.com/signed-in');
  },
);

test('a page of this origin may be named to return to', async () => {
  await using server = await startAuthorizationServer();
  const tab = openTab(server);
  await tab.source.signIn({ returnTo: '/orders#last' });
  await comeBack(tab);
  expect(await tab.source.handleRedirect()).toEqual({ returnTo: 'http://127.0.0.1/orders#last' });
});

test('parameters of the login go along, and none of ours is overwritten', async () => {
  await using server = await startAuthorizationServer();
  const tab = openTab(server);
  await tab.source.signIn({
    parameters: { prompt: 'login', state: 'chosen', code_challenge_method: 'plain' },
  });
  const { searchParams } = new URL(tab.href);
  expect(searchParams.get('prompt')).toBe('login');
  expect(searchParams.get('state')).not.toBe('chosen');
  expect(searchParams.get('code_challenge_method')).toBe('S256');
});

test('a reload keeps the session where there is a store, and a new login takes it over', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer();
  const store = memoryStore();
  const before = openTab(server);
  const first = new Client(accessToken(before.source, { store }), { baseUrl: api.origin });
  await before.source.signIn();
  await comeBack(before);
  await before.source.handleRedirect();
  await first.fetch('/');
  first.close();

  const after = openTab(server);
  using reloaded = new Client(accessToken(after.source, { store }), { baseUrl: api.origin });
  expect((await reloaded.fetch('/')).status).toBe(204);
  expect(reloaded.session.snapshot).toMatchObject({ user: { id: 'alice' } });
  expect(server.asked.get('authorization_code')).toBe(1);

  // Another page load, with the answer of a login of somebody else: the store still holds Alice.
  server.user = 'bob';
  const third = openTab(server);
  await third.source.signIn();
  await comeBack(third);
  await third.source.handleRedirect();
  using bobs = new Client(accessToken(third.source, { store }), { baseUrl: api.origin });
  await bobs.fetch('/');
  expect(bobs.session.snapshot).toMatchObject({ user: { id: 'bob' } });
  await reloaded.session.ready;
  await reloaded.fetch('/');
  expect(reloaded.session.snapshot).toMatchObject({ user: { id: 'bob' } });
});

test('a sign-out revokes the refresh token (RFC 7009)', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer();
  const tab = openTab(server);
  let spent: string | undefined;
  const watched: TokenSource = {
    getToken: (context) => tab.source.getToken(context),
    signOut(ended) {
      spent = ended.refreshToken;
      return tab.source.signOut?.(ended);
    },
  };
  using client = new Client(watched, { baseUrl: api.origin });
  await tab.source.signIn({ parameters: { prompt: 'consent' } });
  await comeBack(tab);
  await tab.source.handleRedirect();
  await client.session.refresh();
  await client.signOut();
  expect(spent).toBeDefined();
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: spent ?? '',
    client_id: 'spa',
  });
  const answer = await fetch(`${server.issuer}/token`, { method: 'POST', body: form });
  expect(await answer.json()).toMatchObject({ error: 'invalid_grant' });
});

test.each(['https://evil.example/', 'javascript:alert(1)', 'blob:http://127.0.0.1/x'])(
  'a place to return to that somebody else has written, %s, is not believed',
  async (returnTo) => {
    await using server = await startAuthorizationServer();
    const tab = openTab(server);
    await tab.source.signIn();
    for (const [key, text] of tab.stored)
      tab.stored.set(key, JSON.stringify({ ...JSON.parse(text), returnTo }));
    await comeBack(tab);
    expect(await valetErrorOf(() => tab.source.handleRedirect())).toMatchObject({ code: 'INVALID_OPTION' });
    expect(server.asked.size).toBe(0);
  },
);

test('a login that asks for no ID token sends no nonce: servers refuse one without the other', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer();
  const tab = openTab(server, { scopes: ['read'] });
  using client = new Client(tab.source, { baseUrl: api.origin });
  await tab.source.signIn();
  expect(new URL(tab.href).searchParams.has('nonce')).toBe(false);
  await comeBack(tab);
  await tab.source.handleRedirect();
  expect((await client.fetch('/')).status).toBe(204);
});

test.each([
  ['without a store', undefined],
  ['with a store', memoryStore()],
])('a login that is done is the session’s at once, whoever asked before (%s)', async (_, store) => {
  await using server = await startAuthorizationServer();
  const tab = openTab(server);
  await tab.source.signIn();
  await comeBack(tab);
  using client = new Client(accessToken(tab.source, store && { store }), {
    baseUrl: 'https://api.example.com',
  });
  const shown: string[] = [];
  const handled = tab.source.handleRedirect();
  client.session.subscribe(() => void shown.push(client.session.snapshot.status));
  await handled;
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'alice' } });
  // Nobody was told in between that they are signed out: a page would send them to the login again.
  expect(shown).toEqual(['signed-in']);
});

test('a login that comes to nothing leaves who asked meanwhile signed out', async () => {
  await using server = await startAuthorizationServer();
  const tab = openTab(server);
  await tab.source.signIn();
  server.user = undefined;
  await comeBack(tab);
  using client = new Client(tab.source, { baseUrl: 'https://api.example.com' });
  const handled = tab.source.handleRedirect();
  const asked = client.session.ready;
  expect(await valetErrorOf(() => handled)).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
  expect(await asked).toEqual({ status: 'signed-out' });
});

test('who looked before the login was finished sees the user when it is', async () => {
  await using server = await startAuthorizationServer();
  const tab = openTab(server);
  using client = new Client(accessToken(tab.source, { store: memoryStore() }), {
    baseUrl: 'https://api.example.com',
  });
  expect(await client.session.ready).toEqual({ status: 'signed-out' });
  await tab.source.signIn();
  await comeBack(tab);
  await tab.source.handleRedirect();
  expect(await client.session.ready).toMatchObject({ status: 'signed-in', user: { id: 'alice' } });
});
