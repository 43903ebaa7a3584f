import { expect, test } from 'vitest';
import { Client, type TokenSource } from '../../src/index.ts';
import { deviceCode } from '../../src/oauth.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { CALLBACK, openTab, type Tab } from '../support/login-tab.ts';
import { quiet } from '../support/quiet.ts';
import { idTokenOf, type ScriptedIssuer, startScriptedIssuer, tokens } from '../support/scripted-issuer.ts';
import { startServer } from '../support/server.ts';
import { expectNoSecret } from '../support/thrown.ts';

const WITHOUT = { access_token: 'access-token-0123', token_type: 'Bearer', expires_in: 60 };

/** What a client of `source` warns of. */
function listen(source: TokenSource): { client: Client; warnings: readonly string[] } {
  const client = new Client(source, { baseUrl: 'https://api.test', logger: quiet });
  const warnings: string[] = [];
  client.on('warning', ({ code, message }) => {
    warnings.push(code);
    expect(message).toContain("prompt: 'consent'");
    expectNoSecret(message, 'access-token-0123', 'code-0123456789');
  });
  return { client, warnings };
}

function tabOf({ endpoints }: ScriptedIssuer, scopes: readonly string[]): Tab {
  return openTab({ issuer: '' }, { issuer: undefined, endpoints, scopes });
}

/** The login of a page, which is left on the way. */
async function finish(tab: Tab, back = tab): Promise<void> {
  const state = new URL(tab.href).searchParams.get('state');
  back.href = `${CALLBACK}?code=code-0123456789&state=${state}`;
  for (const [key, value] of tab.stored) back.stored.set(key, value);
  await back.source.handleRedirect();
}

test('a login that asked for offline_access and brought no refresh token is warned of, once', async () => {
  await using issuer = await startScriptedIssuer();
  issuer.answer = () => ({ body: WITHOUT });
  const tab = tabOf(issuer, ['read', 'offline_access']);
  const { client, warnings } = listen(tab.source);
  await tab.source.signIn();
  await finish(tab);
  await client.session.ready;
  await client.session.refresh().catch(() => {});
  expect(warnings).toEqual(['NO_REFRESH_TOKEN']);
  client.close();
});

test('it is told to a client that is made after the login, on the page that it came back to', async () => {
  await using issuer = await startScriptedIssuer();
  issuer.answer = () => ({ body: WITHOUT });
  const left = tabOf(issuer, []);
  await left.source.signIn({ scopes: ['offline_access'] });
  const back = tabOf(issuer, []);
  await finish(left, back);
  const { client, warnings } = listen(back.source);
  await client.session.ready;
  expect(warnings).toEqual(['NO_REFRESH_TOKEN']);
  client.close();
});

test.each<[string, object, readonly string[]]>([
  ['brought a refresh token', tokens(), ['offline_access']],
  ['did not ask for one', WITHOUT, ['read', 'not_offline_access']],
])('a login that %s is not warned of', async (_, body, scopes) => {
  await using issuer = await startScriptedIssuer();
  issuer.answer = () => ({ body });
  const tab = tabOf(issuer, scopes);
  const { client, warnings } = listen(tab.source);
  await tab.source.signIn();
  await finish(tab);
  expect(await client.session.ready).toMatchObject({ status: 'signed-in' });
  expect(warnings).toEqual([]);
  client.close();
});

const STOCK = 'https://stock.test/';

/** A client whose tokens are for one audience, once its user has signed in on another device. */
async function signInDevice({ endpoints }: ScriptedIssuer, baseUrl: string) {
  const clock = createManualClock();
  const source = deviceCode({ endpoints, clientId: 'app', clock, onCode: () => {} });
  const client = new Client(source, { baseUrl, auth: { audience: STOCK }, logger: quiet });
  const warnings: string[] = [];
  client.on('warning', ({ code }) => warnings.push(code));
  const signedIn = source.signIn({ scopes: ['offline_access'] });
  while (clock.timers === 0) await settle();
  await clock.advance(1000);
  await signedIn;
  return { client, warnings };
}

test('the login of a device is warned of, too, also where tokens are for one audience', async () => {
  await using issuer = await startScriptedIssuer();
  await using api = await startServer();
  issuer.answer = () => ({ body: WITHOUT });
  const { client, warnings } = await signInDevice(issuer, api.origin);
  expect((await client.fetch('orders')).status).toBe(204);
  expect(warnings).toEqual(['NO_REFRESH_TOKEN']);
  client.close();
});

test('a login whose first token is for one audience keeps its user and its refresh token', async () => {
  await using issuer = await startScriptedIssuer();
  await using api = await startServer();
  const login = tokens({ id_token: idTokenOf(issuer) });
  const bought = { access_token: 'for-the-audience', token_type: 'Bearer', expires_in: 60 };
  issuer.answer = (form) => ({ body: form.has('refresh_token') ? bought : login });
  const { client } = await signInDevice(issuer, api.origin);
  await client.fetch('orders');
  expect(api.received[0]?.headers.authorization).toBe('Bearer for-the-audience');
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
  await client.session.refresh();
  const redeemed = issuer.forms.slice(1).map((form) => [form.get('refresh_token'), form.get('resource')]);
  expect(redeemed).toEqual([1, 2].map(() => ['refresh-token-0123', STOCK]));
  client.close();
});

test('a login whose first token is for one audience outlives a bad moment of the server', async () => {
  await using issuer = await startScriptedIssuer();
  await using api = await startServer();
  let isDown = true;
  issuer.answer = (form) => {
    if (!form.has('refresh_token')) return { body: tokens() };
    return isDown
      ? { status: 503 }
      : { body: { access_token: 'for-the-audience', token_type: 'Bearer', expires_in: 60 } };
  };
  const { client } = await signInDevice(issuer, api.origin);
  isDown = false;
  expect((await client.fetch('orders')).status).toBe(204);
  client.close();
});

test('a login that met a bad moment is gone with a sign-out, also where that came first', async () => {
  await using issuer = await startScriptedIssuer();
  let client: Client | undefined;
  let left: Promise<void> | undefined;
  issuer.answer = (form) => {
    if (!form.has('refresh_token')) return { body: tokens() };
    left ??= client?.signOut();
    return { status: 503 };
  };
  const clock = createManualClock();
  const { endpoints } = issuer;
  const source = deviceCode({ endpoints, clientId: 'app', clock, onCode: () => {} });
  client = new Client(source, { baseUrl: 'https://api.test', auth: { audience: STOCK }, logger: quiet });
  const signedIn = source.signIn({ scopes: ['offline_access'] });
  while (clock.timers === 0) await settle();
  await clock.advance(1000);
  await signedIn;
  await left;
  const before = issuer.forms.length;
  await client.session.refresh().catch(() => {});
  expect(issuer.forms.length).toBe(before);
  expect(client.session.snapshot.status).toBe('signed-out');
  client.close();
});
