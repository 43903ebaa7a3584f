import { expect, test } from 'vitest';
import { apiKey, Client } from '../../src/index.ts';
import { createFakeFetch, hang, ok } from '../support/fake-fetch.ts';
import { NEW } from '../support/once-refused.ts';
import { startServer } from '../support/server.ts';
import { streamOf } from '../support/streams.ts';

const reason = new Error('the user went away');

/** A provider that tells when it is asked and answers when it is told to. */
function createHeld() {
  const asked = Promise.withResolvers<void>();
  const token = Promise.withResolvers<string>();
  const signals: AbortSignal[] = [];
  const provider = ({ signal }: { signal: AbortSignal }): Promise<string> => {
    signals.push(signal);
    asked.resolve();
    return token.promise;
  };
  return { provider, signals, asked: asked.promise, give: token.resolve };
}

const WAYS = [
  [
    'init.signal',
    (client: Client, url: string, signal: AbortSignal) => client.fetch(url, { method: 'POST', signal }),
  ],
  [
    'the signal of a Request',
    (client: Client, url: string, signal: AbortSignal) =>
      client.fetch(new Request(url, { method: 'POST', signal })),
  ],
  [
    'the signal of a Request beside an init',
    (client: Client, url: string, signal: AbortSignal) =>
      client.fetch(new Request(url, { method: 'POST', signal }), { headers: { 'x-mine': '1' } }),
  ],
  [
    'the signal of a verb',
    (client: Client, url: string, signal: AbortSignal) => client.post(url, { signal }),
  ],
] as const;
const PLACES = ['header', 'query'] as const;
const CASES = WAYS.flatMap(([way, send]) => PLACES.map((place) => ({ way, send, place })));

test.each(WAYS)('an abort before the start sends nothing and asks nobody, by %s', async (_, send) => {
  await using api = await startServer();
  let asked = 0;
  const provider = (): string => {
    asked += 1;
    return NEW;
  };

  for (const credential of [provider, apiKey(provider)]) {
    using client = new Client(credential, { baseUrl: api.origin });
    await expect(send(client, `${api.origin}/`, AbortSignal.abort(reason))).rejects.toBe(reason);
  }
  expect(api.received).toEqual([]);
  expect(asked).toBe(0);
});

test.each(WAYS)('an abort while waiting for a token rejects that caller alone, by %s', async (_, send) => {
  const held = createHeld();
  const fetch = createFakeFetch(ok);
  using client = new Client(held.provider, { baseUrl: 'https://api.test', runtime: { fetch } });
  const controller = new AbortController();

  const aborted = send(client, 'https://api.test/', controller.signal);
  const other = client.fetch('/');
  await held.asked;
  controller.abort(reason);

  await expect(aborted).rejects.toBe(reason);
  held.give(NEW);
  expect((await other).status).toBe(200);
  expect(held.signals.map((signal) => signal.aborted)).toEqual([false]);
  expect(fetch.calls).toHaveLength(1);
});

test.each(WAYS)(
  'an abort while waiting for the token of a replay rejects at once, by %s',
  async (_, send) => {
    const cancelled: string[] = [];
    const refusal = (): Response =>
      new Response(new ReadableStream({ cancel: () => void cancelled.push('refused') }), { status: 401 });
    const held = createHeld();
    const fetch = createFakeFetch(refusal, ok);
    const provider = (context: { reason: string; signal: AbortSignal }) =>
      context.reason === 'rejected' ? held.provider(context) : 'token-0123456789';
    using client = new Client(provider, { baseUrl: 'https://api.test', runtime: { fetch } });
    const controller = new AbortController();

    const aborted = send(client, 'https://api.test/', controller.signal);
    await held.asked;
    controller.abort(reason);

    await expect(aborted).rejects.toBe(reason);
    expect(cancelled).toEqual(['refused']);
    expect(held.signals[0]?.aborted).toBe(false);
    held.give(NEW);
    await client.fetch('/');
    expect(fetch.calls.map(({ request }) => request.headers.get('authorization'))).toEqual([
      'Bearer token-0123456789',
      `Bearer ${NEW}`,
    ]);
  },
);

test.each(CASES)(
  'an abort while the server is silent rejects with the reason, by $way, key in $place',
  async ({ send, place }) => {
    const arrived = Promise.withResolvers<void>();
    await using api = await startServer(() => arrived.resolve());
    using client = new Client(apiKey(NEW, { in: place }), { baseUrl: api.origin });
    const controller = new AbortController();

    const aborted = send(client, `${api.origin}/`, controller.signal);
    await arrived.promise;
    controller.abort(reason);

    await expect(aborted).rejects.toBe(reason);
  },
);

test('an abort during the replay rejects with the reason', async () => {
  const arrived = Promise.withResolvers<void>();
  const keys = ['first-key-0123', 'second-key-0123'];
  await using api = await startServer(({ headers }, response) => {
    if (headers['x-api-key'] === keys[0]) return void response.writeHead(401).end();
    arrived.resolve();
  });
  using client = new Client(
    apiKey(({ rejectedKey }) => keys[rejectedKey ? 1 : 0] ?? ''),
    {
      baseUrl: api.origin,
    },
  );
  const controller = new AbortController();

  const aborted = client.fetch('/', { signal: controller.signal });
  await arrived.promise;
  controller.abort(reason);

  await expect(aborted).rejects.toBe(reason);
});

test.each(CASES)(
  'an abort while the body arrives breaks the body, by $way, key in $place',
  async ({ send, place }) => {
    await using api = await startServer((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('a part of it');
    });
    using client = new Client(apiKey(NEW, { in: place }), { baseUrl: api.origin });
    const controller = new AbortController();

    const response = await send(client, `${api.origin}/`, controller.signal);
    const text = response.text();
    controller.abort(reason);

    await expect(text).rejects.toBe(reason);
  },
);

test('an abort rejects with an AbortError where no reason is given, as the platform does', async () => {
  using client = new Client(() => new Promise<string>(() => {}), { baseUrl: 'https://api.test' });
  const controller = new AbortController();

  const aborted = client.fetch('/', { signal: controller.signal });
  controller.abort();

  await expect(aborted).rejects.toSatisfy(
    (error) => error instanceof DOMException && error.name === 'AbortError',
  );
});

test('an abort while the body of a Request is read for a key in the query rejects at once', async () => {
  using client = new Client(apiKey(NEW, { in: 'query' }), {
    baseUrl: 'https://api.test',
    runtime: { fetch: createFakeFetch(ok) },
  });
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>();
  const controller = new AbortController();
  const init = { method: 'POST', body: endless, duplex: 'half', signal: controller.signal };

  const aborted = client.fetch(new Request('https://api.test/', init as RequestInit));
  controller.abort(reason);

  await expect(aborted).rejects.toBe(reason);
});

test('an abort in the middle of a stream stops reading it', async () => {
  const fetch = createFakeFetch(hang);
  using client = new Client(NEW, { baseUrl: 'https://api.test', runtime: { fetch } });
  const controller = new AbortController();

  const aborted = client.fetch('/', { method: 'POST', body: streamOf(1000), signal: controller.signal });
  controller.abort(reason);

  await expect(aborted).rejects.toBe(reason);
});

test.each([
  ['signal: undefined', undefined, true],
  ['signal: null', null, false],
])('%s in the init means what it means to the platform', async (_, signal, aborts) => {
  for (const place of PLACES) {
    const fetch = createFakeFetch(({ request }) => Response.json({ aborted: request.signal.aborted }));
    using client = new Client(apiKey(NEW, { in: place }), {
      baseUrl: 'https://api.test',
      runtime: { fetch },
    });
    const controller = new AbortController();
    const request = new Request('https://api.test/', { signal: controller.signal });
    const init = { signal } as RequestInit;

    await client.fetch(request, init);
    controller.abort(reason);

    expect(new Request(request, init).signal.aborted).toBe(aborts);
    expect(fetch.calls[0]?.request.signal.aborted).toBe(aborts);
  }
});

test('a signal of null frees the wait for a token from the signal of a Request', async () => {
  const held = createHeld();
  using client = new Client(held.provider, {
    baseUrl: 'https://api.test',
    runtime: { fetch: createFakeFetch(ok) },
  });
  const controller = new AbortController();
  const request = new Request('https://api.test/', { signal: controller.signal });

  const answer = client.fetch(request, { signal: null });
  await held.asked;
  controller.abort(reason);
  held.give(NEW);

  expect((await answer).status).toBe(200);
});

test('no request that was answered keeps listening to a signal that outlives it', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  Object.assign(signal, {
    addEventListener: (...args: Parameters<typeof add>) => {
      listeners.add(args[1]);
      add(...args);
    },
    removeEventListener: (...args: Parameters<typeof remove>) => {
      listeners.delete(args[1]);
      remove(...args);
    },
  });
  let sent = 0;
  using client = new Client(async ({ reason }) => `token-for-${reason}`, {
    baseUrl: 'https://api.test',
    runtime: { fetch: async () => new Response(null, { status: ++sent === 1 ? 401 : 200 }) },
  });

  await client.fetch('/', { signal });
  await client.fetch('/', { signal });

  expect(sent).toBe(3);
  expect(listeners.size).toBe(0);
});
