import { expect, test } from 'vitest';
import { apiKey, Client } from '../../src/index.ts';
import { NEW, OLD, renewing, startOnceRefused } from '../support/once-refused.ts';
import { quiet } from '../support/quiet.ts';
import type { TestServer } from '../support/server.ts';
import { bytesFrom, isWhole, streamOf } from '../support/streams.ts';

const KIB = 1024;
const SENDERS = [
  ['fetch', (client: Client, request: Request) => client.fetch(request)],
  ['a verb', (client: Client, request: Request) => client.request(request, { retry: 0 })],
] as const;

/** A `Request` whose body is text, bytes or a stream of `total` bytes. */
const MAKERS = [
  ['bytes', (url: string, total: number) => new Request(url, { method: 'POST', body: bytesFrom(0, total) })],
  [
    'a stream',
    (url: string, total: number) =>
      new Request(url, { method: 'POST', body: streamOf(total), ...({ duplex: 'half' } as object) }),
  ],
] as const;
const CASES = SENDERS.flatMap(([sender, send]) =>
  MAKERS.map(([kind, make]) => ({ sender, send, kind, make })),
);

test.each(CASES)('a Request with $kind under 64 KiB is replayed, through $sender', async ({ send, make }) => {
  await using api = await startOnceRefused();
  using client = new Client(apiKey(renewing), { baseUrl: api.origin });

  const response = await send(client, make(api.origin, 64 * KIB));

  expect(response.status).toBe(200);
  expect(api.received.map(({ headers }) => headers['x-api-key'])).toEqual([OLD, NEW]);
  expect(api.received.map(({ body }) => isWhole(body, 64 * KIB))).toEqual([true, true]);
});

test.each(CASES)(
  'a Request with $kind over 64 KiB is sent whole but not again, through $sender',
  async ({ send, make }) => {
    await using api = await startOnceRefused();
    using client = new Client(apiKey(renewing), { baseUrl: api.origin, logger: quiet });

    await expect(send(client, make(api.origin, 200 * KIB))).rejects.toMatchObject({
      code: 'BODY_NOT_REPLAYABLE',
    });

    expect(api.received).toHaveLength(1);
    expect(isWhole(api.received[0]?.body, 200 * KIB)).toBe(true);
  },
);

test.each(CASES)(
  'a Request with $kind over 64 KiB arrives whole where nothing is refused, through $sender',
  async ({ send, make }) => {
    await using api = await startOnceRefused();
    using client = new Client(NEW, { baseUrl: api.origin });

    expect((await send(client, make(api.origin, 1000 * KIB))).status).toBe(200);

    expect(isWhole(api.received[0]?.body, 1000 * KIB)).toBe(true);
  },
);

test.each(CASES)(
  'with the key in the query a Request with $kind of any size is replayed, through $sender',
  async ({ send, make }) => {
    await using api = await startOnceRefused();
    using client = new Client(apiKey(renewing, { in: 'query' }), { baseUrl: api.origin });

    const response = await send(client, make(`${api.origin}/?a=1`, 200 * KIB));

    expect(response.status).toBe(200);
    expect(api.received.map(({ url }) => url)).toEqual([`/?a=1&api_key=${OLD}`, `/?a=1&api_key=${NEW}`]);
    expect(api.received.map(({ body }) => isWhole(body, 200 * KIB))).toEqual([true, true]);
    expect(api.received.map(({ headers }) => headers['content-length'])).toEqual(
      Array(2).fill(String(200 * KIB)),
    );
  },
);

function facts({ received }: TestServer, index: number) {
  const { method, url, body, headers } = received[index] ?? {};
  return {
    method,
    url,
    body: body?.toString(),
    headers: { ...headers, connection: undefined, 'x-api-key': undefined },
  };
}

test.each([
  ['text', 'name: Øl'],
  ['search parameters', new URLSearchParams({ name: 'Øl' })],
  ['a Blob', new Blob(['a,b\n'], { type: 'text/csv' })],
])('a Request with %s goes out as the platform would send it, length and type included', async (_, body) => {
  await using api = await startOnceRefused();
  using client = new Client(NEW, { baseUrl: api.origin });
  const make = () =>
    new Request(`${api.origin}/path?q=1`, { method: 'PUT', body, headers: { 'x-mine': '1' } });

  await fetch(make());
  await client.fetch(make());

  expect(facts(api, 1)).toEqual(facts(api, 0));
  expect(facts(api, 0).headers['content-length']).toBeDefined();
});

test('a form in a Request is replayed with the boundary it has', async () => {
  await using api = await startOnceRefused();
  const form = new FormData();
  form.set('file', new Blob(['a,b\n']), 'cities.csv');

  for (const place of ['header', 'query'] as const) {
    using client = new Client(apiKey(renewing, { in: place }), { baseUrl: api.origin });
    await client.fetch(new Request(api.origin, { method: 'POST', body: form }));
  }

  expect(api.received).toHaveLength(4);
  for (const { headers, body } of api.received) {
    const type = headers['content-type'] ?? '';
    const arrived = await new Response(new Uint8Array(body), {
      headers: { 'content-type': type },
    }).formData();
    expect(await (arrived.get('file') as File).text()).toBe('a,b\n');
  }
});

test.each(['header', 'query'] as const)(
  'the body of the init takes the place of that of the Request, with the key in the %s',
  async (place) => {
    await using api = await startOnceRefused();
    using client = new Client(apiKey(renewing, { in: place }), { baseUrl: api.origin });
    const request = new Request(api.origin, { method: 'POST', body: 'of the request' });

    await client.fetch(request, { body: 'of the init' });

    expect(api.received.map(({ body }) => body.toString())).toEqual(['of the init', 'of the init']);
  },
);

test.each(['header', 'query'] as const)(
  'a body of null leaves the Request its own, as the platform does, with the key in the %s',
  async (place) => {
    await using api = await startOnceRefused();
    using client = new Client(apiKey(NEW, { in: place }), { baseUrl: api.origin });
    const make = () => new Request(api.origin, { method: 'POST', body: 'its own' });

    await fetch(make(), { body: null });
    await client.fetch(make(), { body: null });

    expect(api.received.map(({ body }) => body.toString())).toEqual(['its own', 'its own']);
  },
);

test.each(['header', 'query'] as const)(
  'a Request whose body was read before is a TypeError, with the key in the %s',
  async (place) => {
    await using api = await startOnceRefused();
    using client = new Client(apiKey(NEW, { in: place }), { baseUrl: api.origin });
    const request = new Request(api.origin, { method: 'POST', body: 'once' });
    await request.text();

    await expect(client.fetch(request)).rejects.toBeInstanceOf(TypeError);
    expect(api.received).toEqual([]);
  },
);

test('a Request is used up by its send, as the platform does it', async () => {
  await using api = await startOnceRefused();
  const request = new Request(api.origin, { method: 'POST', body: 'once' });

  for (const place of ['header', 'query'] as const) {
    using client = new Client(apiKey(NEW, { in: place }), { baseUrl: api.origin });
    const copy = request.clone();
    await client.fetch(copy);
    expect(copy.bodyUsed).toBe(true);
  }
});
