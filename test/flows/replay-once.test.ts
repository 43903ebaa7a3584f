import { expect, test } from 'vitest';
import { apiKey, bearer, Client, createFetch } from '../../src/index.ts';
import { createManualClock } from '../support/clock.ts';
import { createFakeFetch, ok, status } from '../support/fake-fetch.ts';
import { createJwt } from '../support/jwt.ts';
import { NEW, OLD, renewing, startOnceRefused } from '../support/once-refused.ts';
import { quiet } from '../support/quiet.ts';
import { sendJson, startServer } from '../support/server.ts';

test('a 401 is answered by one more send with a new token, the same in all else', async () => {
  await using api = await startOnceRefused();
  using client = new Client(({ rejectedToken }) => (rejectedToken === OLD ? NEW : OLD), {
    baseUrl: `${api.origin}/v1`,
  });

  const response = await client.fetch('orders?page=2#top', {
    method: 'PATCH',
    headers: { 'x-mine': '1', accept: 'text/csv' },
    body: 'name=Oslo',
  });

  expect(response.status).toBe(200);
  const [first, second] = api.received;
  expect(first?.headers.authorization).toBe(`Bearer ${OLD}`);
  expect(second).toEqual({ ...first, headers: { ...first?.headers, authorization: `Bearer ${NEW}` } });
  expect(second).toMatchObject({ method: 'PATCH', url: '/v1/orders?page=2', headers: { 'x-mine': '1' } });
});

test('a second 401 is returned, however many tokens there are', async () => {
  await using api = await startServer((_, response) => sendJson(response, { no: api.received.length }, 401));
  let count = 0;
  using client = new Client(() => `token-number-${++count}`, { baseUrl: api.origin });

  const response = await client.fetch('/');

  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({ no: 2 });
  expect(count).toBe(2);
  expect(api.received).toHaveLength(2);
});

test.each([400, 402, 403, 404, 409, 419, 429, 500, 503])('a %i is not replayed', async (code) => {
  await using api = await startServer((_, response) => sendJson(response, {}, code));
  const asked: string[] = [];
  using client = new Client(
    ({ reason }) => {
      asked.push(reason);
      return createJwt({ sub: 'ann', n: asked.length });
    },
    { baseUrl: api.origin },
  );

  expect((await client.fetch('/')).status).toBe(code);

  expect(asked).toEqual(['initial']);
  expect(api.received).toHaveLength(1);
});

test.each([
  ['a key that does not change', () => apiKey(OLD)],
  ['a key function with the same answer', () => apiKey(() => OLD)],
  ['a bearer key', () => bearer(OLD)],
])('%s is not sent a second time', async (_, strategy) => {
  await using api = await startOnceRefused();
  using client = new Client(strategy(), { baseUrl: api.origin });

  const response = await client.fetch('/');

  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({ error: 'old' });
  expect(api.received).toHaveLength(1);
});

test('a provider that insists on the refused token gets the 401 surfaced, with its body', async () => {
  await using api = await startOnceRefused();
  using client = new Client(() => OLD, { baseUrl: api.origin });

  const response = await client.fetch('/');

  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({ error: 'old' });
  expect(api.received).toHaveLength(1);
});

test('a replay costs a verb no retry', async () => {
  await using api = await startOnceRefused();
  using client = new Client(apiKey(renewing), { baseUrl: api.origin, retry: 0 });

  expect(await client.get('').json()).toEqual({ method: 'GET', length: 0 });
  expect(await client.post('', { json: {} }).json()).toEqual({ method: 'POST', length: 2 });
});

test('a verb still has its retries after a replay, and no delay is asked for the replay', async () => {
  const fetch = createFakeFetch(status(401), status(503), status(503), ok);
  const delays: number[] = [];
  const delay = (attempt: number): number => {
    delays.push(attempt);
    return 0;
  };
  using client = new Client(apiKey(renewing, { maxAge: 60_000 }), {
    baseUrl: 'https://api.test',
    retry: { limit: 2, delay },
    runtime: { fetch },
  });

  expect(await client.get('').json()).toEqual({ ok: true });

  expect(fetch.calls.map(({ request }) => request.headers.get('x-api-key'))).toEqual([OLD, NEW, NEW, NEW]);
  expect(delays).toEqual([1, 2]);
});

test('a replay sets no timer at all', async () => {
  const clock = createManualClock();
  const timers: number[] = [];
  const fetch = createFakeFetch(
    (call) => {
      timers.push(clock.timers);
      return status(401)(call);
    },
    (call) => {
      timers.push(clock.timers);
      return ok(call);
    },
  );
  const send = createFetch(
    apiKey((context) => {
      timers.push(clock.timers);
      return renewing(context);
    }),
    { baseUrl: 'https://api.test', runtime: { fetch, clock } },
  );

  expect((await send('/')).status).toBe(200);

  expect(timers).toEqual([0, 0, 0, 0]);
  expect(clock.timers).toBe(0);
});

test('the body of the refused response is cancelled', async () => {
  const cancelled: string[] = [];
  const refusal = (): Response =>
    new Response(new ReadableStream({ cancel: () => void cancelled.push('refused') }), { status: 401 });
  const send = createFetch(apiKey(renewing), {
    baseUrl: 'https://api.test',
    runtime: { fetch: createFakeFetch(refusal, ok) },
  });

  await send('/');

  expect(cancelled).toEqual(['refused']);
});

test('the body of the refused response is cancelled where no other token can be had', async () => {
  const cancelled: string[] = [];
  const refusal = (): Response =>
    new Response(new ReadableStream({ cancel: () => void cancelled.push('refused') }), { status: 401 });
  let asked = 0;
  using client = new Client(() => (++asked === 1 ? 'token-0123456789' : null), {
    baseUrl: 'https://api.test',
    logger: quiet,
    runtime: { fetch: createFakeFetch(refusal) },
  });

  await expect(client.fetch('/')).rejects.toMatchObject({ name: 'SessionError' });
  expect(cancelled).toEqual(['refused']);
});

test('a bare request is never replayed', async () => {
  await using api = await startServer((_, response) => void response.writeHead(401).end());
  let asked = 0;
  using client = new Client(
    () => {
      asked += 1;
      return null;
    },
    { baseUrl: api.origin },
  );

  expect((await client.fetch('/', { auth: false })).status).toBe(401);
  expect(asked).toBe(0);
  expect((await client.fetch('/', { auth: 'optional' })).status).toBe(401);
  expect(asked).toBe(1);
  expect(api.received).toHaveLength(2);
  expect(api.received.some(({ headers }) => 'authorization' in headers)).toBe(false);
});

test('a replay is told in events, and the response says that it was one', async () => {
  await using api = await startOnceRefused();
  using client = new Client(apiKey(renewing), { baseUrl: api.origin });
  const told: unknown[] = [];
  client.on('request', ({ method }) => told.push(['request', method]));
  client.on('replay', (event) => told.push(['replay', event.status]));
  client.on('response', (event) => told.push(['response', event.status, event.replayed]));

  await client.fetch('/?secret=1');

  expect(told).toEqual([
    ['request', 'GET'],
    ['replay', 401],
    ['response', 200, true],
  ]);
});

test('a 401 whose new token is another user’s is not replayed', async () => {
  const fetch = createFakeFetch(status(401), ok);
  using client = new Client(({ reason }) => createJwt({ sub: reason === 'rejected' ? 'ben' : 'ann' }), {
    baseUrl: 'https://api.test',
    logger: quiet,
    runtime: { fetch },
  });

  await expect(client.fetch('/')).rejects.toMatchObject({ code: 'SESSION_CHANGED' });
  expect(fetch.calls).toHaveLength(1);
});

test('a request that waited for its 401 while the user signed out is not sent again', async () => {
  const asked = Promise.withResolvers<void>();
  const token = Promise.withResolvers<string>();
  const fetch = createFakeFetch(status(401), ok);
  using client = new Client(
    ({ reason }) => {
      if (reason !== 'rejected') return createJwt({ sub: 'ann' });
      asked.resolve();
      return token.promise;
    },
    { baseUrl: 'https://api.test', logger: quiet, runtime: { fetch } },
  );

  const answer = client.fetch('/');
  await asked.promise;
  await client.signOut();
  token.resolve(createJwt({ sub: 'ann', n: 2 }));

  await expect(answer).rejects.toMatchObject({ code: 'SESSION_CHANGED' });
  expect(fetch.calls).toHaveLength(1);
});

test('the tries of a verb belong to one user', async () => {
  const fetch = createFakeFetch(status(503), ok);
  using client = new Client(() => createJwt({ sub: 'ann' }), {
    baseUrl: 'https://api.test',
    runtime: { fetch },
  });

  const answer = client.get('', {
    retry: { limit: 1, delay: () => 0 },
    hooks: {
      beforeRetry: [() => client.session.signIn({ token: createJwt({ sub: 'ben' }) })],
    },
  });

  await expect(answer).rejects.toMatchObject({ code: 'SESSION_CHANGED' });
  expect(fetch.calls).toHaveLength(1);
});
