import { expect, test } from 'vitest';
import { createRedactor } from '../../src/redact.ts';
import { type EndpointAnswer, readEndpoint, refusalIn } from '../../src/token/endpoint-answer.ts';
import type { Failure } from '../../src/token/failure.ts';

const NOW = Date.UTC(2026, 0, 1);
const MIB = 1_048_576;

function read(
  body: unknown,
  {
    status = 200,
    headers = {},
    now = NOW,
  }: { status?: number; headers?: Record<string, string>; now?: number } = {},
): Promise<EndpointAnswer> {
  const text = typeof body === 'string' || body === null ? body : JSON.stringify(body);
  return readEndpoint(new Response(text, { status, headers }), createRedactor(), now);
}

async function failureOf(answer: Promise<EndpointAnswer>): Promise<Failure> {
  const read = await answer;
  if ('failure' in read) return read.failure;
  throw new Error('It was taken.');
}

test('the tokens of a 200 are handed on, with the date of the answer', async () => {
  const tokens = { access_token: 't', expires_in: 60, refresh_token: 'r' };

  expect(await read(tokens, { headers: { date: new Date(NOW).toUTCString() } })).toEqual({
    tokens,
    date: NOW,
  });
});

test('a date that is missing or malformed is none', async () => {
  expect(await read({ token: 't' })).toEqual({ tokens: { token: 't' } });
  expect(await read({ token: 't' }, { headers: { date: 'yesterday-ish' } })).toEqual({
    tokens: { token: 't' },
  });
});

test('JSON is read whatever type it is said to be of', async () => {
  expect(await read('{"token":"t"}', { headers: { 'content-type': 'text/html' } })).toMatchObject({
    tokens: { token: 't' },
  });
});

test('what is not a JSON object is a bad moment, not the end of a session (rule T6)', async () => {
  for (const body of [
    '<html>Service is being restarted</html>',
    '',
    null,
    'null',
    '[]',
    '"t"',
    '5',
    '{"token":',
  ])
    expect([body, (await failureOf(read(body))).kind]).toEqual([body, 'temporary']);
  expect(
    (await failureOf(read('<html>', { headers: { 'content-type': 'text/html' } }))).error.message,
  ).toContain('text/html');
});

test('a status outside 200–299 is a refusal, even if a token is beside it', async () => {
  const table = [
    { status: 400, kind: 'misconfigured' },
    { status: 401, kind: 'final' },
    { status: 503, kind: 'temporary' },
  ];
  for (const { status, kind } of table)
    expect([status, (await failureOf(read({ token: 't' }, { status }))).kind]).toEqual([status, kind]);
});

test('the error body of RFC 6749 is read, also when it comes with status 200', async () => {
  const body = { error: 'invalid_grant', error_description: 'Refresh token is spent' };
  for (const status of [200, 400, 401]) {
    const failure = await failureOf(read(body, { status }));
    expect([status, failure.kind]).toEqual([status, 'final']);
    expect(failure.error.message).toContain('Refresh token is spent');
  }
});

test('an error beside a token is no refusal', () => {
  expect(refusalIn({ error: 'none', access_token: 't' })).toBeUndefined();
  expect(refusalIn({ error: '' })).toBeUndefined();
  expect(refusalIn({ error: { code: 5 } })).toBeUndefined();
  expect(refusalIn(Object.create({ error: 'invalid_grant' }) as object)).toBeUndefined();
  expect(refusalIn({ error: 'x', error_description: 5 })).toEqual({
    oauthError: 'x',
    description: undefined,
  });
});

test('Retry-After is read in seconds and as a date', async () => {
  const at = new Date(NOW + 30_000).toUTCString();
  for (const value of ['30', at]) {
    const failure = await failureOf(read('', { status: 503, headers: { 'retry-after': value } }));
    expect([value, failure.retryAfter]).toEqual([value, 30_000]);
  }
});

test('a Retry-After date is measured by the clock of who sent it, not by ours (rule T2)', async () => {
  const headers = { date: new Date(NOW).toUTCString(), 'retry-after': new Date(NOW + 30_000).toUTCString() };
  for (const wrong of [-86_400_000, -600_000, 600_000, 86_400_000]) {
    const failure = await failureOf(read('', { status: 503, headers, now: NOW + wrong }));
    expect([wrong, failure.retryAfter]).toEqual([wrong, 30_000]);
  }
});

test('a malformed Retry-After is none (rule S8)', async () => {
  for (const value of ['soon', '-5', '1.5', '9999999999999999999', ''])
    expect((await failureOf(read('', { status: 503, headers: { 'retry-after': value } }))).retryAfter).toBe(
      undefined,
    );
});

/** A body of `size` bytes that is JSON, in chunks of 64 KiB; tells how much was read of it and whether it was let go. */
function largeResponse(size: number): { response: Response; seen(): { read: number; cancelled: boolean } } {
  const json = Buffer.from(`{"token":"t","pad":"${'x'.repeat(size - 22)}"}`);
  let read = 0;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = json.subarray(read, read + 65_536);
        read += chunk.byteLength;
        if (chunk.byteLength === 0) controller.close();
        else controller.enqueue(chunk);
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { response: new Response(body), seen: () => ({ read, cancelled }) };
}

test('a token response of 1 MiB is read, one byte more is not (rule S8)', async () => {
  const redactor = createRedactor();
  const fits = largeResponse(MIB);
  const tooLarge = largeResponse(MIB + 1);

  expect(await readEndpoint(fits.response, redactor, NOW)).toHaveProperty('tokens');
  expect(await failureOf(readEndpoint(tooLarge.response, redactor, NOW))).toMatchObject({
    kind: 'temporary',
  });
});

test('a token response without end is let go after 1 MiB', async () => {
  const endless = largeResponse(64 * MIB);

  expect(await failureOf(readEndpoint(endless.response, createRedactor(), NOW))).toMatchObject({
    kind: 'temporary',
  });
  expect(endless.seen()).toEqual({ read: MIB + 65_536, cancelled: true });
});

test('text that is cut between two chunks in the middle of a character is put together again', async () => {
  const bytes = new TextEncoder().encode('{"token":"t","scope":"é😀"}');
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });

  expect(await readEndpoint(new Response(body), createRedactor(), NOW)).toMatchObject({
    tokens: { scope: 'é😀' },
  });
});

test.each([408, 429, 500, 503])(
  'a %d without JSON is told by its status and that it is tried again, not by its type',
  async (status) => {
    const headers = { 'content-type': 'text/plain' };
    const { kind, error } = await failureOf(read('Slow down', { status, headers }));
    expect(kind).toBe('temporary');
    expect(error).toMatchObject({ code: 'TOKEN_ENDPOINT_UNAVAILABLE', retryable: true, status });
    expect(error.message).toContain(`answered ${status}. The session stays; it is tried again.`);
    expect(error.message).not.toMatch(/JSON|text\/plain/);
  },
);

test('a 404 without JSON is told with its type: the URL may be that of a page', async () => {
  const { error } = await failureOf(read('<p>', { status: 404, headers: { 'content-type': 'text/html' } }));
  expect(error.code).toBe('TOKEN_ENDPOINT_REJECTED');
  expect(error.message).toContain('answered 404 with text/html, not JSON');
});
