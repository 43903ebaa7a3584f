import { expect, test } from 'vitest';
import { accessToken, Client } from '../../src/index.ts';
import { deviceCode, refreshToken } from '../../src/oauth.ts';
import { memoryStore } from '../../src/stores.ts';
import { settle } from '../support/clock.ts';
import { CALLBACK, openTab, type Tab } from '../support/login-tab.ts';
import { idTokenOf, type ScriptedIssuer, startScriptedIssuer, tokens } from '../support/scripted-issuer.ts';
import { expectNoSecret, valetErrorOf } from '../support/thrown.ts';

const MINUTE = 60;
const now = (): number => Math.floor(Date.now() / 1000);

/** A tab that has begun a login, and what its ID token must say. */
async function begin(
  { endpoints }: ScriptedIssuer,
  scopes = ['openid'],
): Promise<{ tab: Tab; nonce: string }> {
  const tab = openTab({ issuer: '' }, { issuer: undefined, endpoints, clientId: 'app', scopes });
  await tab.source.signIn();
  const { searchParams } = new URL(tab.href);
  tab.href = `${CALLBACK}?code=code-0123456789&state=${searchParams.get('state')}`;
  return { tab, nonce: searchParams.get('nonce') ?? '' };
}

test('what the server says of the user is believed where it fits', async () => {
  await using issuer = await startScriptedIssuer();
  const { tab, nonce } = await begin(issuer);
  issuer.answer = () => ({ body: tokens({ id_token: idTokenOf(issuer, { nonce, name: 'Ada' }) }) });
  using client = new Client(tab.source, { baseUrl: issuer.origin });
  await tab.source.handleRedirect();
  expect(await client.session.ready).toMatchObject({ user: { id: 'ada', name: 'Ada' } });
});

test.each<[string, object, string]>([
  ['of another issuer', { iss: 'https://evil.example' }, 'iss'],
  ['for another client', { aud: 'other' }, 'aud'],
  ['for others, too, that nobody knows', { aud: ['app', 'other'] }, 'aud'],
  ['authorized for another client', { aud: ['app', 'other'], azp: 'other' }, 'azp'],
  ['of another login', { nonce: 'other' }, 'nonce'],
  ['of no login', { nonce: undefined }, 'nonce'],
  ['of nobody', { sub: undefined }, 'sub'],
])('an ID token %s is refused, and nothing is stored', async (_, claims, named) => {
  await using issuer = await startScriptedIssuer();
  const { tab, nonce } = await begin(issuer);
  const idToken = idTokenOf(issuer, { nonce, ...claims });
  issuer.answer = () => ({ body: tokens({ id_token: idToken }) });
  const shared = memoryStore();
  using client = new Client(accessToken(tab.source, { store: shared }), { baseUrl: issuer.origin });
  const error = await valetErrorOf(() => tab.source.handleRedirect());
  expect(error).toMatchObject({
    code: 'TOKEN_ENDPOINT_REJECTED',
    retryable: false,
    message: expect.stringMatching(new RegExp(`"${named}".*Check issuer and clientId`)),
  });
  expectNoSecret(error, idToken, 'access-token-0123', 'refresh-token-0123', 'code-0123456789');
  expect(tab.stored.size).toBe(0);
  expect(await client.session.ready).toEqual({ status: 'signed-out' });
  expect(await shared.store.read()).not.toMatchObject({ state: 'signed-in' });
  issuer.answer = () => ({ body: tokens() });
  await tab.source.signIn();
  const state = new URL(tab.href).searchParams.get('state');
  tab.href = `${CALLBACK}?code=code-0123456789&state=${state}`;
  expect(await tab.source.handleRedirect()).toBeDefined();
});

/** What careless servers do; the tokens are there all the same. */
const CARELESS: readonly (readonly [string, (body: object) => object])[] = [
  ['is said to be a page', (body) => ({ body: JSON.stringify(body) })],
  ['has another status', (body) => ({ body, status: 201 })],
  ['has a challenge beside it', (body) => ({ body, headers: { 'www-authenticate': 'Bearer realm="id"' } })],
];

test.each(CARELESS)('an ID token in an answer that %s is checked like any other', async (_, write) => {
  await using issuer = await startScriptedIssuer();
  for (const [claims, expected] of [
    [{}, 'signed-in'],
    [{ nonce: 'other' }, 'signed-out'],
    [{ iss: 'https://evil.example' }, 'signed-out'],
  ] as const) {
    const { tab, nonce } = await begin(issuer);
    issuer.answer = () => write(tokens({ id_token: idTokenOf(issuer, { nonce, ...claims }) }));
    using client = new Client(tab.source, { baseUrl: issuer.origin });
    const done = await tab.source.handleRedirect().catch(() => undefined);
    expect(done !== undefined).toBe(expected === 'signed-in');
    expect(await client.session.ready).toMatchObject({ status: expected });
  }
});

test('a login that asked for no ID token takes one all the same, but none of another login', async () => {
  await using issuer = await startScriptedIssuer();
  for (const [nonce, expected] of [
    [undefined, 'signed-in'],
    ['other', 'signed-out'],
  ]) {
    const { tab } = await begin(issuer, ['read']);
    issuer.answer = () => ({ body: tokens({ id_token: idTokenOf(issuer, { nonce }) }) });
    using client = new Client(tab.source, { baseUrl: issuer.origin });
    await tab.source.handleRedirect().catch(() => {});
    expect(await client.session.ready).toMatchObject({ status: expected });
  }
});

test.each<[string, object]>([
  ['of an unknown type', { token_type: 7 }],
  ['with an ID token that is none', { id_token: 'id.token-0123456789' }],
  ['with an ID token that nobody here can decrypt', { id_token: 'a.b.c.d.id-token-0123456789' }],
])('an answer %s is refused, and what it held is in no text', async (_, more) => {
  await using issuer = await startScriptedIssuer();
  const { tab } = await begin(issuer);
  issuer.answer = () => ({ body: tokens(more) });
  const error = await valetErrorOf(() => tab.source.handleRedirect());
  expect(error).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
  expectNoSecret(error, 'access-token-0123', 'refresh-token-0123', 'token-0123456789');
});

test.each<[string, object]>([
  ['has ended nine minutes ago by our clock', { exp: now() - 9 * MINUTE }],
  ['begins in nine minutes by our clock', { nbf: now() + 9 * MINUTE }],
])('an ID token that %s is good: clocks differ (rule T2)', async (_, times) => {
  await using issuer = await startScriptedIssuer();
  const { tab, nonce } = await begin(issuer);
  issuer.answer = () => ({ body: tokens({ id_token: idTokenOf(issuer, { nonce, ...times }) }) });
  expect(await tab.source.handleRedirect()).toBeDefined();
});

test.each<[string, object, string]>([
  ['has ended two hours ago', { exp: now() - 120 * MINUTE }, 'ended 120 minutes ago. Set the clock'],
  [
    'begins in two hours',
    { nbf: now() + 120 * MINUTE, exp: now() + 130 * MINUTE },
    'begins in 120 minutes. Set the clock',
  ],
])(
  'one that %s is refused with the clock named, unless the clock of the server agrees with it',
  async (_, times, said) => {
    await using issuer = await startScriptedIssuer();
    const ahead = 'nbf' in times ? 125 : -125;
    for (const minutes of [0, ahead]) {
      const { tab, nonce } = await begin(issuer);
      const body = tokens({ id_token: idTokenOf(issuer, { nonce, ...times }) });
      issuer.answer = () => ({ body, ahead: minutes * MINUTE * 1000 });
      const handled = tab.source.handleRedirect();
      if (minutes === 0) {
        expect(await valetErrorOf(() => handled)).toMatchObject({
          code: 'TOKEN_ENDPOINT_REJECTED',
          message: expect.stringContaining(said),
        });
      } else expect(await handled).toBeDefined();
    }
  },
);

test('one that fits neither clock is refused, and looked at twice at the most', async () => {
  await using issuer = await startScriptedIssuer();
  const { tab, nonce } = await begin(issuer);
  const idToken = idTokenOf(issuer, { nonce, exp: now() - 180 * MINUTE });
  issuer.answer = () => ({ body: tokens({ id_token: idToken }), ahead: 60 * MINUTE * 1000 });
  expect(await valetErrorOf(() => tab.source.handleRedirect())).toMatchObject({
    code: 'TOKEN_ENDPOINT_REJECTED',
  });
});

test('a device is not signed in with an ID token of another issuer', async () => {
  await using issuer = await startScriptedIssuer();
  const { endpoints } = issuer;
  issuer.answer = () => ({ body: tokens({ id_token: idTokenOf(issuer, { iss: 'https://evil.example' }) }) });
  const source = deviceCode({ endpoints, clientId: 'app', onCode: () => {} });
  expect(await valetErrorOf(() => source.signIn())).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
  using client = new Client(source, { baseUrl: issuer.origin });
  expect(await client.session.ready).toEqual({ status: 'signed-out' });
});

test('the times of an ID token lose no refresh token, and another issuer’s is refused', async () => {
  await using issuer = await startScriptedIssuer();
  const { endpoints, origin } = issuer;
  const shared = memoryStore();
  const initial = { refresh_token: 'kept-0123456789' };
  const source = refreshToken({ endpoints, clientId: 'app' });
  using client = new Client(accessToken(source, { store: shared, initial }), { baseUrl: origin });
  issuer.answer = () => ({ body: tokens({ id_token: idTokenOf(issuer, { exp: now() - 7200 * MINUTE }) }) });
  await client.session.refresh();
  const stored = async (): Promise<unknown> => Object(await shared.store.read()).userId;
  while ((await stored()) === undefined) await settle();
  expect(await shared.store.read()).toMatchObject({ refreshToken: 'refresh-token-0123', userId: 'ada' });
  issuer.answer = () => ({ body: tokens({ id_token: idTokenOf(issuer, { iss: 'https://evil.example' }) }) });
  expect(await valetErrorOf(() => client.session.refresh())).toMatchObject({
    code: 'TOKEN_ENDPOINT_REJECTED',
  });
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
});
