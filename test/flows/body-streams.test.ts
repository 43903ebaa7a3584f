import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { apiKey, Client } from '../../src/index.ts';
import { settle } from '../support/clock.ts';
import { NEW, OLD, renewing, startOnceRefused } from '../support/once-refused.ts';
import { quiet } from '../support/quiet.ts';
import { startServer } from '../support/server.ts';
import { chunksOf, isWhole, streamOf } from '../support/streams.ts';
import { valetErrorOf } from '../support/thrown.ts';

const KIB = 1024;
const SENDERS = [
  ['fetch', (client: Client, body: Body) => client.fetch('/', { method: 'POST', body })],
  ['a verb', (client: Client, body: Body) => client.post('', { body, retry: 0 })],
] as const;
type Body = BodyInit | (() => BodyInit);

const renewed = (placement: 'header' | 'query' = 'header') => apiKey(renewing, { in: placement });

test.each(SENDERS)(
  'a function of 256 KiB streams is called again for the replay, through %s',
  async (_, send) => {
    await using api = await startOnceRefused();
    using client = new Client(renewed(), { baseUrl: api.origin });
    let made = 0;

    const response = await send(client, () => {
      made += 1;
      return streamOf(256 * KIB);
    });

    expect(await response.json()).toEqual({ method: 'POST', length: 256 * KIB });
    expect(made).toBe(2);
    expect(api.received.every(({ body }) => isWhole(body, 256 * KIB))).toBe(true);
  },
);

const SMALL = [
  ['a stream', () => streamOf(60 * KIB)],
  ['a stream of exactly 64 KiB', () => streamOf(64 * KIB)],
  ['a stream of many small chunks', () => streamOf(10_000, 7)],
  ['an empty stream', () => streamOf(0)],
  ['an async generator', () => chunksOf(60 * KIB) as unknown as BodyInit],
  ['a Node stream', () => Readable.from(chunksOf(60 * KIB)) as unknown as BodyInit],
] as const;
const SMALL_CASES = SMALL.flatMap(([name, make]) =>
  SENDERS.map(([sender, send]) => ({ name, make, sender, send })),
);

test.each(SMALL_CASES)('$name is recorded and replayed, through $sender', async ({ make, send }) => {
  await using api = await startOnceRefused();
  using client = new Client(renewed(), { baseUrl: api.origin });

  const response = await send(client, make());

  expect(response.status).toBe(200);
  expect(api.received.map(({ headers }) => headers['x-api-key'])).toEqual([OLD, NEW]);
  expect(api.received[1]?.body).toEqual(api.received[0]?.body);
  expect(isWhole(api.received[1]?.body, api.received[1]?.body.length ?? -1)).toBe(true);
});

const LARGE = [
  ['a stream', () => streamOf(64 * KIB + 1)],
  ['a stream of one chunk', () => streamOf(100 * KIB, 100 * KIB)],
  ['an async generator', () => chunksOf(200 * KIB) as unknown as BodyInit],
  ['a Node stream', () => Readable.from(chunksOf(200 * KIB)) as unknown as BodyInit],
] as const;
const LARGE_CASES = LARGE.flatMap(([name, make]) =>
  SENDERS.map(([sender, send]) => ({ name, make, sender, send })),
);

test.each(LARGE_CASES)(
  '$name of more than 64 KiB is sent whole but not again, through $sender',
  async ({ make, send }) => {
    await using api = await startOnceRefused();
    using client = new Client(renewed(), { baseUrl: api.origin, logger: quiet });

    await expect(send(client, make())).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'BODY_NOT_REPLAYABLE',
    });

    expect(api.received).toHaveLength(1);
    expect(isWhole(api.received[0]?.body, api.received[0]?.body.length ?? -1)).toBe(true);
  },
);

test.each(LARGE_CASES)(
  '$name of more than 64 KiB arrives whole where nothing is refused, through $sender',
  async ({ make, send }) => {
    await using api = await startOnceRefused();
    using client = new Client(NEW, { baseUrl: api.origin });

    expect((await send(client, make())).status).toBe(200);

    const { body } = api.received[0] ?? {};
    expect(isWhole(body, body?.length ?? -1)).toBe(true);
    expect(body?.length).toBeGreaterThan(64 * KIB);
  },
);

test('a 401 to a large stream stands where there is nothing better to offer', async () => {
  await using api = await startServer((_, response) => void response.writeHead(401).end());
  using client = new Client('key-0123456789abcdef', { baseUrl: api.origin });

  const response = await client.fetch('/', { method: 'POST', body: streamOf(100 * KIB) });

  expect(response.status).toBe(401);
  expect(api.received).toHaveLength(1);
});

test.each(SENDERS)('a stream is sent with redirect: error and half duplex, through %s', async (_, send) => {
  const inits: RequestInit[] = [];
  using client = new Client('key-0123456789abcdef', {
    baseUrl: 'https://api.test',
    runtime: {
      fetch: async (_, init) => {
        inits.push(init ?? {});
        return new Response();
      },
    },
  });

  await send(client, streamOf(10));
  await send(client, () => streamOf(10));
  await send(client, chunksOf(10) as unknown as BodyInit);

  expect(inits).toHaveLength(3);
  for (const init of inits) expect(init).toMatchObject({ redirect: 'error', duplex: 'half' });
});

test.each(SENDERS)(
  'a stream that the platform stops reading is cancelled once the answer is there, through %s',
  async (_, send) => {
    const cancelled: unknown[] = [];
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1000)),
      cancel: () => void cancelled.push('cancelled'),
    });
    using client = new Client('key-0123456789abcdef', {
      baseUrl: 'https://api.test',
      runtime: {
        fetch: async (_, init) => {
          const body = init?.body as ReadableStream;
          const reader = body.getReader();
          await reader.read();
          await reader.cancel();
          expect(cancelled).toEqual([]);
          return new Response('too large', { status: 413 });
        },
      },
    });

    await send(client, endless).catch(() => {});

    expect(cancelled).toEqual(['cancelled']);
  },
);

test('a bare request sends its stream just so', async () => {
  await using api = await startOnceRefused();
  using client = new Client(NEW, { baseUrl: api.origin });

  await client.fetch('/', { method: 'POST', body: streamOf(100 * KIB), auth: false });
  await client.fetch('/', { method: 'POST', body: () => streamOf(100 * KIB), auth: false });

  expect(api.received.map(({ body }) => isWhole(body, 100 * KIB))).toEqual([true, true]);
});

test('a stream that breaks fails the request with its own error', async () => {
  await using api = await startOnceRefused();
  using client = new Client(NEW, { baseUrl: api.origin });
  const broken = new Error('the disk is gone');
  let pulled = false;
  const body = new ReadableStream({
    pull(controller) {
      if (pulled) controller.error(broken);
      else controller.enqueue(new Uint8Array(10));
      pulled = true;
    },
  });

  const error: unknown = await client.fetch('/', { method: 'POST', body }).catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(TypeError);
  expect((error as TypeError).cause).toBe(broken);
  expect(api.received).toEqual([]);
});

test('a function that throws in place of a stream fails the request, and nothing is sent', async () => {
  await using api = await startOnceRefused();
  using client = new Client(NEW, { baseUrl: api.origin });
  const missing = new Error('no such file');
  const body = (): never => {
    throw missing;
  };

  await expect(client.fetch('/', { method: 'POST', body })).rejects.toBe(missing);
  expect(api.received).toEqual([]);
});

test('a stream whose request is never sent is let go', async () => {
  let isCancelled = false;
  const body = new ReadableStream({
    cancel() {
      isCancelled = true;
    },
  });
  const client = new Client(() => null, { baseUrl: 'https://api.test', logger: quiet });
  expect(await valetErrorOf(() => client.fetch('/', { method: 'POST', body }))).toMatchObject({
    code: 'SIGNED_OUT',
  });
  await settle();
  expect(isCancelled).toBe(true);
});
