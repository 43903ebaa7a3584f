import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import {
  accessToken,
  apiKey,
  bearer,
  Client,
  type ClientOptions,
  type Credential,
  type EventName,
  SessionError,
} from '../src/index.ts';
import { createManualClock, settle } from './support/clock.ts';
import { quiet } from './support/quiet.ts';
import { createRecordingFetch } from './support/recording-fetch.ts';
import { startServer } from './support/server.ts';
import { expectNoSecret, thrownBy, valetErrorOf } from './support/thrown.ts';
import { AT_ONCE, createVerbClient, VERB_BASE, VERB_KEY } from './support/verb-client.ts';

const NAMES: readonly EventName[] = [
  'request',
  'response',
  'requestfailed',
  'replay',
  'refresh',
  'refreshed',
  'adopted',
  'refreshfailed',
  'signedin',
  'userchange',
  'sessionend',
  'signedout',
  'warning',
];

interface Told {
  readonly name: EventName;
  readonly payload: Record<string, unknown>;
}

/** All that a client tells, in order. */
function listen(client: Client): Told[] {
  const told: Told[] = [];
  for (const name of NAMES) client.on(name, (payload) => told.push({ name, payload: { ...payload } }));
  return told;
}

const names = (told: readonly Told[]): EventName[] => told.map(({ name }) => name);

type Answer = Parameters<typeof createRecordingFetch>[0];
const status =
  (...codes: readonly number[]): Answer =>
  (_, count) =>
    new Response(null, { status: codes[Math.min(count, codes.length) - 1] ?? 200 });
const rotating = apiKey(({ rejectedKey }) => (rejectedKey === undefined ? 'old-key-01' : 'new-key-01'));

test('a request is told with its end, which says more', async () => {
  const { client } = createVerbClient();
  const told = listen(client);
  await client.fetch('orders?customer=ada', { method: 'post', body: 'x' });
  const begin = { id: 'r1', method: 'POST', url: `${VERB_BASE}/orders?…`, strategy: 'api-key' };
  expect(told).toEqual([
    { name: 'request', payload: begin },
    {
      name: 'response',
      payload: {
        ...begin,
        status: 200,
        ms: expect.any(Number),
        replayed: false,
        credentialId: expect.stringMatching(/^[\da-f]{6}$/),
      },
    },
  ]);
});

test.each<[string, Credential, Answer, readonly EventName[]]>([
  ['a 200', VERB_KEY, undefined, ['request', 'response']],
  ['a 404', VERB_KEY, status(404), ['request', 'response']],
  ['a 401 that stands', VERB_KEY, status(401), ['request', 'response']],
  ['a 401 and a replay', rotating, status(401, 200), ['request', 'replay', 'response']],
  [
    'a redirect',
    VERB_KEY,
    (_, count) =>
      new Response(null, count === 1 ? { status: 302, headers: { location: `${VERB_BASE}/y` } } : {}),
    ['request', 'response'],
  ],
  [
    'no answer',
    VERB_KEY,
    () => {
      throw new TypeError('fetch failed');
    },
    ['request', 'requestfailed'],
  ],
  [
    'a redirect that is refused',
    VERB_KEY,
    () => new Response(null, { status: 302, headers: { location: 'http://api.example.com/' } }),
    ['request', 'requestfailed'],
  ],
  ['nobody signed in', () => null, undefined, ['request', 'refresh', 'requestfailed']],
])('%s is told as a request with exactly one end', async (_, credential, answer, expected) => {
  const { client } = createVerbClient(answer, {}, credential);
  const told = listen(client);
  await client.fetch('x').catch(() => {});
  const aside: readonly EventName[] = ['warning', 'refreshed', 'signedout'];
  expect(names(told).filter((name) => !aside.includes(name))).toEqual(expected);
});

test.each<[string, Credential, Answer, string]>([
  ['a refused redirect', VERB_KEY, () => Response.redirect('http://api.example.com/'), 'REDIRECT_REFUSED'],
  [
    'a key function that throws',
    apiKey(() => Promise.reject(new Error('no'))),
    undefined,
    'TOKEN_PROVIDER_FAILED',
  ],
  [
    'a key function that throws at once',
    apiKey(() => fail(new Error('no'))),
    undefined,
    'TOKEN_PROVIDER_FAILED',
  ],
  ['a bad key', apiKey(() => 'a b'), undefined, 'INVALID_API_KEY'],
  ['a session that ended', () => fail(new SessionError('SESSION_ENDED')), undefined, 'SIGNED_OUT'],
  ['no answer', VERB_KEY, () => fail(new TypeError('fetch failed')), 'NETWORK'],
])('%s ends a request with its code', async (_, credential, answer, code) => {
  const { client } = createVerbClient(answer, {}, credential);
  const told = listen(client);
  await client.fetch('x').catch(() => {});
  const ends = told.filter(({ name }) => name === 'requestfailed' || name === 'response');
  expect(ends).toEqual([{ name: 'requestfailed', payload: expect.objectContaining({ code, id: 'r1' }) }]);
  expect(ends[0]?.payload).not.toHaveProperty('status');
});

function fail(error: Error): never {
  throw error;
}

test.each([undefined, new Error('of the caller')])(
  'an abort ends a request as ABORTED, with reason %s',
  async (reason) => {
    const controller = new AbortController();
    const { client } = createVerbClient(() => {
      controller.abort(reason);
      throw controller.signal.reason;
    });
    const told = listen(client);
    await client.fetch('x', { signal: controller.signal }).catch(() => {});
    expect(told.map(({ name, payload }) => [name, payload.code])).toEqual([
      ['request', undefined],
      ['requestfailed', 'ABORTED'],
    ]);
  },
);

test('a replay says what was refused, and its response that it was one', async () => {
  const { client } = createVerbClient(status(401, 403), {}, rotating);
  const told = listen(client);
  await client.fetch('x');
  expect(told[1]).toMatchObject({ name: 'replay', payload: { id: 'r1', status: 401, strategy: 'api-key' } });
  expect(told[2]).toMatchObject({ name: 'response', payload: { id: 'r1', status: 403, replayed: true } });
});

test('each try of a verb is a request with an end of its own, under one id', async () => {
  const { client } = createVerbClient(status(503, 200));
  const told = listen(client);
  await client.get('x', { retry: AT_ONCE });
  expect(told.map(({ name, payload }) => [name, payload.id, payload.status])).toEqual([
    ['request', 'r1', undefined],
    ['response', 'r1', 503],
    ['request', 'r1', undefined],
    ['response', 'r1', 200],
  ]);
});

test('what is refused before it is anybody’s request is a warning only', async () => {
  const { client } = createVerbClient();
  const told = listen(client);
  await thrownBy(() => client.fetch('https://other.example/x'));
  await thrownBy(() => client.fetch('https://other.example/y'));
  expect(told.map(({ name, payload }) => [name, payload.code])).toEqual([['warning', 'ORIGIN_NOT_ALLOWED']]);
});

test('a bare request says so: it has no credential', async () => {
  const { client } = createVerbClient();
  const told = listen(client);
  await client.fetch('x', { auth: false });
  expect(told[1]?.payload).not.toHaveProperty('credentialId');
});

test('the life of a session is told in order, with the user before anything can be shown', async () => {
  const clock = createManualClock();
  const tokens = [
    { token: 'token-of-ada-1', expiresIn: 60 },
    { token: 'token-of-ada-2', expiresIn: 60 },
  ];
  const provider = async (): Promise<object | null> =>
    tokens.shift() ?? Promise.reject(Object.assign(new Error('over'), { error: 'login_required' }));
  const strategy = accessToken(provider as () => Promise<null>, { user: () => ({ id: 'ada' }) });
  const { client } = createVerbClient(undefined, { runtime: { clock } }, strategy);
  const told = listen(client);
  await client.fetch('a');
  await clock.advance(60_000);
  await client.fetch('b');
  await clock.advance(60_000);
  await thrownBy(() => client.fetch('c'));
  await client.session.signIn({ token: 'token-of-ada-3' });
  await client.signOut();
  const life = told.filter(({ name }) => !/^re(?:quest|sponse)|warning/.test(name));
  expect(names(life)).toEqual([
    'refresh',
    'userchange',
    'signedin',
    'refreshed',
    'refresh',
    'refreshed',
    'refresh',
    'sessionend',
    'refreshfailed',
    'signedin',
    'userchange',
    'signedout',
  ]);
  expect(life[0]?.payload).toEqual({ reason: 'initial' });
  expect(life[1]?.payload).toEqual({ user: { id: 'ada' } });
  expect(life[3]?.payload).toEqual({
    reason: 'initial',
    ms: 0,
    lifetime: 60_000,
    window: expect.any(Number),
  });
  expect(life[7]?.payload).toMatchObject({ user: { id: 'ada' }, error: expect.any(Error) });
  expect(life[10]?.payload).toEqual({ previous: { id: 'ada' } });
});

test('no payload of any event holds a secret', async () => {
  const clock = createManualClock();
  const secrets = [
    'access-token-s3cr3t-1',
    'access-token-s3cr3t-2',
    'refresh-token-s3cr3t-1',
    'id-token-s3cr3t-1',
  ];
  const [first = '', second = '', refreshToken = '', idToken = ''] = secrets;
  const answers = [
    { token: second, refreshToken, idToken, expiresIn: 60 },
    Response.json({ error: 'invalid_grant', error_description: `unknown ${refreshToken}` }, { status: 400 }),
  ];
  const strategy = accessToken(() => answers.shift() ?? null, {
    initial: { token: first, refreshToken, idToken, expiresIn: 60 },
  });
  const { client } = createVerbClient(status(401, 200), { runtime: { clock } }, strategy);
  const told: string[] = [];
  for (const name of NAMES) {
    client.on(name, (payload) => {
      told.push(name, JSON.stringify(payload));
      if ('error' in payload) expectNoSecret(payload.error, ...secrets);
    });
  }
  await client.fetch(`x?token=${second}#${second}`);
  await clock.advance(60_000);
  await thrownBy(() => client.fetch('x'));
  for (const name of ['request', 'replay', 'refreshed', 'refreshfailed', 'sessionend', 'requestfailed']) {
    expect(told).toContain(name);
  }
  expectNoSecret(told.join('\n'), ...secrets);
});

test('a listener that throws or rejects harms nobody, and is told of once each time', async () => {
  const warnings: string[] = [];
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  const { client } = createVerbClient(undefined, {
    logger: { ...quiet, warn: (line) => warnings.push(line) },
  });
  const heard: string[] = [];
  client.on('request', () => fail(new RangeError('of a listener')));
  const rejecting = (): unknown => Promise.reject(new SyntaxError('of a listener'));
  client.on('request', rejecting as () => void);
  client.on('request', () => void heard.push('request'));
  client.on('response', () => void heard.push('response'));
  expect((await client.fetch('x')).status).toBe(200);
  await settle();
  process.off('unhandledRejection', onUnhandled);
  expect(heard).toEqual(['request', 'response']);
  expect(unhandled).toEqual([]);
  expect(warnings).toEqual([
    expect.stringContaining('LISTENER_FAILED: A listener of "request" threw RangeError'),
    expect.stringContaining('LISTENER_FAILED: A listener of "request" threw SyntaxError'),
  ]);
});

test('a listener of warnings that throws does not warn of itself for ever', async () => {
  const warnings: string[] = [];
  const { client } = createVerbClient(undefined, {
    logger: { ...quiet, warn: (line) => warnings.push(line) },
  });
  client.on('warning', () => fail(new Error('of a listener')));
  await thrownBy(() => client.fetch('https://other.example/'));
  expect(warnings).toHaveLength(2);
});

test('a listener is not awaited', async () => {
  const { client } = createVerbClient();
  const hanging = (): unknown => new Promise(() => {});
  client.on('request', hanging as () => void);
  expect((await client.fetch('x')).status).toBe(200);
});

test('an event that does not exist is refused: its listener would never be called', async () => {
  const { client } = createVerbClient();
  for (const name of ['reqest', 'Request', 'toString', '__proto__']) {
    expect(await valetErrorOf(() => client.on(name as EventName, () => {}))).toMatchObject({
      code: 'INVALID_OPTION',
    });
  }
});

test('off() stops a listener, once added and once stopped, even when it was given twice', async () => {
  const { client } = createVerbClient();
  let calls = 0;
  const listener = (): void => void calls++;
  const first = client.on('request', listener);
  const second = client.on('request', listener);
  await client.fetch('x');
  expect(calls).toBe(2);
  first();
  first();
  await client.fetch('x');
  expect(calls).toBe(3);
  second();
  await client.fetch('x');
  expect(calls).toBe(3);
});

test('a listener may stop itself and add others while it is called', async () => {
  const { client } = createVerbClient();
  const heard: string[] = [];
  const off = client.on('request', () => {
    heard.push('first');
    off();
    client.on('request', () => void heard.push('added'));
  });
  client.on('request', () => void heard.push('second'));
  await client.fetch('x');
  expect(heard).toEqual(['first', 'second']);
  await client.fetch('x');
  expect(heard).toEqual(['first', 'second', 'second', 'added']);
});

test('a warning goes to the console in development only, and to listeners always', async () => {
  const { env } = process;
  const mode = env.NODE_ENV;
  const seen: string[] = [];
  const logger = { ...quiet, warn: (line: string) => seen.push(line) };
  try {
    for (const NODE_ENV of ['production', 'development']) {
      env.NODE_ENV = NODE_ENV;
      const { client } = createVerbClient(undefined, { logger });
      client.on('warning', ({ code }) => seen.push(`${NODE_ENV} ${code}`));
      await thrownBy(() => client.fetch('https://other.example/'));
    }
  } finally {
    env.NODE_ENV = mode;
  }
  expect(seen).toEqual([
    'production ORIGIN_NOT_ALLOWED',
    expect.stringMatching(/^fetch-valet ORIGIN_NOT_ALLOWED: /),
    'development ORIGIN_NOT_ALLOWED',
  ]);
});

/** All debug lines of a client that was refused once, answered once and not answered once. */
async function debugLines(credential: Credential, debug: ClientOptions['debug']): Promise<string[]> {
  const lines: string[] = [];
  const { fetch } = createRecordingFetch((_, count) => {
    if (count === 3) throw new TypeError('fetch failed');
    return new Response(null, { status: count === 1 ? 401 : 200 });
  });
  const logger = { debug: (line: string) => lines.push(line), warn: () => {} };
  const client = new Client(credential, { baseUrl: VERB_BASE, debug, logger, runtime: { fetch } });
  await client.fetch('x?customer=ada', { method: 'POST', body: 'a body' });
  await client.fetch('y').catch(() => {});
  await client.signOut();
  return lines;
}

test('debug: true writes a line for each event, with the same id, and a fingerprint of the credential', async () => {
  const lines = await debugLines(rotating, true);
  expect(lines).toEqual([
    expect.stringMatching(/^fetch-valet r1 → POST https:\/\/api\.example\.com\/v1\/x\?… \(api-key\)$/),
    expect.stringMatching(/^fetch-valet r1 ↻ 401/),
    expect.stringMatching(/^fetch-valet r1 ← 200 in \d+ ms, credential [\da-f]{6}$/),
    expect.stringMatching(/^fetch-valet r2 → GET/),
    expect.stringMatching(/^fetch-valet r2 ✗ NETWORK after \d+ ms$/),
  ]);
});

test('debug: true tells of the token and the session, too', async () => {
  const lines = (
    await debugLines(
      accessToken(() => ({ token: 'token-01', expiresIn: 60 })),
      true,
    )
  ).join('\n');
  expect(lines).toContain('token … asked for (initial)');
  expect(lines).toContain('good for 60 s');
  expect(lines).toContain('is signed in');
  expect(lines).toContain('signed out');
});

test.each([false, undefined])('debug: %s writes nothing', async (debug) => {
  expect(await debugLines(VERB_KEY, debug)).toEqual([]);
});

test.each<[string, string, (secret: string) => Credential]>([
  ['a key', VERB_KEY, (secret) => secret],
  ['a short key', 'xyz', (secret) => secret],
  ['a short key in a query', 'xyz', (secret) => apiKey(secret, { in: 'query', name: 'appid' })],
  ['a short key with a scheme', 'xyz', (secret) => apiKey(secret, { scheme: 'Token' })],
  ['a short key in a header of another name', 'xyz', (secret) => apiKey(secret, { name: 'x-hello' })],
  ['a key of one letter', 'ß', (secret) => bearer(secret)],
  ['a short token', 'xyz', (secret) => () => secret],
  ['a short token in a query', 'xyz', (secret) => accessToken(() => secret, { placement: { in: 'query' } })],
])('no debug line holds %s', async (_, secret, credential) => {
  const all = [
    ...(await debugLines(credential(secret), true)),
    ...(await debugLines(credential(secret), 'curl')),
  ];
  expect(all.join('\n')).toContain('curl -X POST');
  for (const line of all) expect(line).not.toContain(secret);
});

/** The arguments that a shell gives to `curl` when it runs a debug line. */
async function argumentsOf(line: string, credential: string): Promise<string[]> {
  const command = line.slice(line.indexOf('curl -X'));
  const script = `curl() { printf '%s\\n' "$@"; }\n${command}`;
  const { stdout } = await promisify(execFile)('sh', ['-c', script], { env: { CREDENTIAL: credential } });
  return stdout.split('\n').slice(0, -1);
}

test("debug: 'curl' writes a command that sends the same once the shell knows the credential", async () => {
  await using server = await startServer();
  const lines: string[] = [];
  const logger = { ...quiet, debug: (line: string) => lines.push(line) };
  const client = new Client(apiKey('k&y', { scheme: 'Token' }), {
    baseUrl: server.origin,
    debug: 'curl',
    logger,
  });
  const body = `{"name":"O'Hara $HOME \`id\`"}`;
  const headers = { 'content-type': 'application/json', 'x-quote': `it's "$HOME"`, cookie: 'session=abc' };
  await client.fetch(`x?q=it's%20"a"&b=$(id)`, { method: 'PUT', headers, body });
  const args = await argumentsOf(lines.find((line) => line.includes(' curl ')) ?? '', 'k&y');
  const [request] = server.received;
  expect(args.slice(0, 3)).toEqual(['-X', 'PUT', `${server.origin}${request?.url}`]);
  expect(args).toContain('authorization: Token k&y');
  expect(args).toContain(`x-quote: ${headers['x-quote']}`);
  expect(args.at(-2)).toMatch(/^--data/);
  expect(args.at(-1)).toBe(body);
  expect(lines.join()).not.toContain('session=abc');
});

test("debug: 'curl' puts a variable where the key was in the query", async () => {
  const [line = ''] = (await debugLines(apiKey('k&y', { in: 'query', name: 'app-id' }), 'curl')).filter(
    (text) => text.includes(' curl '),
  );
  expect(line).not.toContain('k&y');
  expect(await argumentsOf(line, 'from-the-shell')).toContain(
    `${VERB_BASE}/x?customer=ada&app-id=from-the-shell`,
  );
});

test('a logger that throws harms nobody', async () => {
  const { client } = createVerbClient(undefined, {
    logger: { ...quiet, warn: () => fail(new Error('no warnings in this test')) },
  });
  client.on('request', () => fail(new RangeError('of a listener')));
  expect((await client.fetch('x')).status).toBe(200);
  expect(await thrownBy(() => client.fetch('https://other.example/'))).toMatchObject({
    code: 'ORIGIN_NOT_ALLOWED',
  });
});

test('a deadline of the caller is told of as TIMEOUT', async () => {
  const hang = ({ signal }: Request): Promise<Response> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  const { client } = createVerbClient(hang);
  const codes: (string | undefined)[] = [];
  client.on('requestfailed', ({ code }) => void codes.push(code));
  const controller = new AbortController();
  const ended = thrownBy(() => client.fetch('x', { signal: controller.signal }));
  controller.abort(new DOMException('too late', 'TimeoutError'));
  expect(await ended).toMatchObject({ name: 'TimeoutError' });
  expect(codes).toEqual(['TIMEOUT']);
});
