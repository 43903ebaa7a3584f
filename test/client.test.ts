import { expect, expectTypeOf, test } from 'vitest';
import {
  accessToken,
  apiKey,
  bearer,
  Client,
  type ClientOptions,
  type Credential,
  type ExtendOptions,
  type TokenSource,
} from '../src/index.ts';
import { createManualClock, settle } from './support/clock.ts';
import { quiet } from './support/quiet.ts';
import { createRecordingFetch } from './support/recording-fetch.ts';
import { startServer } from './support/server.ts';
import { expectNoSecret, thrownBy, valetErrorOf } from './support/thrown.ts';
import { createVerbClient, VERB_BASE, VERB_KEY } from './support/verb-client.ts';

async function headersFor(credential: Credential): Promise<Headers | undefined> {
  const { client, sent } = createVerbClient(undefined, {}, credential);
  await client.fetch('x');
  return sent[0]?.headers;
}

test('a string is an API key, in x-api-key', async () => {
  expect((await headersFor(VERB_KEY))?.get('x-api-key')).toBe(VERB_KEY);
});

test('a function is a token provider, never a key', async () => {
  const headers = await headersFor(() => VERB_KEY);
  expect(headers?.get('authorization')).toBe(`Bearer ${VERB_KEY}`);
  expect(headers?.has('x-api-key')).toBe(false);
});

test('an object with getToken is a token source, with its this', async () => {
  class Source implements TokenSource {
    #token = VERB_KEY;
    getToken(): string {
      return this.#token;
    }
  }
  expect((await headersFor(new Source()))?.get('authorization')).toBe(`Bearer ${VERB_KEY}`);
});

test('anything else is a strategy', async () => {
  expect((await headersFor(bearer(VERB_KEY)))?.get('authorization')).toBe(`Bearer ${VERB_KEY}`);
  const own = {
    name: 'own',
    placement: 'header' as const,
    credential: () => 'own-credential',
    apply: ({ headers }: { headers: Headers }, credential: unknown) =>
      headers.set('x-own', String(credential)),
  };
  expect((await headersFor(own))?.get('x-own')).toBe('own-credential');
});

test.each([undefined, null, '', 'undefined', 'null'])('new Client(%j) lacks a key', async (value) => {
  const error = await valetErrorOf(() => new Client(value as string));
  expect(error.code).toBe('MISSING_API_KEY');
  expect(error.message).toContain('new Client()');
  expect(error.message).toContain('process.env');
});

test.each([
  42,
  true,
  Symbol('x'),
  {},
  [],
  { getToken: 'x' },
  { credential: 'x', apply: 'y' },
  { credential: () => 'x' },
])('new Client(%o) is no credential', async (value) => {
  expect(await valetErrorOf(() => new Client(value as unknown as string))).toMatchObject({
    code: 'INVALID_OPTION',
  });
});

test.each([
  'baseURL',
  'baseurl',
  'prefixUrl',
  'allowOrigins',
  'dangerouslyAllowHTTP',
  'store',
  'stepUp',
  'scopes',
  'audience',
  'fetch',
  'hooks',
  'Debug',
])('the option %s is refused: a client does not know it', async (name) => {
  const error = await valetErrorOf(() => new Client(VERB_KEY, { [name]: undefined }));
  expect(error.code).toBe('INVALID_OPTION');
  expect(error.message).toContain(JSON.stringify(name));
  expect(error.message).toContain('baseUrl');
});

test.each<[string, unknown]>([
  ['a scope that is none', { auth: { scopes: ['a b'] } }],
  ['scopes that are no list', { auth: { scopes: 'a' } }],
  ['an empty audience', { auth: { audience: '' } }],
  ['an end of the session in other words', { whenSessionEnds: 'wait' }],
  ['a hold without end in words', { whenSessionEnds: 'hold', holdLimit: 'never' }],
  ['a misspelt auth', { auth: { scope: 'a' } }],
  ['auth: true', { auth: true }],
  ['auth: null', { auth: null }],
  ['a misspelt runtime', { runtime: { clok: {} } }],
  ['origins that are no list', { allowedOrigins: 'https://a.example' }],
  ['an origin with a path', { allowedOrigins: ['https://a.example/x'] }],
  ['an origin with a wildcard', { allowedOrigins: ['https://*.a.example'] }],
  ['an origin without a scheme', { allowedOrigins: ['a.example'] }],
  ['an insecure origin that is none', { dangerouslyAllowHttp: [true] }],
  ['a switch where a list belongs', { dangerouslyAllowHttp: true }],
  ['a timeout in words', { timeout: '5s' }],
  ['a negative timeout', { timeout: -1 }],
  ['a timeout of 0, which means none elsewhere', { timeout: 0 }],
  ['a fetch that is none', { runtime: { fetch: 1 } }],
  ['a clock that is none', { runtime: { clock: Date } }],
  ['random as a number', { runtime: { random: 0.5 } }],
  ['a runtime in words', { runtime: 'node' }],
  ['a timeout that is no number', { timeout: Number.NaN }],
])('%s is an invalid option', async (_, options) => {
  expect(await valetErrorOf(() => new Client(VERB_KEY, options as ClientOptions))).toMatchObject({
    code: 'INVALID_OPTION',
  });
});

test.each([
  '',
  'api.example.com',
  'ftp://api.example.com',
  'file:///etc',
  'https://me:secret@api.example.com',
  'https://api.example.com/?key=secret',
  'https://api.example.com/#x',
  '//api.example.com',
  '/\\api.example.com',
  42,
  null,
])('the base URL %j is refused', async (baseUrl) => {
  const error = await valetErrorOf(() => new Client(VERB_KEY, { baseUrl: baseUrl as string }));
  expect(error.code).toBe('INVALID_BASE_URL');
  expect(error.message).not.toContain('secret');
});

test('construction asks nobody and sends nothing', async () => {
  let asked = 0;
  const clock = createManualClock();
  const { client, sent } = createVerbClient(undefined, { runtime: { clock } }, () => {
    asked++;
    return VERB_KEY;
  });
  await settle();
  expect([asked, sent.length, clock.timers, clock.wakeListeners]).toEqual([0, 0, 0, 0]);
  expect(client.session.snapshot).toEqual({ status: 'loading' });
});

test('a polluted prototype opens no client', async () => {
  const pollution = {
    allowedOrigins: ['https://evil.example'],
    dangerouslyAllowHttp: ['http://evil.example'],
  };
  Object.assign(Object.prototype, pollution);
  try {
    const { client, sent } = createVerbClient();
    for (const url of ['https://evil.example/', 'http://evil.example/']) {
      expect(await valetErrorOf(() => client.fetch(url))).toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
    }
    expect(sent).toHaveLength(0);
  } finally {
    for (const key of Object.keys(pollution)) Reflect.deleteProperty(Object.prototype, key);
  }
});

test('fetch works unbound, wherever a fetch is taken', async () => {
  const { client, sent } = createVerbClient();
  const { fetch } = client;
  const typed: typeof globalThis.fetch = fetch;
  expect((await typed('x')).status).toBe(200);
  expect(await Promise.all(['a', 'b'].map((path) => fetch(path).then(({ status }) => status)))).toEqual([
    200, 200,
  ]);
  expect(sent).toHaveLength(3);
});

test('fetch hands out every status', async () => {
  const { client } = createVerbClient(() => new Response('no', { status: 500 }));
  const response = await client.fetch('x');
  expect(response.status).toBe(500);
  expect(await response.text()).toBe('no');
});

test('the service session of a key is signed in for good', async () => {
  const { client } = createVerbClient();
  const { session } = client;
  expect(session.snapshot).toEqual({ status: 'signed-in', user: { id: 'service' } });
  expect(await session.ready).toBe(session.snapshot);
  await session.refresh();
  await client.signOut();
  expect(session.snapshot.status).toBe('signed-in');
  expect(await valetErrorOf(() => session.signIn({ token: 'x' }))).toMatchObject({ code: 'INVALID_OPTION' });
  expect((await client.fetch('x')).status).toBe(200);
});

test('signOut signs out here and at the source', async () => {
  let signedOut = 0;
  const source: TokenSource = { getToken: () => VERB_KEY, signOut: () => void signedOut++ };
  const { client, sent } = createVerbClient(undefined, {}, source);
  await client.fetch('x');
  await client.signOut();
  expect(signedOut).toBe(1);
  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
  expect(await valetErrorOf(() => client.fetch('x'))).toMatchObject({ code: 'SIGNED_OUT' });
  expect(sent).toHaveLength(1);
});

test('a child is another base URL on the same session, and its credential goes nowhere else', async () => {
  let asked = 0;
  const { client, sent } = createVerbClient(undefined, {}, () => `token-${++asked}`);
  const child = client.extend({ baseUrl: 'https://files.example.com' });
  await client.fetch('x');
  await child.fetch('y');
  expect(child.session).toBe(client.session);
  expect(sent.map(({ url }) => url)).toEqual([`${VERB_BASE}/x`, 'https://files.example.com/y']);
  expect(sent.map(({ headers }) => headers.get('authorization'))).toEqual([
    'Bearer token-1',
    'Bearer token-1',
  ]);
  expect(await valetErrorOf(() => child.fetch(`${VERB_BASE}/x`))).toMatchObject({
    code: 'ORIGIN_NOT_ALLOWED',
  });
  expect(await valetErrorOf(() => client.fetch('https://files.example.com/y'))).toMatchObject({
    code: 'ORIGIN_NOT_ALLOWED',
  });
});

test('a child has what it does not change from its parent', async () => {
  const { client, sent } = createVerbClient(() => new Response(null, { status: 503 }), {
    retry: 0,
    allowedOrigins: ['https://other.example'],
    auth: 'optional',
  });
  const grandchild = client.extend({ headers: { 'x-a': '1' } }).extend({ headers: { 'x-b': '2' } });
  await thrownBy(() => grandchild.get('https://other.example/x'));
  expect(sent).toHaveLength(1);
  expect(sent[0]?.headers.get('x-a')).toBe('1');
  expect(sent[0]?.headers.get('x-b')).toBe('2');
  expect(sent[0]?.headers.get('x-api-key')).toBe(VERB_KEY);
});

test('a child may have everything go out bare', async () => {
  const { client, sent } = createVerbClient();
  await client.extend({ auth: false }).fetch('https://anywhere.example/x');
  expect(sent[0]?.headers.has('x-api-key')).toBe(false);
});

test.each(['debug', 'logger', 'runtime', 'initial', 'user', 'basUrl'])(
  'extend takes no %s: the session has it, or nobody',
  async (name) => {
    const { client } = createVerbClient();
    const error = await valetErrorOf(() => client.extend({ [name]: undefined } as ExtendOptions));
    expect(error.code).toBe('INVALID_OPTION');
  },
);

test('events of a child are heard at its parent, and the other way round, under ids of their own', async () => {
  const { client } = createVerbClient();
  const child = client.extend({});
  const heard: string[] = [];
  client.on('request', ({ id }) => heard.push(`parent ${id}`));
  child.on('request', ({ id }) => heard.push(`child ${id}`));
  await client.fetch('x');
  await child.fetch('x');
  expect(heard).toEqual(['parent r1', 'child r1', 'parent r2', 'child r2']);
});

test('closing a child leaves its parent', async () => {
  const { client } = createVerbClient(undefined, {}, () => VERB_KEY);
  const child = client.extend({});
  child.close();
  expect(await valetErrorOf(() => child.fetch('x'))).toMatchObject({ code: 'CLIENT_CLOSED' });
  expect(await valetErrorOf(() => child.get('x'))).toMatchObject({ code: 'CLIENT_CLOSED' });
  expect((await client.fetch('x')).status).toBe(200);
});

test('closing a parent closes its children', async () => {
  const { client } = createVerbClient(undefined, {}, () => VERB_KEY);
  const child = client.extend({});
  client.close();
  client.close();
  for (const one of [client, child]) {
    expect(await valetErrorOf(() => one.fetch('x'))).toMatchObject({ code: 'CLIENT_CLOSED' });
    expect(await valetErrorOf(() => one.get('x'))).toMatchObject({ code: 'CLIENT_CLOSED' });
  }
});

test('closing a parent with a key keeps the verbs of its children from being sent', async () => {
  const { client, sent } = createVerbClient();
  const child = client.extend({});
  client.close();
  expect(await valetErrorOf(() => child.get('x'))).toMatchObject({ code: 'CLIENT_CLOSED' });
  expect(sent).toHaveLength(0);
});

test('a client that is closed while a request waits for a token lets nothing out', async () => {
  const token = Promise.withResolvers<string>();
  const { client, sent } = createVerbClient(undefined, {}, () => token.promise);
  const error = valetErrorOf(() => client.fetch('x'));
  await settle();
  client.close();
  token.resolve(VERB_KEY);
  expect(await error).toMatchObject({ code: 'CLIENT_CLOSED' });
  expect(sent).toHaveLength(0);
});

test('close leaves no timer and no listener behind', async () => {
  const clock = createManualClock();
  const provider = (): Response => new Response(null, { status: 503 });
  const strategy = accessToken(provider, { initial: { token: VERB_KEY, expiresIn: 60 } });
  const { client } = createVerbClient(undefined, { runtime: { clock } }, strategy);
  await clock.advance(55_000);
  await client.fetch('x');
  await settle();
  client.close();
  expect(clock.timers).toBe(0);
  expect(clock.wakeListeners).toBe(0);
});

test('using closes a client at the end of its block', async () => {
  let leaked: Client;
  {
    using client = createVerbClient().client;
    leaked = client;
    expect((await client.fetch('x')).status).toBe(200);
  }
  expect(await valetErrorOf(() => leaked.fetch('x'))).toMatchObject({ code: 'CLIENT_CLOSED' });
});

test('two clients are strangers', async () => {
  const heard: string[] = [];
  const first = createVerbClient();
  const second = createVerbClient();
  second.client.on('request', () => heard.push('second'));
  await first.client.fetch('x');
  first.client.close();
  expect(heard).toEqual([]);
  expect((await second.client.fetch('x')).status).toBe(200);
});

test('a client does not keep what it was given: changing the options later changes nothing', async () => {
  const options = {
    baseUrl: new URL(VERB_BASE),
    allowedOrigins: ['https://a.example'],
    headers: { 'x-a': '1' },
  };
  const { fetch, sent } = createRecordingFetch();
  const client = new Client(VERB_KEY, { ...options, logger: quiet, runtime: { fetch } });
  options.baseUrl.host = 'evil.example';
  options.allowedOrigins.push('https://evil.example');
  await client.get('x');
  expect(sent[0]?.url).toBe(`${VERB_BASE}/x`);
  expect(await valetErrorOf(() => client.fetch('https://evil.example/'))).toMatchObject({
    code: 'ORIGIN_NOT_ALLOWED',
  });
});

test('frozen options are fine', async () => {
  const { fetch, sent } = createRecordingFetch();
  const options = Object.freeze({
    baseUrl: VERB_BASE,
    headers: Object.freeze({ 'x-a': '1' }),
    runtime: { fetch },
  });
  const client = new Client(apiKey(VERB_KEY, Object.freeze({ in: 'header' })), options);
  await client.get('x', Object.freeze({ headers: Object.freeze({ 'x-b': '2' }) }));
  expect(sent).toHaveLength(1);
});

test('our refusals are a warning once each, of fetch but not of verbs', async () => {
  const { client } = createVerbClient();
  const codes: string[] = [];
  client.on('warning', ({ code }) => codes.push(code));
  await thrownBy(() => client.get('https://other.example/'));
  expect(codes).toEqual([]);
  await thrownBy(() => client.fetch('https://other.example/'));
  await thrownBy(() => client.fetch('https://other.example/'));
  await thrownBy(() => client.fetch('http://['));
  expect(codes).toEqual(['ORIGIN_NOT_ALLOWED', 'INVALID_OPTION']);
});

test('what may work later is no warning', async () => {
  const { client } = createVerbClient(
    undefined,
    {},
    apiKey(() => Promise.reject(new Error('later'))),
  );
  const codes: string[] = [];
  client.on('warning', ({ code }) => codes.push(code));
  expect(await valetErrorOf(() => client.fetch('x'))).toMatchObject({ retryable: true });
  expect(codes).toEqual([]);
});

test('the platform’s own failures are no warnings', async () => {
  const { client } = createVerbClient(() => {
    throw new TypeError('fetch failed');
  });
  const codes: string[] = [];
  client.on('warning', ({ code }) => codes.push(code));
  expect(await thrownBy(() => client.fetch('x'))).toBeInstanceOf(TypeError);
  expect(codes).toEqual([]);
});

test('without runtime a client uses the fetch of the platform', async () => {
  await using server = await startServer();
  const client = new Client(VERB_KEY, { baseUrl: server.origin });
  expect((await client.fetch('x')).status).toBe(204);
  expect(server.received[0]?.headers['x-api-key']).toBe(VERB_KEY);
});

test('the user of a strategy is the user of its client', () => {
  const strategy = accessToken(() => VERB_KEY, { user: () => ({ id: 'ada', admin: true }) });
  const client = new Client(strategy);
  expectTypeOf(client.session.snapshot)
    .extract<{ status: 'signed-in' }>()
    .toHaveProperty('user')
    .toMatchTypeOf<{
      admin: boolean;
    }>();
  client.close();
});

test.each(['sk-live-0123456789', 42, null, [VERB_KEY]])(
  'options as %j are refused in words, without what was passed: it may be a secret',
  async (options) => {
    const error = await valetErrorOf(() => new Client(VERB_KEY, options as ClientOptions));
    expect(error).toMatchObject({ code: 'INVALID_OPTION' });
    expect(error.message).toContain('{ baseUrl }');
    expectNoSecret(error, 'sk-live-0123456789', VERB_KEY);
  },
);

test.each([undefined, null, 'https://other.test'])('extend(%j) is refused', async (options) => {
  const { client } = createVerbClient();
  const error = await valetErrorOf(() => client.extend(options as unknown as ExtendOptions));
  expect(error).toMatchObject({ code: 'INVALID_OPTION' });
});

test.each([undefined, null, 42, {}, ['x']])(
  '%j is no request URL, for fetch and for verbs',
  async (input) => {
    const { client, sent } = createVerbClient();
    const url = input as unknown as string;
    expect(await valetErrorOf(() => client.fetch(url))).toMatchObject({ code: 'INVALID_OPTION' });
    expect(await valetErrorOf(() => client.get(url))).toMatchObject({ code: 'INVALID_OPTION' });
    expect(sent).toHaveLength(0);
  },
);
