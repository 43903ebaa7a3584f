import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  type AuthStrategy,
  accessToken,
  apiKey,
  type CreateFetchOptions,
  createFetch,
  SessionError,
  ValetError,
} from '../src/fetch.ts';
import { settle } from './support/clock.ts';
import { createRecordingFetch } from './support/recording-fetch.ts';
import { sendJson, startServer } from './support/server.ts';
import { expectNoSecret, thrownBy, valetErrorOf } from './support/thrown.ts';

const KEY = 'standalone-key-0123456789';
const BASE = 'https://api.example.com/v1';

test('createFetch makes a fetch that sends the key', async () => {
  await using server = await startServer((_, response) => sendJson(response, { ok: true }));
  const fetch = createFetch(KEY, { baseUrl: server.origin });
  const response = await fetch('orders', { method: 'POST', body: 'hello' });
  expect(await response.json()).toEqual({ ok: true });
  const [request] = server.received;
  expect([request?.method, request?.url, String(request?.body)]).toEqual(['POST', '/orders', 'hello']);
  expect(request?.headers['x-api-key']).toBe(KEY);
});

test('createFetch takes a strategy, and hands out its session', async () => {
  const { fetch, sent } = createRecordingFetch();
  const strategy = accessToken(() => 'token-01', { user: () => ({ id: 'ada' }) });
  const send = createFetch(strategy, { baseUrl: BASE, runtime: { fetch } });
  await send('x');
  expect(sent[0]?.headers.get('authorization')).toBe('Bearer token-01');
  expect(send.session).toBe(strategy.session);
  expect(send.session.snapshot).toMatchObject({ user: { id: 'ada' } });
});

test('the session of a key is that of the service', async () => {
  const { session } = createFetch(KEY, { baseUrl: BASE });
  expect(await session.ready).toEqual({ status: 'signed-in', user: { id: 'service' } });
});

test.each<[string, unknown, string]>([
  ['undefined', undefined, 'MISSING_API_KEY'],
  ['null', null, 'MISSING_API_KEY'],
  ['an empty text', '', 'MISSING_API_KEY'],
  ['a function', () => 'token', 'INVALID_OPTION'],
  ['a source', { getToken: () => 'token' }, 'INVALID_OPTION'],
  ['a number', 42, 'INVALID_OPTION'],
])('createFetch with %s says what it takes', async (_, credential, code) => {
  const error = await valetErrorOf(() => createFetch(credential as string));
  expect(error.code).toBe(code);
  if (code === 'INVALID_OPTION') expect(error.message).toContain('accessToken(');
});

test.each(['debug', 'logger', 'headers', 'timeout', 'retry', 'errorSchema', 'baseURL', 'store'])(
  'createFetch does not know the option %s',
  async (name) => {
    const make = () => createFetch(KEY, { [name]: undefined } as CreateFetchOptions);
    expect(await valetErrorOf(make)).toMatchObject({ code: 'INVALID_OPTION' });
  },
);

test.each<[string, unknown]>([
  ['a scope that is none', { scopes: ['a"b'] }],
  ['a number for an audience', { audience: 1 }],
  ['true', true],
  ['a misspelt member', { scope: 'a' }],
])('auth with %s rejects a request', async (_, auth) => {
  const { fetch, sent } = createRecordingFetch();
  const send = createFetch(KEY, { baseUrl: BASE, runtime: { fetch } });
  expect(await valetErrorOf(() => send('x', { auth: auth as false }))).toMatchObject({
    code: 'INVALID_OPTION',
  });
  expect(sent).toHaveLength(0);
});

test('our refusals reject, they do not throw', async () => {
  const send = createFetch(KEY, { baseUrl: BASE });
  const promise = send('https://other.example/');
  expect(promise).toBeInstanceOf(Promise);
  expect(ValetError.is(await thrownBy(() => promise))).toBe(true);
});

test('what the platform rejects with is handed on as it is', async () => {
  const mine = new TypeError('fetch failed', {
    cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
  });
  const { fetch } = createRecordingFetch(() => {
    throw mine;
  });
  const send = createFetch(KEY, { baseUrl: BASE, runtime: { fetch } });
  expect(await thrownBy(() => send('x'))).toBe(mine);
});

test('what the platform rejects with is redacted where it tells of the key', async () => {
  const { fetch } = createRecordingFetch((request) => {
    throw Object.assign(new TypeError(`cannot send to ${request.url}`), {
      request,
      headers: request.headers,
    });
  });
  for (const strategy of [apiKey(KEY), apiKey(KEY, { in: 'query' })]) {
    const error = await thrownBy(() => createFetch(strategy, { baseUrl: BASE, runtime: { fetch } })('x'));
    expect(error).toBeInstanceOf(TypeError);
    expectNoSecret(error, KEY);
  }
});

test('a key of which nothing is known by value is kept out by its place', async () => {
  const { fetch } = createRecordingFetch();
  const response = await createFetch(apiKey('xyz', { in: 'query' }), { baseUrl: BASE, runtime: { fetch } })(
    'x?a=1',
  );
  expect(response.url).toBe(`${BASE}/x?a=1`);
});

test('close ends it', async () => {
  const send = createFetch(KEY, { baseUrl: BASE });
  send.close();
  expect(await valetErrorOf(() => send('x'))).toMatchObject({ code: 'CLIENT_CLOSED' });
});

test('what a strategy throws reaches the caller, in whatever way it throws', async () => {
  const ended = new SessionError('SESSION_ENDED');
  const strategy = (credential: AuthStrategy['credential']): AuthStrategy => ({
    name: 'own',
    placement: 'header',
    credential,
    apply: () => {},
  });
  const throwing = strategy(() => {
    throw ended;
  });
  for (const one of [throwing, strategy(() => Promise.reject(ended))]) {
    const { fetch, sent } = createRecordingFetch();
    expect(await thrownBy(() => createFetch(one, { baseUrl: BASE, runtime: { fetch } })('x'))).toBe(ended);
    expect(sent).toHaveLength(0);
  }
});

test('a strategy is connected once, before it is asked, and told when the client is closed', async () => {
  const calls: string[] = [];
  const strategy: AuthStrategy<string> = {
    name: 'own',
    placement: 'header',
    connect: ({ signal, clock, random, events, redactor }) => {
      calls.push('connect');
      signal.addEventListener('abort', () => calls.push('closed'));
      expect([typeof clock.now(), typeof random(), events.hears('request')]).toEqual([
        'number',
        'number',
        false,
      ]);
      redactor.add('own', 'own-credential');
    },
    credential: ({ resource }) => {
      calls.push(`asked for ${resource}`);
      return 'own-credential';
    },
    apply: (outgoing, credential) => {
      calls.push(`apply ${outgoing.method}`);
      outgoing.headers.set('x-own', credential);
    },
  };
  const { fetch } = createRecordingFetch();
  const send = createFetch(strategy, { baseUrl: BASE, runtime: { fetch } });
  await send('x', { method: 'PUT' });
  send.close();
  await settle();
  expect(calls).toEqual(['connect', `asked for ${BASE}/x`, 'apply PUT', 'closed']);
});

test('the pipeline reads in order, outermost first', () => {
  const source = readFileSync(new URL('../src/pipeline.ts', import.meta.url), 'utf8');
  const stages = [
    'resolve(',
    'guard(',
    'more.observe',
    'authenticate(',
    'redirects(',
    'attach(',
    'more.trace',
    'timeout(',
    'sendWith(',
  ];
  const body = source.slice(source.indexOf('return compose('));
  const places = stages.map((stage) => body.indexOf(stage));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places).not.toContain(-1);
});
