import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Client, createFetch } from '../../src/index.ts';
import { type ApiKeyOptions, apiKey, bearer, plainKey } from '../../src/strategies/api-key.ts';
import { describeAuthStrategy } from '../contracts/auth-strategy.ts';
import { asBrowser } from '../support/as-browser.ts';

import { createJwt } from '../support/jwt.ts';
import { createRecordingFetch } from '../support/recording-fetch.ts';
import { sendJson, startServer } from '../support/server.ts';
import { expectNoSecret, valetErrorOf } from '../support/thrown.ts';

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

test('a label that holds the key would show it in events: it is refused, and the message does not hold it', async () => {
  const make = [
    () => apiKey(KEY, { label: KEY }),
    () => apiKey(KEY, { label: `billing (${KEY})` }),
    () => bearer(KEY, { label: KEY }),
  ];
  for (const run of make) {
    const error = await valetErrorOf(run);
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain('label');
    expectNoSecret(error, KEY);
  }
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
