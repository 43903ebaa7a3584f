import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { AuthStrategy } from '../../src/contracts.ts';
import { accessToken, apiKey, bearer, Client, combine, createFetch } from '../../src/index.ts';
import { describeAuthStrategy } from '../contracts/auth-strategy.ts';
import { createRecordingFetch } from '../support/recording-fetch.ts';
import { expectNoSecret, thrownBy, valetErrorOf } from '../support/thrown.ts';

const BASE = 'https://api.example.com';
const KEY = 'application-key-0123456789';
const TOKEN = 'user-token-0123456789';
const NEXT = 'user-token-9876543210';

describeAuthStrategy('combine of a key and a token', () => ({
  strategy: combine([
    apiKey(KEY),
    accessToken(({ rejectedToken }) => (rejectedToken === undefined ? TOKEN : NEXT)),
  ]),
  secrets: [TOKEN, NEXT, KEY],
}));
describeAuthStrategy('combine of two keys', () => ({
  strategy: combine([apiKey(KEY, { in: 'query' }), bearer(TOKEN)]),
  secrets: [KEY, TOKEN],
}));
describeAuthStrategy('combine of one', () => ({ strategy: combine([bearer(TOKEN)]), secrets: [TOKEN] }));

test('all credentials are written on one request', async () => {
  const { fetch, sent } = createRecordingFetch();
  const strategy = combine([apiKey(KEY), apiKey('second-key-1', { in: 'query' }), accessToken(() => TOKEN)]);
  await createFetch(strategy, { baseUrl: BASE, runtime: { fetch } })('x');
  expect(sent[0]?.headers.get('x-api-key')).toBe(KEY);
  expect(sent[0]?.headers.get('authorization')).toBe(`Bearer ${TOKEN}`);
  expect(sent[0]?.url).toBe(`${BASE}/x?api_key=second-key-1`);
  expect(strategy.name).toBe('api-key+api-key+access-token');
});

test('the strictest placement counts', () => {
  const query = apiKey(KEY, { in: 'query' });
  expect(combine([bearer(TOKEN), apiKey(KEY)]).placement).toBe('header');
  expect(combine([apiKey(KEY), bearer(TOKEN)]).placement).toBe('header');
  expect(combine([bearer(TOKEN), apiKey(KEY), query]).placement).toBe('query');
  expect(combine([bearer(TOKEN)]).placement).toBe('authorization');
});

test('the session of the one that has one is the session of all', async () => {
  const { fetch } = createRecordingFetch();
  const user = accessToken(() => TOKEN, { user: () => ({ id: 'ada' }) });
  const client = new Client(combine([apiKey(KEY), user]), { baseUrl: BASE, runtime: { fetch } });
  expect(client.session).toBe(user.session);
  await client.fetch('x');
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
});

test('credentials that are at hand are sent before fetch returns (rule T1)', async () => {
  const { fetch, sent } = createRecordingFetch();
  const strategy = combine([apiKey(KEY), accessToken(() => TOKEN)]);
  const send = createFetch(strategy, { baseUrl: BASE, runtime: { fetch } });
  await send('x');
  const answer = send('x');
  expect(sent).toHaveLength(2);
  await answer;
});

test('two sessions on one request are refused, and so are none at all', async () => {
  const two = [accessToken(() => TOKEN), accessToken(() => NEXT)];
  expect(await valetErrorOf(() => combine(two))).toMatchObject({ code: 'INVALID_OPTION' });
  expect(await valetErrorOf(() => combine([]))).toMatchObject({ code: 'INVALID_OPTION' });
});

test.each<[string, () => AuthStrategy[]]>([
  ['one header', () => [apiKey(KEY), apiKey(TOKEN)]],
  ['one header in different spelling', () => [apiKey(KEY), apiKey(TOKEN, { name: 'X-API-Key' })]],
  ['Authorization', () => [bearer(KEY), accessToken(() => TOKEN)]],
  ['one query parameter', () => [apiKey(KEY, { in: 'query' }), apiKey(TOKEN, { in: 'query' })]],
])('two credentials in %s are refused: the second would write over the first', async (_, make) => {
  const error = await valetErrorOf(() => combine(make()));
  expect(error.code).toBe('INVALID_OPTION');
  expectNoSecret(error, KEY, TOKEN);
});

test('a 401 asks each of them with what it had sent', async () => {
  const { fetch, sent } = createRecordingFetch(({ headers }) => {
    const good =
      headers.get('x-api-key') === 'new-key-01' && headers.get('authorization') === `Bearer ${NEXT}`;
    return new Response(null, { status: good ? 200 : 401 });
  });
  const refused: unknown[] = [];
  const strategy = combine([
    apiKey(({ rejectedKey }) => {
      if (rejectedKey !== undefined) refused.push(rejectedKey);
      return rejectedKey === undefined ? KEY : 'new-key-01';
    }),
    accessToken(({ rejectedToken }) => {
      if (rejectedToken !== undefined) refused.push(rejectedToken);
      return rejectedToken === undefined ? TOKEN : NEXT;
    }),
  ]);
  const response = await createFetch(strategy, { baseUrl: BASE, runtime: { fetch } })('x');
  expect(response.status).toBe(200);
  expect(new Set(refused)).toEqual(new Set([KEY, TOKEN]));
  expect(sent).toHaveLength(2);
});

test('a request is sent again when one of them has something better', async () => {
  const { fetch, sent } = createRecordingFetch(({ headers }) => {
    return new Response(null, { status: headers.get('authorization') === `Bearer ${NEXT}` ? 200 : 401 });
  });
  const strategy = combine([
    apiKey(KEY),
    accessToken(({ rejectedToken }) => (rejectedToken === undefined ? TOKEN : NEXT)),
  ]);
  const response = await createFetch(strategy, { baseUrl: BASE, runtime: { fetch } })('x');
  expect(response.status).toBe(200);
  expect(sent.map(({ headers }) => headers.get('x-api-key'))).toEqual([KEY, KEY]);
});

test('a 401 is handed on where none of them has anything better', async () => {
  const { fetch, sent } = createRecordingFetch(() => new Response(null, { status: 401 }));
  const strategy = combine([apiKey(KEY), accessToken(() => TOKEN)]);
  const response = await createFetch(strategy, { baseUrl: BASE, runtime: { fetch } })('x');
  expect(response.status).toBe(401);
  expect(sent).toHaveLength(1);
});

test('one that fails keeps the request from being sent, and leaves no rejection behind', async () => {
  const { fetch, sent } = createRecordingFetch();
  const strategy = combine([
    apiKey(() => Promise.reject(new Error(`no ${KEY}`))),
    apiKey(() => Promise.reject(new Error('no key either')), { name: 'x-other-key' }),
    accessToken(() => TOKEN),
  ]);
  const send = createFetch(strategy, { baseUrl: BASE, runtime: { fetch } });
  expect(await valetErrorOf(() => send('x'))).toMatchObject({ code: 'TOKEN_PROVIDER_FAILED' });
  expect(sent).toHaveLength(0);
});

test('events name all credentials by label or fingerprint', async () => {
  const { fetch } = createRecordingFetch();
  const strategy = combine([apiKey(KEY, { label: 'app' }), bearer(TOKEN, { label: 'bot' })]);
  const client = new Client(strategy, { baseUrl: BASE, runtime: { fetch } });
  const ids: unknown[] = [];
  client.on('response', ({ credentialId }) => ids.push(credentialId));
  await client.fetch('x');
  expect(ids).toEqual(['app+bot']);
});

test('a 401 says what each of them sent', async () => {
  const { fetch } = createRecordingFetch(() => new Response(null, { status: 401 }));
  const client = new Client(combine([apiKey(KEY), bearer(TOKEN)]), { baseUrl: BASE, runtime: { fetch } });
  const error = await valetErrorOf(() => client.get('x'));
  expect(error.message).toContain('header x-api-key');
  expect(error.message).toContain('header authorization');
  expectNoSecret(error, KEY, TOKEN);
});

test('a strategy of the user’s own learns, describes and explains only if it can', async () => {
  const learnt: number[] = [];
  const own: AuthStrategy<string> = {
    name: 'hmac',
    placement: 'header',
    credential: () => 'signing-secret-1',
    apply: async (outgoing, secret) => {
      await Promise.resolve();
      outgoing.headers.set('x-signature', `signed with ${secret.length}`);
    },
    learn: (response) => {
      learnt.push(response.status);
      return learnt.length === 1;
    },
  };
  const { fetch, sent } = createRecordingFetch();
  const client = new Client(combine([own, apiKey(KEY)]), { baseUrl: BASE, runtime: { fetch } });
  expect((await client.fetch('x')).status).toBe(200);
  expect(sent.map(({ headers }) => headers.get('x-signature'))).toEqual(['signed with 16', 'signed with 16']);
  expect(learnt).toEqual([200, 200]);
});

test('a caller that gives up while one of them is asked gets its AbortError', async () => {
  const { fetch, sent } = createRecordingFetch();
  const strategy = combine([apiKey(KEY), bearer(() => new Promise(() => {}))]);
  const controller = new AbortController();
  const send = createFetch(strategy, { baseUrl: BASE, runtime: { fetch } });
  const failed = thrownBy(() => send('x', { signal: controller.signal }));
  controller.abort();
  expect(await failed).toMatchObject({ name: 'AbortError' });
  expect(sent).toHaveLength(0);
});

test.each<[string, unknown[]]>([
  ['two strategies side by side', [apiKey(KEY), bearer(TOKEN)]],
  ['nothing', []],
  ['a bare key in the list', [[KEY, bearer(TOKEN)]]],
  ['a provider in the list', [[apiKey(KEY), () => TOKEN]]],
  ['a hole in the list', [[apiKey(KEY), undefined]]],
])('combine() refuses %s', async (_, args) => {
  const error = await valetErrorOf(() => combine(...(args as Parameters<typeof combine>)));
  expect(error).toMatchObject({ code: 'INVALID_OPTION' });
  expect(error.message).toContain('list of strategies');
  expectNoSecret(error, KEY, TOKEN);
});

test('a credential that comes later, in whatever promise, is waited for', async () => {
  const { fetch, sent } = createRecordingFetch();
  // As in Jest: a promise of another realm is no instance of this one's Promise.
  const later = runInNewContext('Promise.resolve(token)', { token: TOKEN }) as Promise<string>;
  const own: AuthStrategy<string> = {
    name: 'own',
    placement: 'authorization',
    credential: () => later,
    apply: ({ headers }, credential) => headers.set('authorization', credential),
  };
  await createFetch(combine([apiKey(KEY), own]), { baseUrl: BASE, runtime: { fetch } })('x');
  expect(sent[0]?.headers.get('authorization')).toBe(TOKEN);
});

test('only a proof of possession is blamed for a redirect that a browser hides', () => {
  expect(combine([apiKey(KEY), bearer(TOKEN)]).learn).toBeUndefined();
});
