import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { connect } from '../../src/connection.ts';
import type { Host } from '../../src/contracts.ts';
import { Client, createFetch, SessionError } from '../../src/index.ts';
import { type ApiKeyOptions, apiKey } from '../../src/strategies/api-key.ts';
import type { ApiKeyContext } from '../../src/strategies/key-function.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { quiet } from '../support/quiet.ts';
import { createRecordingFetch } from '../support/recording-fetch.ts';
import { expectNoSecret, thrownBy, valetErrorOf } from '../support/thrown.ts';

const KEY = 'key-for-tests-0123456789';
const NEXT = 'next-key-for-tests-98765';
const BASE = 'https://api.example.com';

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
  const client = new Client(strategy, { baseUrl: BASE, logger: quiet, runtime: { fetch, clock } });
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
  expect(await failed).toMatchObject({ code: 'CLIENT_CLOSED' });
  expect(clock.timers).toBe(0);
});

test('a key function that sends a request with its own client is told so, and not called for ever', async () => {
  const ask = async (): Promise<string> => (await send('key')).text();
  const { send, asked, keys } = createScripted(ask);

  const error = await valetErrorOf(() => send('a'));

  expect(error).toMatchObject({ code: 'TOKEN_PROVIDER_FAILED', retryable: false });
  expect(error.message).toContain('auth: false');
  expect(asked).toHaveLength(1);
  expect(keys()).toEqual([]);
});

test('a key function may send a request with its own client that needs no key', async () => {
  const ask = async (): Promise<string> => {
    await send('key', { auth: false });
    return KEY;
  };
  const { send, keys } = createScripted(ask);

  await send('a');

  expect(keys()).toEqual([null, KEY]);
});

test('a key function of several clients goes on until the last of them is closed', async () => {
  const signals: AbortSignal[] = [];
  const strategy = apiKey(({ signal }) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  const runtime = { fetch: createRecordingFetch().fetch, clock: createManualClock() };
  const open = (): Client => new Client(strategy, { baseUrl: BASE, logger: quiet, runtime });
  const [first, second, third] = [open(), open(), open()] as const;
  third.close();
  const failed = thrownBy(() => first.fetch('a'));
  await settle();
  second.close();
  expect(signals[0]?.aborted).toBe(false);
  first.close();
  expect(signals[0]?.aborted).toBe(true);
  expect(await failed).toMatchObject({ code: 'CLIENT_CLOSED' });
});

test('a key function that all clients have left is asked again for the next one', async () => {
  const signals: AbortSignal[] = [];
  const strategy = apiKey(({ signal }) => {
    signals.push(signal);
    return KEY;
  });
  const { fetch } = createRecordingFetch();
  const open = (): Client => new Client(strategy, { baseUrl: BASE, runtime: { fetch } });
  open().close();
  expect((await open().fetch('a')).status).toBe(200);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
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

test.each([
  ['answers', () => Promise.resolve(KEY)],
  ['fails', () => Promise.reject(new Error('no key'))],
])('nobody listens any more to the signal of a key function that %s', async (_, ask) => {
  const signals: AbortSignal[] = [];
  const { send } = createScripted(({ signal }) => {
    signals.push(signal);
    return ask();
  });
  await Promise.allSettled([send('a')]);
  expect(signals.map((signal) => getEventListeners(signal, 'abort').length)).toEqual([0]);
});

/** A client of a key function, as far as that knows it: with the keys it is told to redact. */
function createHost(): { host: Host; told: string[]; close(): void } {
  const told: string[] = [];
  const { host, close } = connect(apiKey(KEY));
  const redactor = { ...host.redactor, add: (_: unknown, key: string) => void told.push(key) };
  return { host: { ...host, redactor }, told, close };
}

test('a key function lets go of the clients that are closed, but for the last: its requests may be under way', () => {
  const strategy = apiKey(() => KEY);
  const hosts = [createHost(), createHost(), createHost()] as const;
  for (const { host } of hosts) strategy.connect?.(host);
  const [first, second, third] = hosts;
  third.close();
  first.close();
  void strategy.credential({ scopes: [], resource: BASE });
  expect(hosts.map(({ told }) => told)).toEqual([[KEY], [KEY], []]);
  second.close();
  void strategy.credential({ scopes: [], resource: BASE });
  expect(hosts.map(({ told }) => told)).toEqual([[KEY], [KEY, KEY], []]);
});

test('a strategy that no client uses yet cannot be asked', async () => {
  const query = { scopes: [], resource: BASE };
  const error = await valetErrorOf(() => apiKey(() => KEY).credential(query));
  expect(error.code).toBe('INVALID_OPTION');
});
