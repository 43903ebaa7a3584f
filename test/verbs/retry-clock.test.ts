import { expect, test } from 'vitest';
import { Client, type ClientOptions, type VerbOptions } from '../../src/index.ts';
import { createClock, createTestFetch, type TestClock, type TestFetch } from '../../src/testing.ts';

interface Scene {
  readonly clock: TestClock;
  readonly fetch: TestFetch;
  readonly client: Client;
  /** How many were sent after so many milliseconds, from one moment to the next. */
  sentAt(...times: readonly number[]): Promise<number[]>;
}

function createScene(options: ClientOptions = {}, headers: Record<string, string> = {}): Scene {
  const clock = createClock();
  const fetch = createTestFetch(() => new Response(null, { status: 503, headers }));
  const client = new Client('a-key-for-tests', {
    baseUrl: 'https://api.test',
    ...options,
    runtime: { clock, fetch },
  });
  const start = clock.monotonic();
  const sentAt = async (...times: readonly number[]): Promise<number[]> => {
    const counts: number[] = [];
    for (const time of times) {
      await clock.advance(time - (clock.monotonic() - start));
      counts.push(fetch.requests.length);
    }
    return counts;
  };
  return { clock, fetch, client, sentAt };
}

async function failing(client: Client, options?: VerbOptions): Promise<unknown> {
  return client.get('orders', options).then(
    () => 'answered',
    ({ code, name }: { code?: unknown; name?: unknown }) => (typeof code === 'string' ? code : name),
  );
}

test('a client with a clock of its own waits between tries by that clock, as long as ky would', async () => {
  const { client, sentAt } = createScene();
  const answer = failing(client);
  expect(await sentAt(299, 300, 899, 900, 60_000)).toEqual([1, 2, 2, 3, 3]);
  expect(await answer).toBe('HTTP_ERROR');
});

test('what a server asks for is waited for by that clock, up to the limit', async () => {
  const asked = createScene({}, { 'retry-after': '7' });
  const first = failing(asked.client);
  expect(await asked.sentAt(6999, 7000, 14_000)).toEqual([1, 2, 3]);
  await first;
  const limited = createScene({ retry: { limit: 1, maxRetryAfter: 2000 } }, { 'retry-after': '7' });
  const second = failing(limited.client);
  expect(await limited.sentAt(1999, 2000)).toEqual([1, 2]);
  await second;
  const dated = createScene({}, { 'retry-after': new Date(createClock().now() + 5000).toUTCString() });
  const third = failing(dated.client, { retry: 1 });
  expect(await dated.sentAt(4999, 5000)).toEqual([1, 2]);
  await third;
});

test('each try is waited for on its own: by ky’s rule, then as the server asks', async () => {
  const clock = createClock();
  const answers = [{}, { 'retry-after': '7' }];
  const fetch = createTestFetch(() => new Response(null, { status: 503, headers: answers.shift() ?? {} }));
  const client = new Client('a-key-for-tests', { baseUrl: 'https://api.test', runtime: { clock, fetch } });
  const answer = failing(client);
  await clock.advance(300);
  expect(fetch.requests).toHaveLength(2);
  await clock.advance(6999);
  expect(fetch.requests).toHaveLength(2);
  await clock.advance(1);
  expect(fetch.requests).toHaveLength(3);
  await answer;
});

test('delay, jitter and limit of the wait are those of the call', async () => {
  const { client, sentAt } = createScene();
  const retry = {
    limit: 2,
    delay: (attempt: number) => attempt * 1000,
    jitter: (ms: number) => ms * 2,
    backoffLimit: 3000,
  };
  const answer = failing(client, { retry });
  expect(await sentAt(1999, 2000, 4999, 5000)).toEqual([1, 2, 2, 3]);
  await answer;
});

test('a caller who gives up during the wait is let go at once, and nothing more is sent', async () => {
  const { clock, client, fetch } = createScene();
  const controller = new AbortController();
  const answer = failing(client, { signal: controller.signal });
  await clock.advance(100);
  expect(clock.timers).toBe(1);
  controller.abort();
  expect(await answer).toBe('AbortError');
  expect(clock.timers).toBe(0);
  await clock.advance(60_000);
  expect(fetch.requests).toHaveLength(1);
});

test('hooks are called after the wait', async () => {
  const { client, clock } = createScene({ retry: 1 });
  const start = clock.now();
  const called: number[] = [];
  const answer = failing(client, { hooks: { beforeRetry: [() => void called.push(clock.now() - start)] } });
  await clock.advance(1000);
  await answer;
  expect(called).toEqual([300]);
});

test('a try without a wait needs no clock', async () => {
  const { client, fetch } = createScene();
  expect(await failing(client, { retry: { limit: 2, delay: () => 0 } })).toBe('HTTP_ERROR');
  expect(fetch.requests).toHaveLength(3);
});
