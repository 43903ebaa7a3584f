import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { TokenResponse, TokenResult } from '../../src/contracts.ts';
import type { TokenError } from '../../src/index.ts';
import { readClaims, timeClaim } from '../../src/token/claims.ts';
import { deepJson, retryAfterText } from '../support/hostile-text.ts';
import { startServer } from '../support/server.ts';
import { createTokenValet, type TokenValet } from '../support/token-valet.ts';
import { expectUnpolluted, POLLUTING } from '../support/unpolluted.ts';

const RUNS = { numRuns: 10_000 };

const FIELDS = [
  'token',
  'accessToken',
  'access_token',
  'authToken',
  'expiresIn',
  'expires_in',
  'expiresAt',
  'expires_at',
  'refreshToken',
  'refresh_token',
  'idToken',
  'id_token',
  'scope',
  'tokenType',
  'token_type',
  'error',
  'error_description',
  'errorCode',
  'code',
  'status',
  'ok',
  'headers',
  'body',
];

const number = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, -1, 1, 1e-9, 59, 3600, 1e11, 1e11 - 1, 2 ** 31, 2 ** 53, 1e308, -1e308),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE),
);

const part = (value: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  value.map((content) => Buffer.from(JSON.stringify(content) ?? '').toString('base64url'));

const claims = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.dictionary(
      fc.constantFrom('exp', 'iat', 'nbf', 'sub', 'scope', 'scp', ...POLLUTING),
      fc.oneof(number, fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('ada', 'admin read')),
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
  { weight: 1, arbitrary: fc.constantFrom(null, [], [1], 'text', 0) },
);

/** What looks like a JWT, more or less. */
const jwtLike: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: part(claims).map((payload) => `eyJhbGciOiJub25lIn0.${payload}.c2ln`) },
  { weight: 1, arbitrary: fc.array(part(claims), { maxLength: 6 }).map((parts) => parts.join('.')) },
  { weight: 1, arbitrary: fc.stringMatching(/^[\w.=-]{0,40}$/).map((text) => `eyJ${text}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'e30.e30.',
      '..',
      '.',
      'e30..',
      'e30.bnVsbA.',
      'e30.____.x',
      `e30.${'A'.repeat(9999)}.`,
    ),
  },
);

const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('opaque-token-1', 'opaque-token-2', 'refresh-token-1') },
  { weight: 3, arbitrary: jwtLike },
  { weight: 3, arbitrary: number },
  { weight: 1, arbitrary: number.map(String) },
  { weight: 1, arbitrary: fc.date({ noInvalidDate: false }) },
  {
    weight: 2,
    arbitrary: fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      maxDepth: 2,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('invalid_grant', 'login_required', '2026-01-01', 'Bearer', '', 'null'),
  },
);

const fieldName = fc.constantFrom(...FIELDS, ...POLLUTING);
const tokenObject = fc
  .array(fc.tuple(fieldName, value), { maxLength: 7 })
  // As own properties, `__proto__` as well, just as JSON.parse makes them.
  .map((entries) => Object.fromEntries(entries) as TokenResponse);

interface Used {
  readonly outcomes: readonly (number | string)[];
  readonly valet: TokenValet;
}

/** Asks twice, with time in between, and tells what came of it. */
async function use(result: () => TokenResult): Promise<Used> {
  const valet = createTokenValet(result);
  const outcomes: (number | string)[] = [];
  for (let round = 0; round < 2; round++) {
    const outcome = valet.request();
    await valet.clock.advance(15_000);
    outcomes.push(await outcome);
  }
  return { outcomes, valet };
}

const OUTCOMES: readonly unknown[] = [
  200,
  'SIGNED_OUT',
  'SESSION_ENDED',
  'SESSION_CHANGED',
  'TOKEN_INVALID',
  'TOKEN_PROVIDER_FAILED',
  'TOKEN_TIMEOUT',
  'TOKEN_ENDPOINT_REJECTED',
  'TOKEN_ENDPOINT_UNAVAILABLE',
];

/** What holds whatever an issuer says: no other error, no loop, no token that is none, no user from a prototype. */
async function expectHarmless(result: () => TokenResult): Promise<void> {
  const { outcomes, valet } = await use(result);
  for (const outcome of outcomes) expect(OUTCOMES).toContain(outcome);
  // Half a minute of a server that wants to be asked again at once.
  expect(valet.asked.length).toBeLessThan(310);
  for (const sent of valet.sent) expect(sent).toMatch(/^Bearer [\x21-\x7e]+$/);
  const { snapshot } = valet.client.session;
  if ('user' in snapshot)
    expect(Object.hasOwn(snapshot.user, 'id') && typeof snapshot.user.id).toBe('string');
  valet.client.close();
}

test('a provider may hand out anything', async () => {
  await expectUnpolluted(() =>
    fc.assert(
      fc.asyncProperty(fc.oneof(tokenObject, value), (result) => expectHarmless(() => result as TokenResult)),
      RUNS,
    ),
  );
}, 60_000);

test('a JWT may hold anything', async () => {
  await expectUnpolluted(() =>
    fc.assert(
      fc.asyncProperty(jwtLike, jwtLike, (token, id_token) => expectHarmless(() => ({ token, id_token }))),
      RUNS,
    ),
  );
}, 60_000);

test('claims are an object of their own, or none', async () => {
  const text = fc.oneof(
    { weight: 70, arbitrary: jwtLike },
    { weight: 30, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 1, arbitrary: deepJson.map((deep) => `e30.${btoa(deep)}.`) },
  );
  await expectUnpolluted(() =>
    fc.assert(
      fc.property(text, (token) => {
        const claims = readClaims(token);
        if (claims === undefined) return;
        expect(Object.getPrototypeOf(claims)).toBe(Object.prototype);
        for (const name of ['exp', 'iat'] as const) {
          const time = timeClaim(claims, name);
          expect(time === undefined || Object.hasOwn(claims, name)).toBe(true);
        }
      }),
      RUNS,
    ),
  );
}, 60_000);

/** What a token endpoint may answer with, also where it is no JSON. */
const bodyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 60, arbitrary: tokenObject.map((object) => attempt(() => JSON.stringify(object)) ?? '') },
  {
    weight: 20,
    arbitrary: tokenObject.chain((object) => damaged(attempt(() => JSON.stringify(object)) ?? '{}')),
  },
  { weight: 10, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: deepJson.map((deep) => `{"access_token":"opaque-token-1","scope":${deep}}`) },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      '',
      'null',
      '[]',
      '"opaque-token-1"',
      '{"access_token":"a","access_token":"b"}',
    ),
  },
  {
    weight: 5,
    arbitrary: fc.constantFrom('{"__proto__":{"access_token":"stolen"}}', '{"expires_in":1e999,"token":"t"}'),
  },
);

function attempt(make: () => string): string | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** A text with a piece cut out, doubled or replaced. */
function damaged(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.nat(text.length),
      fc.nat(5),
      fc.constantFrom('', '"', '\\', '{', '}', ',', '\0', 'e9', '\ufeff'),
    )
    .map(([at, length, piece]) => text.slice(0, at) + piece + text.slice(at + length));
}

const statusCode = fc.oneof(
  fc.constantFrom(200, 200, 200, 400, 401, 429, 503),
  fc.integer({ min: 200, max: 599 }),
);
const headerValue = fc.oneof(
  fc.constantFrom(
    '0',
    '-1',
    '1',
    '99999999999',
    '1e9',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    '1970-01-01T00:00:00.001Z',
    '+275760-09-13',
    'x',
    '',
  ),
  fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) }),
);

test('a token endpoint may answer with anything', async () => {
  await expectUnpolluted(() =>
    fc.assert(
      fc.asyncProperty(bodyText, statusCode, headerValue, headerValue, (body, status, date, retryAfter) =>
        expectHarmless(() => {
          const empty = [204, 205, 304].includes(status);
          return new Response(empty ? null : body, { status, headers: { date, 'retry-after': retryAfter } });
        }),
      ),
      RUNS,
    ),
  );
}, 60_000);

const unavailable = fc.constantFrom(408, 429, 500, 503);

test('a Retry-After of any text from a token endpoint is a wait of an hour at most, and no loop', async () => {
  const ask = async (wait: string, date: string, status: number): Promise<void> => {
    const headers = { date, 'retry-after': wait };
    const { client, clock, asked, request } = createTokenValet(() => new Response('', { status, headers }), {
      deadline: 1000,
    });
    const failed = await client.session.refresh().catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'TOKEN_ENDPOINT_UNAVAILABLE' });
    const { retryAfter = 0 } = failed as TokenError;
    expect(Number.isFinite(retryAfter) && retryAfter >= 0).toBe(true);
    const outcome = request();
    await clock.advance(3_600_000);
    // It waited for a second, and asked ten times a second at most.
    expect(asked.length).toBeLessThan(12);
    expect(['TOKEN_ENDPOINT_UNAVAILABLE', 'TOKEN_TIMEOUT']).toContain(await outcome);
    const before = asked.length;
    void request();
    await clock.advance(0);
    expect(asked.length - before).toBe(1);
    client.close();
  };
  await expectUnpolluted(() =>
    fc.assert(fc.asyncProperty(retryAfterText, headerValue, unavailable, ask), RUNS),
  );
}, 60_000);

test('a server that wants to be asked again after a millisecond is not', async () => {
  const headers = { date: '1970-01-01T00:00:00.000Z', 'retry-after': '1970-01-01T00:00:00.001Z' };
  const { valet } = await use(() => new Response('', { status: 503, headers }));
  expect(valet.asked.length).toBeLessThan(310);
});

const MIB = 1_048_576;

test('a token response of 100 MiB is cut off after 1 MiB', async () => {
  let bytes = 0;
  let isCut = false;
  function* endless(): Generator<Buffer> {
    for (; bytes < 100 * MIB; bytes += 65_536) yield Buffer.alloc(65_536, 'x');
  }
  await using server = await startServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    return pipeline(endless, response).catch(() => {
      isCut = true;
    });
  });
  const { client } = createTokenValet(() => fetch(server.origin));
  await expect(client.session.refresh()).rejects.toMatchObject({ code: 'TOKEN_ENDPOINT_UNAVAILABLE' });
  client.close();
  await vi.waitUntil(() => isCut);
  // What was read, and what the sockets of both ends hold.
  expect(bytes).toBeLessThan(12 * MIB);
  expect(bytes).toBeGreaterThan(MIB);
});

test('a token response that unpacks to 100 MiB is cut off after 1 MiB', async () => {
  const packed = gzipSync(Buffer.alloc(100 * MIB, ' '));
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  await using server = await startServer((_, response) => void response.writeHead(200, headers).end(packed));
  let read = 0;
  const valet = createTokenValet(async () => {
    const answer = await fetch(server.origin);
    const counted = answer.body?.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          read += chunk.byteLength;
          controller.enqueue(chunk);
        },
      }),
    );
    return new Response(counted ?? null);
  });
  await expect(valet.client.session.refresh()).rejects.toMatchObject({ code: 'TOKEN_ENDPOINT_UNAVAILABLE' });
  valet.client.close();
  expect(read).toBeLessThan(3 * MIB);
});

test('a token response that stops half-way is given up at the deadline', async () => {
  await using server = await startServer((_, response) => void response.write('{"access_token":'));
  const { client, clock } = createTokenValet(() => fetch(server.origin));
  const refused = client.session.refresh().catch((error: unknown) => error);
  // Once the server has heard of it, the clock goes on to the deadline.
  while (server.received.length === 0) await clock.advance(0);
  await clock.advance(10_000);
  expect(await refused).toMatchObject({ code: 'TOKEN_TIMEOUT' });
  client.close();
});
