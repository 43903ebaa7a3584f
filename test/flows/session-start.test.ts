import { expect, test } from 'vitest';
import {
  accessToken,
  apiKey,
  Client,
  combine,
  type TokenContext,
  type TokenSource,
} from '../../src/index.ts';
import { createManualClock } from '../support/clock.ts';
import { startServer } from '../support/server.ts';

const BASE = 'https://api.test';
const ok = async (): Promise<Response> => new Response('{}');

test('a session starts with a stored refresh token alone', async () => {
  const asked: TokenContext[] = [];
  const source = accessToken(
    (context) => {
      asked.push(context);
      return { access_token: 'bought-with-it', refresh_token: 'the-next-one', expires_in: 60 };
    },
    { initial: { refresh_token: 'the-stored-one' } },
  );
  const client = new Client(source, { baseUrl: BASE, runtime: { fetch: ok } });

  expect(client.session.snapshot.status).toBe('loading');
  expect((await client.fetch('x')).status).toBe(200);
  expect(asked.map(({ reason, refreshToken }) => ({ reason, refreshToken }))).toEqual([
    { reason: 'initial', refreshToken: 'the-stored-one' },
  ]);
});

test('stored tokens that have expired are refreshed before anything is sent', async () => {
  const clock = createManualClock();
  const sent: (string | null)[] = [];
  const fetch = async (_: unknown, init?: RequestInit): Promise<Response> => {
    sent.push(new Headers(init?.headers).get('authorization'));
    return new Response('{}');
  };
  const initial = { access_token: 'of-yesterday', expiresAt: clock.now() - 3_600_000, refresh_token: 'r' };
  const source = accessToken(() => ({ access_token: 'of-today', expires_in: 60 }), { initial });
  const client = new Client(source, { baseUrl: BASE, runtime: { fetch, clock } });

  await client.fetch('x');
  expect(sent).toEqual(['Bearer of-today']);
});

test.each<[string, () => unknown]>([
  [
    'initial',
    () =>
      new Client(
        accessToken(() => 't', { initial: { access_token: '' } }),
        { baseUrl: BASE },
      ),
  ],
  [
    'session.signIn()',
    () =>
      new Client(
        accessToken(() => 't'),
        { baseUrl: BASE },
      ).session.signIn({ expires_in: 60 }),
  ],
])(
  'tokens that cannot be used are refused in terms of %s, and trying again does not help',
  async (name, take) => {
    const error: unknown = await Promise.resolve()
      .then(take)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'TOKEN_INVALID', retryable: false });
    expect((error as Error).message).toContain(`Give ${name} `);
  },
);

test('a body that arrives after a sign-out is for nobody', async () => {
  const body: { finish(): void } = { finish: () => {} };
  const headersSent = Promise.withResolvers<void>();
  await using server = await startServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"mine":');
    body.finish = () => response.end('1}');
    headersSent.resolve();
  });
  const client = new Client(() => 'token-of-ada', { baseUrl: server.origin });
  const answered = new Promise<void>((resolve) => void client.on('response', () => resolve()));

  const mine = client.get('mine').json();
  await Promise.all([headersSent.promise, answered]);
  await client.signOut();
  body.finish();
  await expect(mine).rejects.toMatchObject({ code: 'SESSION_CHANGED' });
});

test.each([
  ['ReferenceError', () => new ReferenceError('auth is not defined')],
  ['TypeError', () => new TypeError("Cannot read properties of undefined (reading 'getToken')")],
])('a bug in the provider, a %s, is told at once and not waited out', async (name, bug) => {
  let calls = 0;
  const source = accessToken(() => {
    calls++;
    throw bug();
  });
  // The clock stands still: a request that waited for another attempt would never end.
  const client = new Client(source, { baseUrl: BASE, runtime: { fetch: ok, clock: createManualClock() } });
  await expect(client.fetch('x')).rejects.toMatchObject({
    code: 'TOKEN_PROVIDER_FAILED',
    message: expect.stringContaining(`threw ${name}: ${bug().message}`),
  });
  expect(calls).toBe(1);
});

test('a token endpoint that cannot be reached is named by its reason', async () => {
  const client = new Client(
    accessToken(() => fetch('http://127.0.0.1:1/token'), { deadline: 0 }),
    { baseUrl: BASE },
  );
  const told = new Promise<string>((resolve) =>
    client.on('refreshfailed', ({ message }) => resolve(message)),
  );
  await expect(client.fetch('x')).rejects.toMatchObject({ retryable: true });
  expect(await told).toMatch(/fetch failed \(.+\)/);
});

test('the stack of an error leads to whoever called the verb', async () => {
  const client = new Client('a-key-of-ours', {
    baseUrl: BASE,
    runtime: { fetch: async () => new Response('gone', { status: 404 }) },
  });
  async function loadOrders(): Promise<unknown> {
    return await client.get('orders').json();
  }
  const error: unknown = await loadOrders().catch((thrown: unknown) => thrown);
  expect((error as Error).stack).toContain('loadOrders');
});

test('two credentials for one place are refused, and an event that does not exist is, too', () => {
  expect(() => combine([apiKey('first-key'), apiKey('second-key')])).toThrow(/header x-api-key/);
  const client = new Client('a-key-of-ours', { baseUrl: BASE });
  expect(() => client.on('respones' as 'response', () => {})).toThrow(/There is no event "respones"/);
});

test('a client that is refused for its initial tokens leaves nobody listening', () => {
  const listeners = new Set<() => unknown>();
  const source: TokenSource = {
    getToken: () => null,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const initial = { access_token: 'Bearer twice' };
  expect(() => new Client(accessToken(source, { initial }))).toThrow('TOKEN_INVALID');
  expect(listeners.size).toBe(0);
});
