import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { accessToken, Client, NetworkError, ValetError } from '../../src/index.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { quiet } from '../support/quiet.ts';
import { startServer } from '../support/server.ts';
import { everythingIn, expectNoSecret, thrownBy, valetErrorOf } from '../support/thrown.ts';
import { AT_ONCE, createVerbClient, VERB_BASE, VERB_KEY } from '../support/verb-client.ts';

const SHORTCUTS = ['json', 'text', 'arrayBuffer', 'blob', 'formData', 'bytes'] as const;

/** An address at which nobody listens. */
async function deadOrigin(): Promise<string> {
  const server = await startServer();
  await server.close();
  return server.origin;
}

test('a port at which nobody listens is NETWORK, with the reason of the platform', async () => {
  const baseUrl = await deadOrigin();
  const error = await valetErrorOf(() => new Client(VERB_KEY, { baseUrl }).get('orders', { retry: 0 }));
  expect(error).toBeInstanceOf(NetworkError);
  expect(error).toMatchObject({ code: 'NETWORK', retryable: true });
  expect(error.message).toContain('ECONNREFUSED');
  expect(error.message).toContain(new URL(baseUrl).host);
  expect(error.cause).toBeInstanceOf(TypeError);
  expectNoSecret(error, VERB_KEY);
});

test('a redirect to where nobody answers names who did not answer', async () => {
  const dead = await deadOrigin();
  await using server = await startServer((_, response) => {
    response.writeHead(302, { location: `${dead}/there` }).end();
  });
  const client = new Client(VERB_KEY, { baseUrl: server.origin });
  const error = await valetErrorOf(() => client.get('orders', { retry: 0 }));
  expect(error.message).toContain(`GET /orders got no answer from ${new URL(dead).host}`);
  expect(error.request?.url).toBe(`${server.origin}/orders`);
});

test('a connection that is cut is NETWORK, and says what was cut', async () => {
  await using server = await startServer((_, response) => void response.destroy());
  const client = new Client(VERB_KEY, { baseUrl: server.origin });
  const error = await valetErrorOf(() => client.get('x', { retry: 0 }));
  expect(error).toMatchObject({ code: 'NETWORK' });
  expect(error.message).toContain('got no answer from');
  expect(error.message).toContain('closed (UND_ERR_SOCKET)');
});

test.each(SHORTCUTS)('a body that is cut while %s reads it is NETWORK', async (shortcut) => {
  await using server = await startServer((_, response) => {
    response.writeHead(200, { 'content-length': '1000', 'content-type': 'application/json' }).write('{"a":');
    response.socket?.end();
  });
  const client = new Client(VERB_KEY, { baseUrl: server.origin });
  const error = await valetErrorOf(() => client.get('x')[shortcut]());
  expect(error).toMatchObject({ code: 'NETWORK', retryable: true });
  expect(error.message).toContain('lost the rest of its answer');
  expect(error.request?.url).toBe(`${server.origin}/x`);
});

test('what answers, but not with HTTP, is NETWORK', async () => {
  const server = createServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  try {
    const client = new Client(VERB_KEY, { baseUrl: `http://127.0.0.1:${port}` });
    expect(await valetErrorOf(() => client.get('x', { retry: 0 }))).toMatchObject({ code: 'NETWORK' });
  } finally {
    server.close();
  }
});

/** A client over a server that never answers, with the time in hand. */
function createHanging(timeout?: number | false): {
  client: Client;
  clock: ReturnType<typeof createManualClock>;
} {
  const clock = createManualClock();
  const fetch: typeof globalThis.fetch = (_, init) =>
    new Promise((_resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
    });
  const options = { baseUrl: VERB_BASE, logger: quiet, runtime: { fetch, clock } };
  return { clock, client: new Client(VERB_KEY, { ...options, ...(timeout !== undefined && { timeout }) }) };
}

test.each<[string, number | false | undefined, number | undefined, number]>([
  ['10 s, if nobody says otherwise', undefined, undefined, 10_000],
  ['what the client says', 700, undefined, 700],
  ['what the call says', 700, 300, 300],
  ['what the call says where the client has none', false, 300, 300],
])('the timeout of a verb is %s', async (_, ofClient, ofCall, limit) => {
  const { client, clock } = createHanging(ofClient);
  const error = thrownBy(() => client.get('x', ofCall === undefined ? {} : { timeout: ofCall }));
  await settle();
  await clock.advance(limit - 1);
  expect(clock.timers).toBe(1);
  await clock.advance(1);
  expect(await error).toMatchObject({ code: 'TIMEOUT', name: 'NetworkError', retryable: true });
  expect(((await error) as Error).message).toContain(`${limit} ms`);
  expect(clock.timers).toBe(0);
});

test('timeout: false arms no timer', async () => {
  const { client, clock } = createHanging();
  const controller = new AbortController();
  const error = thrownBy(() => client.get('x', { timeout: false, signal: controller.signal }));
  await settle();
  expect(clock.timers).toBe(0);
  controller.abort();
  await error;
});

test('a timeout is not tried again, unless retryOnTimeout says so', async () => {
  const { client, clock } = createHanging(100);
  let sends = 0;
  client.on('request', () => sends++);
  const once = thrownBy(() => client.get('x', { retry: AT_ONCE }));
  await settle();
  await clock.advance(100);
  await once;
  expect(sends).toBe(1);
});

test('the timeout covers the body', async () => {
  const clock = createManualClock();
  await using server = await startServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"slow":');
  });
  const client = new Client(VERB_KEY, { baseUrl: server.origin, timeout: 500, runtime: { clock } });
  const answered = new Promise<void>((resolve) => client.on('response', () => resolve()));
  const error = valetErrorOf(() => client.get('x').json());
  await answered;
  await clock.advance(500);
  expect(await error).toMatchObject({ code: 'TIMEOUT' });
});

test('when a body has been read, and when there is an error instead, no timer is left', async () => {
  const clock = createManualClock();
  await using server = await startServer(({ url }, response) => {
    response.writeHead(url === '/bad' ? 404 : 200, { 'content-type': 'application/json' }).end('{}');
  });
  const client = new Client(VERB_KEY, { baseUrl: server.origin, runtime: { clock } });
  await client.get('x').json();
  expect(clock.timers).toBe(0);
  await thrownBy(() => client.get('bad'));
  expect(clock.timers).toBe(0);
});

test('an abort is the native AbortError, at any time', async () => {
  const early = await thrownBy(() => createHanging().client.get('x', { signal: AbortSignal.abort() }));
  const controller = new AbortController();
  const { client } = createHanging();
  const late = thrownBy(() => client.get('x', { signal: controller.signal }).json());
  await settle();
  controller.abort();
  for (const error of [early, await late]) {
    expect(error).toBeInstanceOf(DOMException);
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(ValetError.is(error)).toBe(false);
  }
});

test('an abort with a reason of one’s own rejects with it', async () => {
  const reason = new Error('the user clicked cancel');
  const controller = new AbortController();
  const { client } = createHanging();
  const error = thrownBy(() => client.get('x', { signal: controller.signal }));
  await settle();
  controller.abort(reason);
  expect(await error).toBe(reason);
});

test('an abort of the Request that a verb was given counts while a token is awaited', async () => {
  const { client, sent } = createVerbClient(
    undefined,
    {},
    accessToken(() => new Promise(() => {})),
  );
  const controller = new AbortController();
  const error = thrownBy(() => client.get(new Request(`${VERB_BASE}/x`, { signal: controller.signal })));
  await settle();
  controller.abort();
  expect(await error).toMatchObject({ name: 'AbortError' });
  expect(sent).toHaveLength(0);
});

test.each(SHORTCUTS)('what %s reads while the user changes is handed to nobody', async (shortcut) => {
  const strategy = accessToken(() => null, {
    initial: { token: 'token-of-ada' },
    user: () => ({ id: crypto.randomUUID() }),
  });
  const { client } = createVerbClient(
    () => {
      const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
        await client.session.signIn({ token: 'token-of-bob' });
        controller.enqueue(new TextEncoder().encode('{"of":"ada"}'));
        controller.close();
      };
      // Nothing is pulled before somebody reads.
      const body = new ReadableStream({ pull }, { highWaterMark: 0 });
      return new Response(body, { headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    },
    {},
    strategy,
  );
  const error = await valetErrorOf(() => client.get('x')[shortcut]());
  expect(error.code).toBe('SESSION_CHANGED');
});

test('a closed client refuses verbs', async () => {
  const { client, sent } = createVerbClient();
  client.close();
  expect(await valetErrorOf(() => client.get('x'))).toMatchObject({ code: 'CLIENT_CLOSED' });
  expect(await valetErrorOf(() => client.get('x').json())).toMatchObject({ code: 'CLIENT_CLOSED' });
  expect(sent).toHaveLength(0);
});

test.each<[string, () => unknown[], string]>([
  ['a URL that cannot be parsed', () => ['https://[bad'], 'INVALID_OPTION'],
  ['a scheme that is not fetched', () => ['ftp://api.example.com/x'], 'ORIGIN_NOT_ALLOWED'],
  ['another origin', () => ['https://other.example/x'], 'ORIGIN_NOT_ALLOWED'],
  ['another origin in disguise', () => ['\t//other.example/x'], 'ORIGIN_NOT_ALLOWED'],
  ['another origin behind backslashes', () => ['\\\\other.example\\x'], 'ORIGIN_NOT_ALLOWED'],
  ['a scope that is none', () => ['x', { auth: { scopes: ['a b'] } }], 'INVALID_OPTION'],
  ['an audience that is none', () => ['x', { auth: { audience: '' } }], 'INVALID_OPTION'],
  ['an auth that is none', () => ['x', { auth: true }], 'INVALID_OPTION'],
  ['a timeout in words', () => ['x', { timeout: '5s' }], 'INVALID_OPTION'],
  ['a timeout of 0', () => ['x', { timeout: 0 }], 'INVALID_OPTION'],
  ['a misspelt auth', () => ['x', { auth: { scope: 'a' } }], 'INVALID_OPTION'],
])('%s is rejected, not thrown, with nothing sent', async (_, args, code) => {
  const { client, sent } = createVerbClient();
  const call = (): Promise<unknown> => client.get(...(args() as Parameters<Client['get']>));
  const promise = call();
  expect(promise).toBeInstanceOf(Promise);
  expect(await valetErrorOf(() => promise)).toMatchObject({ code });
  expect(sent).toHaveLength(0);
});

test('what is no URL at all is rejected, not thrown', async () => {
  const { client, sent } = createVerbClient();
  for (const input of [undefined, null, 42]) {
    const promise = client.get(input as unknown as string);
    expect(await thrownBy(() => promise)).toBeInstanceOf(Error);
  }
  expect(sent).toHaveLength(0);
});

test('a relative URL without a base is rejected, not thrown', async () => {
  const client = new Client(VERB_KEY, { logger: quiet });
  expect(await valetErrorOf(() => client.get('x').json())).toMatchObject({ code: 'MISSING_BASE_URL' });
});

test('no rejection is unhandled when only the promise of a shortcut is handled', async () => {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', listen);
  try {
    const { client } = createVerbClient(() => new Response('{}', { status: 404 }));
    const dead = new Client(VERB_KEY, { baseUrl: await deadOrigin(), logger: quiet });
    const closed = createVerbClient().client;
    closed.close();
    for (const shortcut of SHORTCUTS) {
      await thrownBy(() => client.get('x')[shortcut]());
      await thrownBy(() => dead.get('x', { retry: 0 })[shortcut]());
      await thrownBy(() => closed.get('x')[shortcut]());
      await thrownBy(() => client.get('https://other.example/')[shortcut]());
    }
    await settle();
    await settle();
  } finally {
    process.off('unhandledRejection', listen);
  }
  expect(unhandled).toEqual([]);
});

test('a rejection that nobody handles is told to the process once', async () => {
  const unhandled: unknown[] = [];
  const told = new Promise<void>((resolve) => {
    process.once('unhandledRejection', (reason) => {
      unhandled.push(reason);
      resolve();
    });
  });
  const { client } = createVerbClient(() => new Response('{}', { status: 404 }));
  void client.get('x');
  await told;
  expect(unhandled).toHaveLength(1);
  expect(ValetError.is(unhandled[0])).toBe(true);
});

test('the cause of NETWORK is a copy without the objects that a fetch hung on its error', async () => {
  const { client } = createVerbClient(() => {
    throw Object.assign(new TypeError('fetch failed'), { code: 'E_WIRE', request: { body: 'of the user' } });
  });
  const { cause } = await valetErrorOf(() => client.get('x', { retry: 0 }));
  expect(cause).toMatchObject({ name: 'TypeError', message: 'fetch failed', code: 'E_WIRE' });
  expect(cause).not.toHaveProperty('request');
});

test('a failure of a verb shows nothing of the credential, at whatever stage', async () => {
  const { client } = createVerbClient(() => {
    throw Object.assign(new TypeError('fetch failed'), { options: { headers: { 'x-api-key': VERB_KEY } } });
  });
  const error = await valetErrorOf(() => client.get('x', { retry: 0 }));
  expect(everythingIn(error)).toContain('fetch failed');
  expectNoSecret(error, VERB_KEY);
});
