import { expect, test, vi } from 'vitest';
import { accessToken, apiKey, Client, type ClientOptions, type VerbOptions } from '../../src/index.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { AT_ONCE, createVerbClient } from '../support/verb-client.ts';

/** Answers with these statuses, one after another, the last one for good. */
function inTurn(...statuses: readonly number[]): (request: Request, count: number) => Response {
  return (_, count) => {
    const status = statuses[Math.min(count, statuses.length) - 1] ?? 200;
    return new Response(status === 204 ? null : '{}', { status });
  };
}

test('a 503 is tried again twice', async () => {
  const { client, sent } = createVerbClient(inTurn(503, 503, 200));
  expect(await client.get('x', { retry: AT_ONCE }).json()).toEqual({});
  expect(sent).toHaveLength(3);
});

test('what is still a 503 after that is an HttpError that may be tried again', async () => {
  const { client, sent } = createVerbClient(inTurn(503));
  const error = await valetErrorOf(() => client.get('x', { retry: AT_ONCE }));
  expect(error).toMatchObject({ code: 'HTTP_ERROR', status: 503, retryable: true });
  expect(sent).toHaveLength(3);
});

test.each([400, 401, 403, 404, 409, 422, 501])('a %d is not tried again', async (status) => {
  const { client, sent } = createVerbClient(inTurn(status));
  await valetErrorOf(() => client.get('x', { retry: AT_ONCE }));
  expect(sent).toHaveLength(1);
});

test.each([408, 429, 500, 502, 503, 504])('a %d is tried again', async (status) => {
  const { client, sent } = createVerbClient(inTurn(status, 200));
  await client.get('x', { retry: { ...AT_ONCE, maxRetryAfter: 0 } });
  expect(sent).toHaveLength(2);
});

/** How long ky reads the body of a failure for, without a timeout of the caller. */
const READING = 10_000;

/** The milliseconds that a call waits for before it tries again. */
async function waitOf(
  retryAfter: string,
  ofClient?: ClientOptions['retry'],
  ofCall?: ClientOptions['retry'],
): Promise<number | undefined> {
  const answer = (_: Request, count: number): Response =>
    new Response('{}', { status: count === 1 ? 503 : 200, headers: { 'retry-after': retryAfter } });
  const { client, sent } = createVerbClient(answer, ofClient === undefined ? {} : { retry: ofClient });
  // ky takes the timer of the platform. What is waited for is written down, and over at once.
  const { setTimeout: platformTimer } = globalThis;
  const waits: number[] = [];
  using timer = vi.spyOn(globalThis, 'setTimeout');
  timer.mockImplementation((run, ms = 0) => {
    if (ms !== READING) waits.push(ms);
    return platformTimer(run, ms === READING ? ms : 0);
  });
  await client.get('x', { timeout: false, ...(ofCall !== undefined && { retry: ofCall }) });
  expect(sent).toHaveLength(2);
  expect(waits).toHaveLength(1);
  return waits[0];
}

test('what a server asks for is waited for, up to a minute (rule S8)', async () => {
  for (const retry of [undefined, 2, { limit: 2 }]) expect(await waitOf('30', retry)).toBe(30_000);
  expect(await waitOf('60')).toBe(60_000);
});

test.each([413, 429, 503])(
  'a %d that asks for more than a minute is the result at once (rule S8)',
  async (status) => {
    const { client, sent } = createVerbClient(
      () => new Response('{}', { status, headers: { 'retry-after': '61' } }),
    );
    for (const options of [{}, { retry: 2 }, { retry: AT_ONCE }])
      expect(await valetErrorOf(() => client.get('x', options))).toMatchObject({
        status,
        retryAfter: 61_000,
      });
    expect(sent).toHaveLength(3);
  },
);

test('a date more than a minute away is too long, too; a 500 is tried again whatever it asks for', async () => {
  const headers = { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() };
  const { client, sent } = createVerbClient(
    ({ url }) => new Response('{}', { status: url.endsWith('busy') ? 503 : 500, headers }),
  );
  await valetErrorOf(() => client.get('busy'));
  expect(sent).toHaveLength(1);
  await valetErrorOf(() => client.get('broken', { retry: AT_ONCE }));
  expect(sent).toHaveLength(4);
});

test('a number that is too long to mean anything is too long a wait', async () => {
  const { client, sent } = createVerbClient(
    () => new Response('{}', { status: 429, headers: { 'retry-after': '9999999999' } }),
  );
  await valetErrorOf(() => client.get('x', { retry: AT_ONCE }));
  expect(sent).toHaveLength(1);
});

test("the caller's shouldRetry has the first word on a long wait", async () => {
  const { client, sent } = createVerbClient(
    () => new Response('{}', { status: 503, headers: { 'retry-after': '86400' } }),
  );
  await valetErrorOf(() => client.get('x', { retry: { ...AT_ONCE, shouldRetry: () => true } }));
  expect(sent).toHaveLength(3);
  await valetErrorOf(() => client.get('x', { retry: { ...AT_ONCE, shouldRetry: () => undefined } }));
  expect(sent).toHaveLength(4);
});

test('the client or the call may allow for a longer wait, or for none', async () => {
  const hour = { maxRetryAfter: 3_600_000 };
  expect(await waitOf('86400', hour)).toBe(3_600_000);
  expect(await waitOf('86400', 2, hour)).toBe(3_600_000);
  expect(await waitOf('86400', hour, { maxRetryAfter: 5000 })).toBe(5000);
});

test('a POST is not tried again, unless the caller says that it may', async () => {
  const { client, sent } = createVerbClient(inTurn(503, 200));
  await valetErrorOf(() => client.post('x', { json: {}, retry: AT_ONCE }));
  expect(sent).toHaveLength(1);
  const other = createVerbClient(inTurn(503, 200));
  await other.client.post('x', { json: { a: 1 }, retry: { ...AT_ONCE, methods: ['post'] } });
  expect(await Promise.all(other.sent.map((request) => request.text()))).toEqual(['{"a":1}', '{"a":1}']);
});

test('a connection that fails is tried again', async () => {
  const { client, sent } = createVerbClient((_, count) => {
    if (count === 1) throw new TypeError('fetch failed');
    return new Response('{}');
  });
  await client.get('x', { retry: AT_ONCE });
  expect(sent).toHaveLength(2);
});

test('retry: 0 tries once', async () => {
  const { client, sent } = createVerbClient(inTurn(503));
  await valetErrorOf(() => client.get('x', { retry: 0 }));
  expect(sent).toHaveLength(1);
});

test.each(['the client', 'a child'])('no try follows the close of %s', async (who) => {
  const { client, sent } = createVerbClient(inTurn(503));
  const sender = who === 'a child' ? client.extend({}) : client;
  const shouldRetry = (): true => {
    sender.close();
    return true;
  };
  const error = await valetErrorOf(() => sender.get('x', { retry: { ...AT_ONCE, shouldRetry } }));
  expect(error.code).toBe('CLIENT_CLOSED');
  expect(sent).toHaveLength(1);
});

test('what is no way to try again is refused, and nothing is sent', async () => {
  const { client, sent } = createVerbClient();
  for (const retry of ['often', true, ['get'], [2]] as unknown as ClientOptions['retry'][]) {
    const refused = { code: 'INVALID_OPTION', message: expect.stringContaining('{ limit: 3 }') as unknown };
    expect(await valetErrorOf(() => client.get('x', { retry } as VerbOptions))).toMatchObject(refused);
    expect(await valetErrorOf(() => new Client('key-0123456789', { retry }))).toMatchObject(refused);
  }
  expect(sent).toHaveLength(0);
});

test.each<[string, ClientOptions['retry'], ClientOptions['retry'], number]>([
  ['the client says', { ...AT_ONCE, limit: 1 }, undefined, 2],
  ['the call says', 0, { ...AT_ONCE, limit: 3 }, 4],
  ['neither says, and none of them', { ...AT_ONCE, limit: 3 }, 0, 1],
])('a 503 is tried as often as %s', async (_, ofClient, ofCall, tries) => {
  const { client, sent } = createVerbClient(inTurn(503), { retry: ofClient });
  await valetErrorOf(() => client.get('x', ofCall === undefined ? {} : { retry: ofCall }));
  expect(sent).toHaveLength(tries);
});

test('each try asks for the credential anew', async () => {
  let count = 0;
  const { client, sent } = createVerbClient(
    inTurn(503, 503, 200),
    {},
    apiKey(() => `key-of-try-${++count}`),
  );
  await client.get('x', { retry: AT_ONCE });
  expect(sent.map(({ headers }) => headers.get('x-api-key'))).toEqual([
    'key-of-try-1',
    'key-of-try-2',
    'key-of-try-3',
  ]);
});

test('the replay after a 401 costs no try, and happens without any', async () => {
  const rotating = (): ReturnType<typeof apiKey> =>
    apiKey(({ rejectedKey }) => (rejectedKey === undefined ? 'old-key-01' : 'new-key-01'));
  const none = createVerbClient(inTurn(401, 200), {}, rotating());
  await none.client.post('x', { json: {}, retry: 0 });
  expect(none.sent).toHaveLength(2);
  const all = createVerbClient(inTurn(401, 503, 503, 200), {}, rotating());
  await all.client.get('x', { retry: { ...AT_ONCE, limit: 2 } });
  expect(all.sent).toHaveLength(4);
});

test('our own refusals are not tried again, nor taken for a timeout', async () => {
  let asked = 0;
  const strategy = apiKey(() => {
    asked++;
    return 'key with a space';
  });
  const { client, sent } = createVerbClient(undefined, {}, strategy);
  const error = await valetErrorOf(() =>
    client.get('x', { retry: { ...AT_ONCE, limit: 5, retryOnTimeout: true } }),
  );
  expect(error.code).toBe('INVALID_API_KEY');
  expect(asked).toBe(1);
  expect(sent).toHaveLength(0);
});

test('all tries of a call have one id', async () => {
  const { client } = createVerbClient(inTurn(503, 503, 200, 200));
  const ids: string[] = [];
  client.on('request', ({ id }) => ids.push(id));
  await client.get('x', { retry: AT_ONCE });
  await client.get('y');
  expect(ids).toEqual(['r1', 'r1', 'r1', 'r2']);
});

test('a function makes the body of each try', async () => {
  const { client, sent } = createVerbClient(inTurn(503, 200));
  let made = 0;
  await client.put('x', {
    retry: AT_ONCE,
    body: () => new Blob([`try ${++made}`]).stream(),
  });
  expect(await Promise.all(sent.map((request) => request.text()))).toEqual(['try 1', 'try 2']);
});

test('a user who changes between two tries ends the call', async () => {
  const strategy = accessToken(() => null, {
    initial: { token: 'token-of-ada' },
    user: () => ({ id: crypto.randomUUID() }),
  });
  const { client, sent } = createVerbClient(inTurn(503), {}, strategy);
  const shouldRetry = async (): Promise<true> => {
    await client.session.signIn({ token: 'token-of-bob' });
    return true;
  };
  const error = await valetErrorOf(() => client.get('x', { retry: { ...AT_ONCE, shouldRetry } }));
  expect(error.code).toBe('SESSION_CHANGED');
  expect(sent).toHaveLength(1);
});

test('shouldRetry sees an error without a secret', async () => {
  const { client } = createVerbClient(inTurn(500, 200));
  const seen: string[] = [];
  const shouldRetry = ({ error }: { error: Error }): boolean => {
    seen.push(error.name);
    return true;
  };
  await client.get('x', { retry: { ...AT_ONCE, shouldRetry } });
  expect(seen).toEqual(['HTTPError']);
});
