import { expect, test } from 'vitest';
import { apiKey, Client } from '../../src/index.ts';
import { createManualClock } from '../support/clock.ts';
import { createFakeFetch, hang, ok, status } from '../support/fake-fetch.ts';
import { NEW } from '../support/once-refused.ts';
import { sendJson, startServer } from '../support/server.ts';

const TIMED_OUT = { name: 'NetworkError', code: 'TIMEOUT', retryable: true };

test('a verb that is not answered in time fails and lets its connection go', async () => {
  const clock = createManualClock();
  const arrived = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  await using api = await startServer((_, response) => {
    response.on('close', () => gone.resolve());
    arrived.resolve();
  });
  using client = new Client(NEW, { baseUrl: api.origin, timeout: 1000, retry: 0, runtime: { clock } });

  const failed = expect(client.get('orders?secret=1')).rejects.toMatchObject({
    ...TIMED_OUT,
    request: { method: 'GET', url: `${api.origin}/orders?…` },
  });
  await arrived.promise;
  await clock.advance(999);
  expect(clock.timers).toBe(1);
  await clock.advance(1);

  await failed;
  await gone.promise;
  expect(clock.timers).toBe(0);
});

test.each(['json', 'text', 'bytes', 'blob', 'arrayBuffer'] as const)(
  'the time of a verb covers its body, read with .%s()',
  async (shortcut) => {
    const clock = createManualClock();
    const begun = Promise.withResolvers<void>();
    await using api = await startServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"part":', () => begun.resolve());
    });
    const fetched = Promise.withResolvers<void>();
    using client = new Client(NEW, { baseUrl: api.origin, timeout: 1000, retry: 0, runtime: { clock } });
    client.on('response', () => fetched.resolve());

    const failed = expect(client.get('')[shortcut]()).rejects.toMatchObject(TIMED_OUT);
    await Promise.all([begun.promise, fetched.promise]);
    await clock.advance(1000);

    await failed;
    expect(clock.timers).toBe(0);
  },
);

test('the time of a verb covers a body that is read by hand', async () => {
  const clock = createManualClock();
  await using api = await startServer((_, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('a part of it');
  });
  using client = new Client(NEW, { baseUrl: api.origin, timeout: 1000, runtime: { clock } });

  const response = await client.get('');
  const failed = expect(response.text()).rejects.toMatchObject(TIMED_OUT);
  await clock.advance(1000);

  await failed;
});

test('waiting for a token is not the time of the API', async () => {
  const clock = createManualClock();
  const asked = Promise.withResolvers<void>();
  const token = Promise.withResolvers<string>();
  const fetch = createFakeFetch(ok);
  const provider = (): Promise<string> => {
    asked.resolve();
    return token.promise;
  };
  using client = new Client(provider, {
    baseUrl: 'https://api.test',
    timeout: 1000,
    runtime: { fetch, clock },
  });

  const answer = client.get('').json();
  await asked.promise;
  await clock.advance(9000);
  token.resolve(NEW);

  expect(await answer).toEqual({ ok: true });
  expect(fetch.calls).toHaveLength(1);
  expect(clock.timers).toBe(0);
});

test('a replay has all the time of a send, whatever the refused one and the token took', async () => {
  const clock = createManualClock();
  const asked = Promise.withResolvers<void>();
  const token = Promise.withResolvers<string>();
  const sends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const answers = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const at =
    (index: number, code: number) =>
    async ({ request: { signal } }: { request: Request }): Promise<Response> => {
      sends[index]?.resolve();
      await answers[index]?.promise;
      signal.throwIfAborted();
      return Response.json({ ok: code === 200 }, { status: code });
    };
  const fetch = createFakeFetch(at(0, 401), at(1, 200));
  const provider = ({ reason }: { reason: string }): string | Promise<string> => {
    if (reason !== 'rejected') return 'token-0123456789';
    asked.resolve();
    return token.promise;
  };
  using client = new Client(provider, {
    baseUrl: 'https://api.test',
    timeout: 1000,
    runtime: { fetch, clock },
  });

  const answer = client.get('').json();
  await sends[0]?.promise;
  await clock.advance(900);
  answers[0]?.resolve();
  await asked.promise;
  await clock.advance(5000);
  token.resolve(NEW);
  await sends[1]?.promise;
  await clock.advance(900);
  answers[1]?.resolve();

  expect(await answer).toEqual({ ok: true });
  expect(clock.timers).toBe(0);
});

test('a 401 that is surfaced after a long wait for a token still has its body', async () => {
  const clock = createManualClock();
  const asked = Promise.withResolvers<void>();
  const key = Promise.withResolvers<string>();
  await using api = await startServer((_, response) => sendJson(response, { why: 'expired' }, 401));
  const strategy = apiKey(({ rejectedKey }) => {
    if (rejectedKey === undefined) return NEW;
    asked.resolve();
    return key.promise;
  });
  using client = new Client(strategy, { baseUrl: api.origin, timeout: 1000, runtime: { clock } });

  const answer = client.get('').json();
  await asked.promise;
  await clock.advance(5000);
  key.resolve(NEW);

  await expect(answer).rejects.toMatchObject({ code: 'HTTP_ERROR', status: 401, data: { why: 'expired' } });
});

test.each([
  ['an answer with a body', ok, 'json'],
  ['an empty answer', () => new Response(null, { status: 204 }), 'text'],
  ['an error', status(404), 'json'],
  ['a connection that fails', () => Promise.reject(new TypeError('fetch failed')), 'json'],
] as const)('no timer is left after %s', async (_, answer, shortcut) => {
  const clock = createManualClock();
  const fetch = createFakeFetch(answer);
  using client = new Client(NEW, { baseUrl: 'https://api.test', retry: 0, runtime: { fetch, clock } });

  await client
    .get('')
    [shortcut]()
    .catch(() => {});

  expect(fetch.calls).toHaveLength(1);
  expect(clock.timers).toBe(0);
});

test('no timer is left after an empty answer that nobody reads', async () => {
  const clock = createManualClock();
  const fetch = createFakeFetch(() => new Response(null, { status: 204 }));
  using client = new Client(NEW, { baseUrl: 'https://api.test', runtime: { fetch, clock } });

  await client.delete('x');

  expect(clock.timers).toBe(0);
});

test('no timer is left behind by the hops and tries before the last one', async () => {
  const clock = createManualClock();
  const hop = status(302, { location: '/next' });
  const fetch = createFakeFetch(hop, status(401), hop, status(503), ok);
  const strategy = apiKey(({ rejectedKey }) => (rejectedKey === undefined ? 'key-0123456789' : NEW));
  using client = new Client(strategy, {
    baseUrl: 'https://api.test',
    retry: { limit: 1, delay: () => 0 },
    runtime: { fetch, clock },
  });

  expect(await client.get('').json()).toEqual({ ok: true });

  expect(fetch.calls).toHaveLength(5);
  expect(clock.timers).toBe(0);
});

test('timeout: false arms no timer', async () => {
  const clock = createManualClock();
  const timers: number[] = [];
  const fetch = createFakeFetch((call) => {
    timers.push(clock.timers);
    return ok(call);
  });
  using client = new Client(NEW, { baseUrl: 'https://api.test', timeout: false, runtime: { fetch, clock } });

  await client.get('').json();
  await client.get('', { timeout: 500 }).json();
  await client.get('', { timeout: false }).json();

  expect(timers).toEqual([0, 1, 0]);
});

test('fetch itself has no timeout, as the platform has none', async () => {
  const clock = createManualClock();
  const timers: number[] = [];
  const fetch = createFakeFetch((call) => {
    timers.push(clock.timers);
    return ok(call);
  });
  using client = new Client(NEW, { baseUrl: 'https://api.test', timeout: 500, runtime: { fetch, clock } });

  await client.fetch('/');

  expect(timers).toEqual([0]);
});

test("a caller's signal still ends a verb that has a timeout", async () => {
  const clock = createManualClock();
  const arrived = Promise.withResolvers<void>();
  const fetch = createFakeFetch((call) => {
    arrived.resolve();
    return hang(call);
  });
  using client = new Client(NEW, { baseUrl: 'https://api.test', runtime: { fetch, clock } });
  const controller = new AbortController();
  const reason = new Error('the user went away');

  const answer = client.get('', { signal: controller.signal });
  await arrived.promise;
  controller.abort(reason);

  await expect(answer).rejects.toBe(reason);
  expect(clock.timers).toBe(0);
});

test('the time of a verb covers the body of a 401 that no new credential mends', async () => {
  const clock = createManualClock();
  await using api = await startServer((_, response) => {
    response.writeHead(401, { 'content-length': '1000' });
    response.write('a part of it');
  });
  using client = new Client(NEW, { baseUrl: api.origin, timeout: 1000, runtime: { clock } });
  const response = await client.get('', { throwHttpErrors: false });
  const failed = expect(response.text()).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(clock.timers).toBe(1);
  await clock.advance(1000);
  await failed;
  expect(clock.timers).toBe(0);
});

test('a fetch that throws at once leaves no timer behind', async () => {
  const clock = createManualClock();
  const error = new Error('no network here');
  const fetch = (): never => {
    throw error;
  };
  using client = new Client(NEW, { baseUrl: 'https://api.test', timeout: 1000, runtime: { fetch, clock } });

  await expect(client.get('', { retry: 0 })).rejects.toThrow('no network here');

  expect(clock.timers).toBe(0);
});
