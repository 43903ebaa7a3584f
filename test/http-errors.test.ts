import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Client, HttpError, ResponseError } from '../src/index.ts';
import { MASK } from '../src/redact.ts';
import { quiet } from './support/quiet.ts';
import { createRecordingFetch } from './support/recording-fetch.ts';
import { valetErrorOf } from './support/thrown.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

/** The error of a verb that is answered so. */
async function answered(
  body: BodyInit | null,
  init: ResponseInit,
  options: { errorSchema?: z.ZodType; now?: number } = {},
): Promise<HttpError> {
  const { fetch } = createRecordingFetch(() => new Response(body, init));
  const { errorSchema } = options;
  const client = new Client('key-0123456789', {
    baseUrl: 'https://api.example.com',
    logger: quiet,
    runtime: { fetch },
    ...(errorSchema && { errorSchema }),
  });
  const error = await valetErrorOf(() => client.get('orders', { retry: 0 }).json());
  if (error instanceof HttpError) return error;
  throw error;
}

test('data is the parsed body where it is JSON', async () => {
  const error = await answered('{"why":"no"}', { status: 400, headers: JSON_TYPE });
  expect(error.data).toEqual({ why: 'no' });
  expect(error.status).toBe(400);
});

test.each(['application/problem+json', 'application/vnd.api+json; charset=utf-8'])(
  '%s is JSON',
  async (type) => {
    expect((await answered('{"a":1}', { status: 400, headers: { 'content-type': type } })).data).toEqual({
      a: 1,
    });
  },
);

test('data is the text where it is not JSON', async () => {
  expect(
    (await answered('<h1>no</h1>', { status: 502, headers: { 'content-type': 'text/html' } })).data,
  ).toBe('<h1>no</h1>');
});

test('data is undefined where there is no body, or one that cannot be parsed', async () => {
  expect((await answered(null, { status: 404 })).data).toBeUndefined();
  expect((await answered('{oops', { status: 500, headers: JSON_TYPE })).data).toBeUndefined();
});

test('headers and response are there, without showing', async () => {
  const error = await answered('{"secret":"of the user"}', {
    status: 418,
    headers: { ...JSON_TYPE, 'x-id': '7' },
  });
  expect(error.headers.get('x-id')).toBe('7');
  expect(error.response.status).toBe(418);
  expect(inspect(error, { depth: 9 })).not.toContain('of the user');
  expect(JSON.stringify(error)).not.toContain('of the user');
});

test('a problem of RFC 9457 is read, without members of the wrong type', async () => {
  const body = {
    type: 'https://example.com/probs/out-of-credit',
    title: 'You do not have enough credit.',
    detail: 'Your balance is 30, but that costs 50.',
    instance: 42,
    status: '403',
    balance: 30,
  };
  const headers = { 'content-type': 'application/problem+json; charset=utf-8' };
  const text = JSON.stringify(body).replace('{', '{"__proto__":{"polluted":true},');
  const error = await answered(text, { status: 403, headers });
  expect(error.problem).toMatchObject({
    type: 'https://example.com/probs/out-of-credit',
    title: 'You do not have enough credit.',
    detail: 'Your balance is 30, but that costs 50.',
    balance: 30,
  });
  expect(error.data).toMatchObject({ status: '403' });
  expect(error.message).toContain('Your balance is 30');
  for (const member of ['instance', 'status', 'polluted']) expect(error.problem?.[member]).toBeUndefined();
});

test.each([
  ['another type', '{"title":"x"}', JSON_TYPE],
  ['a list', '[1]', { 'content-type': 'application/problem+json' }],
  ['a text', '"x"', { 'content-type': 'application/problem+json' }],
  ['null', 'null', { 'content-type': 'application/problem+json' }],
  ['broken JSON', '{"title":', { 'content-type': 'application/problem+json' }],
])('%s is no problem', async (_, body, headers) => {
  const { problem } = await answered(body, { status: 400, headers });
  expect(problem).toBeUndefined();
});

test('challenges are the parsed WWW-Authenticate', async () => {
  const headers = {
    'www-authenticate': 'Bearer realm="api", error="insufficient_scope", scope="a b", Basic',
  };
  const { challenges } = await answered(null, { status: 403, headers });
  expect(challenges.map(({ scheme }) => scheme)).toEqual(['bearer', 'basic']);
  expect(challenges[0]?.parameters.get('scope')).toBe('a b');
  expect((await answered(null, { status: 403 })).challenges).toEqual([]);
});

test('challenges of a server that repeats the credential do not hold it (rule S4)', async () => {
  const headers = {
    'www-authenticate': 'Bearer error="invalid_token", error_description="no key-0123456789"',
  };
  const { challenges } = await answered(null, { status: 401, headers });
  expect([...(challenges[0]?.parameters ?? [])]).toEqual([
    ['error', 'invalid_token'],
    ['error_description', `no ${MASK}`],
  ]);
});

test('retryAfter is in milliseconds, from seconds or from a date', async () => {
  expect((await answered(null, { status: 429, headers: { 'retry-after': '30' } })).retryAfter).toBe(30_000);
  const date = new Date(Date.now() + 3_600_000).toUTCString();
  const { retryAfter = 0 } = await answered(null, { status: 503, headers: { 'retry-after': date } });
  expect(retryAfter).toBeGreaterThan(3_500_000);
  expect(retryAfter).toBeLessThanOrEqual(3_600_000);
  expect(
    (await answered(null, { status: 429, headers: { 'retry-after': 'soon' } })).retryAfter,
  ).toBeUndefined();
});

test.each([
  [408, true],
  [425, true],
  [429, true],
  [500, true],
  [502, true],
  [503, true],
  [504, true],
  [400, false],
  [401, false],
  [403, false],
  [404, false],
  [409, false],
  [422, false],
  [501, false],
])('a %d is worth another try: %s', async (status, retryable) => {
  expect((await answered(null, { status })).retryable).toBe(retryable);
});

test('errorSchema turns the body into data, and a body that it refuses stays as it was sent', async () => {
  const errorSchema = z.object({ code: z.string(), at: z.coerce.date() });
  const good = await answered(
    '{"code":"x","at":"2026-01-01"}',
    { status: 400, headers: JSON_TYPE },
    { errorSchema },
  );
  expect(good.data).toEqual({ code: 'x', at: new Date('2026-01-01') });
  const bad = await answered('{"code":7}', { status: 400, headers: JSON_TYPE }, { errorSchema });
  expect(bad.data).toEqual({ code: 7 });
  expect(bad.code).toBe('HTTP_ERROR');
  const none = await answered(null, { status: 500 }, { errorSchema });
  expect(none.data).toBeUndefined();
});

test.each<[number, RegExp]>([
  [401, /x-api-key/],
  [403, /permission/],
  [404, /baseUrl/],
  [429, /retryAfter/],
  [500, /later/],
  [418, /error\.data/],
])('the message of a %d says what to do next', async (status, next) => {
  expect((await answered(null, { status })).message).toMatch(next);
});

test('what the server says is quoted, and cut where it is long', async () => {
  const challenge = `Bearer error="invalid_token", error_description="audience ${'x'.repeat(5000)}"`;
  const { message } = await answered(null, { status: 401, headers: { 'www-authenticate': challenge } });
  expect(message).toContain('invalid_token');
  expect(message).toContain('"audience xxx');
  expect(message.length).toBeLessThan(700);
});

test('a server cannot put lines or the client’s own key into a message', async () => {
  const headers = { 'content-type': 'application/problem+json' };
  const body = JSON.stringify({ detail: 'first\nERROR forged line\u2028with key-0123456789' });
  const { message } = await answered(body, { status: 400, headers });
  expect(message).not.toMatch(/[\n\r\u2028]/);
  expect(message).not.toContain('key-0123456789');
});

test('the issues of a schema are there, without showing', () => {
  const error = new ResponseError('INVALID_RESPONSE', { issues: [{ message: 'data of the user' }] });
  expect(error.issues).toHaveLength(1);
  expect(JSON.stringify(error)).not.toContain('of the user');
  expect(inspect(error)).not.toContain('of the user');
  expect(new ResponseError('NOT_JSON').issues).toEqual([]);
});
