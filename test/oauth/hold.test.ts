import { expect, test } from 'vitest';
import { Client } from '../../src/index.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.mjs';
import { settle } from '../support/clock.ts';
import { CALLBACK, comeBack, openTab, type Tab } from '../support/login-tab.ts';
import { startScriptedIssuer, tokens } from '../support/scripted-issuer.ts';
import { startServer } from '../support/server.ts';
import { valetErrorOf } from '../support/thrown.ts';

/** A login that leaves its page where it is, as in a window of its own. */
async function signIn(tab: Tab, answer?: (href: string) => string): Promise<void> {
  await tab.source.signIn({ parameters: { prompt: 'consent' } });
  if (answer) tab.href = answer(tab.href);
  else await comeBack(tab);
  await tab.source.handleRedirect();
}

/** The refresh token is spent, and its answer lost: the server ends the session. */
async function end(client: Client, server: AuthorizationServer): Promise<void> {
  server.cut = (_, what) => (what === 'POST /token' ? 'answer' : undefined);
  await client.session.refresh().catch(() => {});
  server.cut = undefined;
  await client.session.refresh().catch(() => {});
  expect(client.session.snapshot.status).toBe('ended');
}

test('a request that is held while a session has ended goes out for its user, and for no other', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer();
  const tab = openTab(server);
  using client = new Client(tab.source, { baseUrl: api.origin, whenSessionEnds: 'hold' });
  await signIn(tab);
  await client.session.ready;
  await end(client, server);

  const held = client.fetch('orders');
  await settle();
  expect(api.received).toHaveLength(0);
  await signIn(tab);
  expect((await held).status).toBe(204);

  await end(client, server);
  const lost = valetErrorOf(() => client.fetch('orders'));
  server.user = 'bob';
  await signIn(tab);
  expect(await lost).toMatchObject({ code: 'SESSION_CHANGED' });
  expect(api.received).toHaveLength(1);
});

test('without an ID token and with opaque tokens each login is that of somebody else', async () => {
  await using issuer = await startScriptedIssuer();
  const { endpoints, origin } = issuer;
  const tab = openTab({ issuer: '' }, { issuer: undefined, endpoints, clientId: 'app' });
  using client = new Client(tab.source, { baseUrl: origin, whenSessionEnds: 'hold' });
  const back = (href: string): string =>
    `${CALLBACK}?code=code-0123456789&state=${new URL(href).searchParams.get('state')}`;
  await signIn(tab, back);
  const first = await client.session.ready;
  issuer.answer = () => ({ status: 400, body: { error: 'invalid_grant' } });
  await client.session.refresh().catch(() => {});
  expect(client.session.snapshot.status).toBe('ended');
  const held = valetErrorOf(() => client.fetch('/'));
  issuer.answer = () => ({ body: tokens() });
  await signIn(tab, back);
  expect(await held).toMatchObject({ code: 'SESSION_CHANGED' });
  const second = client.session.snapshot;
  const ids = [first, second].map((snapshot) => (snapshot.status === 'signed-in' ? snapshot.user.id : ''));
  expect(new Set(ids).size).toBe(2);
  expect(ids).not.toContain('');
});
