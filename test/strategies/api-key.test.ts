import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Client, createFetch, SessionError } from '../../src/index.ts';
import { type ApiKeyOptions, apiKey, plainKey } from '../../src/strategies/api-key.ts';
import type { ApiKeyContext } from '../../src/strategies/key-function.ts';
import { describeAuthStrategy } from '../contracts/auth-strategy.ts';
import { asBrowser } from '../support/as-browser.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { createRecordingFetch } from '../support/recording-fetch.ts';
import { sendJson, startServer } from '../support/server.ts';
import { expectNoSecret, thrownBy, valetErrorOf } from '../support/thrown.ts';

const KEY = 'key-for-tests-0123456789';
const NEXT = 'next-key-for-tests-98765';
const BASE = 'https://api.example.com';

describeAuthStrategy('apiKey in a header', () => ({ strategy: apiKey(KEY), secrets: [KEY] }));
describeAuthStrategy('apiKey with a scheme', () => ({
  strategy: apiKey(KEY, { scheme: 'Token' }),
  secrets: [KEY],
}));
describeAuthStrategy('apiKey in a query', () => ({
  strategy: apiKey(`${KEY}&=#`, { in: 'query', name: 'appid' }),
  secrets: [`${KEY}&=#`],
}));
describeAuthStrategy('apiKey function', () => ({
  strategy: apiKey(({ rejectedKey }) => (rejectedKey === undefined ? KEY : NEXT), { maxAge: 60_000 }),
  secrets: [KEY, NEXT],
}));
describeAuthStrategy('apiKey asynchronous function', () => ({
  strategy: apiKey(async ({ rejectedKey }) => (rejectedKey === undefined ? KEY : NEXT)),
  secrets: [KEY, NEXT],
}));

/** What one request of a client with this key looks like on the wire. */
async function sentWith(options?: ApiKeyOptions, path = 'orders'): Promise<Request> {
  const { fetch, sent } = createRecordingFetch();
  await createFetch(apiKey(KEY, options), { baseUrl: BASE, runtime: { fetch } })(path);
  const [request] = sent;
  if (request === undefined) throw new Error('nothing was sent');
  return request;
}

test('a key goes into the header x-api-key', async () => {
  expect((await sentWith()).headers.get('x-api-key')).toBe(KEY);
});

test('a key goes into the header that name says', async () => {
  const { headers } = await sentWith({ name: 'X-Goog-Api-Key' });
  expect(headers.get('x-goog-api-key')).toBe(KEY);
  expect(headers.has('x-api-key')).toBe(false);
});

test('a key with a scheme goes into Authorization', async () => {
  const { headers } = await sentWith({ scheme: 'Token' });
  expect(headers.get('authorization')).toBe(`Token ${KEY}`);
});

test('a key may be the whole of Authorization', async () => {
  const { headers } = await sentWith({ name: 'Authorization' });
  expect(headers.get('authorization')).toBe(KEY);
  expect(apiKey(KEY, { name: 'Authorization' }).placement).toBe('authorization');
});

test('a key with a scheme may go into a header of its own', async () => {
  const { headers } = await sentWith({ name: 'x-auth', scheme: 'Key' });
  expect(headers.get('x-auth')).toBe(`Key ${KEY}`);
});

test('a key goes into the query parameter api_key, after what the caller asked', async () => {
  expect((await sentWith({ in: 'query' }, 'orders?a=1#part')).url).toBe(
    `${BASE}/orders?a=1&api_key=${KEY}#part`,
  );
});

test('a key replaces the header or the parameter of its name that the caller wrote', async () => {
  const { fetch, sent } = createRecordingFetch();
  const runtime = { fetch };
  const headers = { 'X-Api-Key': 'unused' };
  await createFetch(apiKey(KEY), { baseUrl: BASE, runtime })('x', { headers });
  await createFetch(apiKey(KEY, { in: 'query', name: 'app-id' }), { baseUrl: BASE, runtime })(
    'x?b=2&app-id=unused&%61pp-id&?app-id&a=1',
  );
  expect(sent[0]?.headers.get('x-api-key')).toBe(KEY);
  expect(sent[1]?.url).toBe(`${BASE}/x?b=2&?app-id&a=1&app-id=${KEY}`);
});

test('a query key arrives exactly once encoded, and the rest of the query byte for byte', async () => {
  await using server = await startServer();
  const wire = (): string => server.received.at(-1)?.url ?? '';
  const character = fc.oneof(
    fc.constantFrom(
      '&',
      '=',
      '#',
      '+',
      '%',
      '?',
      "'",
      '"',
      '/',
      ';',
      '!',
      '~',
      '*',
      '(',
      '%41',
      'é',
      '日',
      '💶',
    ),
    fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }).filter((text) => text !== ' '),
  );
  const key = fc.array(character, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''));
  const query = fc.string({
    unit: fc.constantFrom(...'ab&=+%?/;:@!$\'()*,~"<>[]é日 '.split(''), '%2B', '%zz'),
  });
  await fc.assert(
    fc.asyncProperty(key, query, async (secret, search) => {
      fc.pre(!['undefined', 'null'].includes(secret));
      const strategy = apiKey(secret, { in: 'query', name: 'appid' });
      const send = createFetch(strategy, { baseUrl: server.origin });
      const path = search === '' ? 'x' : `x?${search}`;
      await send(path, { auth: false });
      const bare = wire();
      await send(path);
      const glue = bare === '/x' ? '?' : bare === '/x?' ? '' : '&';
      const [before, encoded, ...more] = wire().split(/appid=/);
      expect(before).toBe(`${bare}${glue}`);
      expect(encoded).toMatch(/^[\w\-.!~*()%]+$/);
      expect(decodeURIComponent(encoded ?? '')).toBe(secret);
      expect(more).toEqual([]);
      expect(new URL(wire(), server.origin).searchParams.get('appid')).toBe(secret);
    }),
    { numRuns: 150 },
  );
}, 60_000);

test.each([undefined, null, '', 'undefined', 'null'])('a key that is %j is missing', async (value) => {
  const make = [
    () => apiKey(value as string | undefined),
    () => apiKey(value as string | undefined, { in: 'query' }),
    () => new Client(value as string | undefined),
    () => createFetch(value as string | undefined),
  ];
  for (const run of make) expect(await valetErrorOf(run)).toMatchObject({ code: 'MISSING_API_KEY' });
});

const UNUSABLE: (readonly [string, unknown])[] = [
  ['a line feed', 'secret-value\nx: y'],
  ['a carriage return', 'secret-value\r'],
  ['a NUL', 'secret-value\0'],
  ['a DEL', 'secret-value\x7f'],
  ['a space inside', 'secret value-9'],
  ['a space around it', ' secret-value '],
  ['a no-break space', 'secret-value\u00a0'],
  ['a scheme before it', 'Bearer secret-value'],
  ['a scheme in lower case', 'basic secret-value'],
  ['an emoji', 'secret-value-💶'],
  ['Chinese', 'secret-value-日本'],
  ['half a character', 'secret-value-\ud83d'],
  ['an object', { secret: 'secret-value' }],
  ['a list', ['secret-value']],
  ['a number', 42],
  ['true', true],
];

test.each(UNUSABLE)(
  'a key with %s is refused at construction, in a header and in a query',
  async (_, value) => {
    const inHeader = await valetErrorOf(() => apiKey(value as string));
    expect(inHeader.code).toBe('INVALID_API_KEY');
    expectNoSecret(inHeader, 'secret-value', 'value-9');
    // What no header can carry, a query can: it is percent-encoded.
    const fits = typeof value === 'string' && /^secret-value-(?:日本|💶)$/.test(value);
    const inQuery = fits
      ? apiKey(value, { in: 'query' }).placement
      : (await valetErrorOf(() => apiKey(value as string, { in: 'query' }))).code;
    expect(inQuery).toBe(fits ? 'query' : 'INVALID_API_KEY');
  },
);

test.each<readonly [string, unknown]>([
  ...UNUSABLE,
  ['nothing', undefined],
  ['null', null],
  ['the text undefined', 'undefined'],
  ['an empty text', ''],
])('a key function that answers with %s is refused, and nothing is sent', async (_, value) => {
  for (const answer of [() => value, async () => value]) {
    const { fetch, sent } = createRecordingFetch();
    const strategy = apiKey(answer as () => string);
    const error = await valetErrorOf(() => createFetch(strategy, { baseUrl: BASE, runtime: { fetch } })('x'));
    expect(['MISSING_API_KEY', 'INVALID_API_KEY']).toContain(error.code);
    expectNoSecret(error, 'secret-value', 'value-9');
    expect(sent).toHaveLength(0);
  }
});

test('a letter of Latin-1 arrives as its one byte', async () => {
  await using server = await startServer();
  await createFetch(apiKey('clé-de-tests-ÿ'), { baseUrl: server.origin })('x');
  expect(server.received[0]?.headers['x-api-key']).toBe('clé-de-tests-ÿ');
});

test('a plain string that is a JWT is no key: bearer() and a function are named', async () => {
  const jwt = createJwt({ sub: 'ada' });
  for (const run of [() => new Client(jwt), () => createFetch(jwt), () => plainKey(jwt, 'here')]) {
    const error = await valetErrorOf(run);
    expect(error.code).toBe('INVALID_API_KEY');
    expect(error.message).toMatch(/bearer\(.*=>/);
    expectNoSecret(error, jwt);
  }
  // Said explicitly, it is the caller's business.
  expect(apiKey(jwt).name).toBe('api-key');
});

test.each([
  ['a misspelt option', { nmae: 'x-key' }],
  ['a place that is none', { in: 'body' }],
  ['a name that is no header', { name: 'x key' }],
  ['a name with a line break', { name: 'x-key\r\nx: y' }],
  ['a scheme of two words', { scheme: 'My Token' }],
  ['a scheme in a query', { in: 'query', scheme: 'Token' }],
  ['an empty query name', { in: 'query', name: '' }],
  ['a query name with a space', { in: 'query', name: 'a b\n' }],
  ['a negative maxAge', { maxAge: -1 }],
  ['a maxAge that is no number', { maxAge: '1h' }],
])('%s is an invalid option', async (_, options) => {
  expect(await valetErrorOf(() => apiKey(KEY, options as ApiKeyOptions))).toMatchObject({
    code: 'INVALID_OPTION',
  });
});

/** A client whose key function is scripted, with the clock in hand. */
function createScripted(
  ask: (context: ApiKeyContext) => string | Promise<string>,
  options: ApiKeyOptions = {},
  answer?: Parameters<typeof createRecordingFetch>[0],
) {
  const clock = createManualClock();
  const { fetch, sent } = createRecordingFetch(answer);
  const asked: (string | undefined)[] = [];
  const strategy = apiKey((context) => {
    asked.push(context.rejectedKey);
    return ask(context);
  }, options);
  const logger = { debug: () => {}, warn: () => {} };
  const client = new Client(strategy, { baseUrl: BASE, logger, runtime: { fetch, clock } });
  const keys = (): (string | null)[] => sent.map(({ headers }) => headers.get('x-api-key'));
  return { client, clock, asked, keys, send: client.fetch };
}

test('a key function is asked for each request', async () => {
  const { send, asked, keys } = createScripted(() => `${KEY}-${asked.length}`);
  await send('a');
  await send('b');
  expect(keys()).toEqual([`${KEY}-1`, `${KEY}-2`]);
  expect(asked).toEqual([undefined, undefined]);
});

test('maxAge keeps the answer of a key function for that long', async () => {
  const { send, asked, clock } = createScripted(() => KEY, { maxAge: 60_000 });
  await send('a');
  await clock.advance(59_999);
  await send('b');
  expect(asked).toHaveLength(1);
  await clock.advance(1);
  await send('c');
  expect(asked).toHaveLength(2);
});

test('maxAge counts the time that the machine slept', async () => {
  const { send, asked, clock } = createScripted(() => KEY, { maxAge: 60_000 });
  await send('a');
  clock.sleep(3_600_000);
  await send('b');
  expect(asked).toHaveLength(2);
});

test('requests that come while a key function runs share its answer', async () => {
  const answer = Promise.withResolvers<string>();
  const { send, asked, keys } = createScripted(() => answer.promise);
  const all = Promise.all([send('a'), send('b'), send('c')]);
  answer.resolve(KEY);
  await all;
  expect(asked).toHaveLength(1);
  expect(keys()).toEqual([KEY, KEY, KEY]);
  await send('d');
  expect(asked).toHaveLength(2);
});

test('a 401 asks a key function at once, whatever maxAge says, and the request is sent again', async () => {
  const { send, asked, keys } = createScripted(
    ({ rejectedKey }) => (rejectedKey === KEY ? NEXT : KEY),
    { maxAge: 3_600_000 },
    ({ headers }) => new Response(null, { status: headers.get('x-api-key') === NEXT ? 200 : 401 }),
  );
  expect((await send('a')).status).toBe(200);
  expect(asked).toEqual([undefined, KEY]);
  expect(keys()).toEqual([KEY, NEXT]);
  await send('b');
  expect(asked).toHaveLength(2);
  expect(keys()).toEqual([KEY, NEXT, NEXT]);
});

test('a 401 is handed on where the key function has no other key', async () => {
  const { send, asked, keys } = createScripted(
    async () => KEY,
    {},
    () => new Response(null, { status: 401 }),
  );
  expect((await send('a')).status).toBe(401);
  expect(asked).toEqual([undefined, KEY]);
  expect(keys()).toEqual([KEY]);
});

test('a key as text is not sent again after a 401', async () => {
  const { fetch, sent } = createRecordingFetch(() => new Response(null, { status: 401 }));
  const response = await createFetch(KEY, { baseUrl: BASE, runtime: { fetch } })('x');
  expect(response.status).toBe(401);
  expect(sent).toHaveLength(1);
});

test('a late 401 for an old key takes the newer key and does not ask again', async () => {
  const late = Promise.withResolvers<Response>();
  const { send, asked, keys } = createScripted(
    ({ rejectedKey }) => (rejectedKey === undefined ? KEY : NEXT),
    { maxAge: 3_600_000 },
    ({ url, headers }) => {
      if (headers.get('x-api-key') === NEXT) return new Response('{}');
      return url.endsWith('/slow') ? late.promise : new Response(null, { status: 401 });
    },
  );
  const slow = send('slow');
  await send('quick');
  expect(asked).toEqual([undefined, KEY]);
  late.resolve(new Response(null, { status: 401 }));
  expect((await slow).status).toBe(200);
  expect(asked).toHaveLength(2);
  expect(keys()).toEqual([KEY, KEY, NEXT, NEXT]);
});

test('many 401s at once ask a key function once', async () => {
  const { send, asked } = createScripted(
    async ({ rejectedKey }) => (rejectedKey === undefined ? KEY : NEXT),
    { maxAge: 3_600_000 },
    ({ headers }) => new Response(null, { status: headers.get('x-api-key') === NEXT ? 200 : 401 }),
  );
  const responses = await Promise.all(Array.from({ length: 20 }, (_, index) => send(`${index}`)));
  expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  expect(asked).toEqual([undefined, KEY]);
});

test('a 401 is not answered with a call that began before it and brings the same key', async () => {
  const calls: PromiseWithResolvers<string>[] = [];
  const late = Promise.withResolvers<Response>();
  const { send, asked, keys } = createScripted(
    () => {
      const call = Promise.withResolvers<string>();
      calls.push(call);
      return call.promise;
    },
    {},
    ({ headers, url }) => {
      if (headers.get('x-api-key') === NEXT) return new Response('{}');
      return url.endsWith('/slow') ? late.promise : new Response('{}');
    },
  );
  const slow = send('slow');
  calls[0]?.resolve(KEY);
  await settle();
  const other = send('other');
  late.resolve(new Response(null, { status: 401 }));
  await settle();
  expect(asked).toEqual([undefined, undefined]);
  calls[1]?.resolve(KEY);
  await settle();
  expect(asked).toEqual([undefined, undefined, KEY]);
  calls[2]?.resolve(NEXT);
  await Promise.all([slow, other]);
  expect(keys()).toEqual([KEY, KEY, NEXT]);
});

test('a key function that hangs fails with TOKEN_TIMEOUT, and the next request asks again', async () => {
  const signals: AbortSignal[] = [];
  const { send, clock, asked } = createScripted(({ signal }) => {
    signals.push(signal);
    return signals.length === 1 ? new Promise(() => {}) : KEY;
  });
  const failed = valetErrorOf(() => send('a'));
  await clock.advance(10_000);
  expect(await failed).toMatchObject({ code: 'TOKEN_TIMEOUT', retryable: true });
  expect(signals[0]?.aborted).toBe(true);
  expect((await send('b')).status).toBe(200);
  expect(asked).toHaveLength(2);
  expect(clock.timers).toBe(0);
});

test('the time a key function takes is not the time of the request', async () => {
  const { client, clock } = createScripted(
    () => new Promise((resolve) => clock.setTimeout(() => resolve(KEY), 5000)),
  );
  const answered = client.get('a', { timeout: 100 }).json();
  await clock.advance(5000);
  expect(await answered).toEqual({});
});

test.each([
  ['at once', (error: Error): never => fail(error)],
  ['later', (error: Error): Promise<never> => Promise.reject(error)],
])('a key function that throws %s gives TOKEN_PROVIDER_FAILED with a redacted cause', async (_, run) => {
  const thrown = Object.assign(new RangeError(`the vault refused ${KEY}`), {
    code: 'VAULT_SEALED',
    config: { headers: { authorization: KEY } },
    cause: new Error(`because of Basic ${btoa(`me:${KEY}`)}`),
  });
  const answers = [(): string => KEY, (): string | Promise<string> => run(thrown)];
  const { send } = createScripted(() => answers.shift()?.() ?? '');
  await send('a');
  const error = await valetErrorOf(() => send('b'));
  expect(error).toMatchObject({ code: 'TOKEN_PROVIDER_FAILED', retryable: true });
  expectNoSecret(error, KEY, btoa(`me:${KEY}`));
  expect(error.cause).toBeInstanceOf(RangeError);
  expect(error.cause).toMatchObject({ name: 'RangeError', code: 'VAULT_SEALED' });
  expect(error.cause).not.toHaveProperty('config');
  expect((error.cause as Error).cause).toBeInstanceOf(Error);
});

test('the objects on what a key function throws go nowhere, whatever they hold', async () => {
  const thrown = Object.assign(new Error('no key'), { response: { body: 'of the vault' } });
  const { send } = createScripted(() => fail(thrown));
  const error = await valetErrorOf(() => send('a'));
  expect(error.cause).toMatchObject({ message: 'no key' });
  expect(error.cause).not.toHaveProperty('response');
});

test('a key function that throws what is no error is quoted, too', async () => {
  const { send } = createScripted(() => Promise.reject('the vault is sealed' as unknown as Error));
  const error = await valetErrorOf(() => send('a'));
  expect(error.message).toContain('the vault is sealed');
});

test('a key function leaves no timer behind', async () => {
  const { send, clock } = createScripted(async () => KEY);
  await send('a');
  expect(clock.timers).toBe(0);
});

function fail(error: Error): never {
  throw error;
}

test('a ValetError that a key function throws keeps its code, and loses what it should not tell', async () => {
  const mine = new SessionError('SIGNED_OUT', { cause: Object.assign(new Error('x'), { sent: [KEY] }) });
  const { send } = createScripted(() => fail(mine));
  const error = await valetErrorOf(() => send('a'));
  expect(error).toBeInstanceOf(SessionError);
  expect(error.code).toBe('SIGNED_OUT');
  expectNoSecret(error, KEY);
});

test('closing the client aborts the signal that a key function was given', async () => {
  const signals: AbortSignal[] = [];
  const { client, send, clock } = createScripted(({ signal }) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  const failed = thrownBy(() => send('a'));
  await settle();
  client.close();
  expect(signals[0]?.aborted).toBe(true);
  await clock.advance(10_000);
  await failed;
});

test('one caller that gives up does not stop a key function that others wait for', async () => {
  const answer = Promise.withResolvers<string>();
  const { send, keys } = createScripted(() => answer.promise);
  const controller = new AbortController();
  const first = thrownBy(() => send('a', { signal: controller.signal }));
  const second = send('b');
  controller.abort();
  expect(await first).toMatchObject({ name: 'AbortError' });
  answer.resolve(KEY);
  expect((await second).status).toBe(200);
  expect(keys()).toEqual([KEY]);
});

test('a label stands for the key in events, otherwise a fingerprint does', async () => {
  const ids: (string | undefined)[] = [];
  for (const strategy of [apiKey(KEY, { label: 'billing' }), apiKey(KEY), apiKey(NEXT)]) {
    const { fetch } = createRecordingFetch();
    const client = new Client(strategy, { baseUrl: BASE, runtime: { fetch } });
    client.on('response', ({ credentialId }) => ids.push(credentialId));
    await client.fetch('x');
  }
  expect(ids).toEqual([
    'billing',
    expect.stringMatching(/^[\da-f]{6}$/),
    expect.stringMatching(/^[\da-f]{6}$/),
  ]);
  expect(ids[1]).not.toBe(ids[2]);
});

test('a 401 shows the end of a long key and nothing of a short one', async () => {
  await using server = await startServer((_, response) => sendJson(response, {}, 401));
  const say = async (key: string): Promise<string> =>
    (await valetErrorOf(() => new Client(key, { baseUrl: server.origin }).get('x'))).message;
  expect(await say(KEY)).toContain(`…${KEY.slice(-4)}`);
  const short = await say('short-key-1');
  expect(short).not.toContain('ey-1');
  expect(short).toContain('header x-api-key');
});

test('a key in a browser is one warning in development', async () => {
  const warnings: string[] = [];
  const logger = { debug: () => {}, warn: (line: string) => warnings.push(line) };
  await asBrowser(() => new Client(KEY, { baseUrl: BASE, logger }));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('KEY_IN_BROWSER');
  expectNoSecret(warnings.join(), KEY);
});

test('a key on a server is no warning', () => {
  const warnings: string[] = [];
  const logger = { debug: () => {}, warn: (line: string) => warnings.push(line) };
  new Client(apiKey(KEY, { secret: true }), { baseUrl: BASE, logger }).close();
  expect(warnings).toEqual([]);
});

test('a secret key in a browser is refused at construction', async () => {
  const strategy = (): ReturnType<typeof apiKey> => apiKey(KEY, { secret: true });
  const makers: (() => unknown)[] = [() => new Client(strategy()), () => createFetch(strategy())];
  for (const make of makers) {
    const error = await valetErrorOf(() => asBrowser(make));
    expect(error.code).toBe('SECRET_IN_BROWSER');
    expectNoSecret(error, KEY);
  }
});

test('a strategy that no client uses yet cannot be asked', async () => {
  const query = { scopes: [], resource: BASE };
  const error = await valetErrorOf(() => apiKey(() => KEY).credential(query));
  expect(error.code).toBe('INVALID_OPTION');
});
