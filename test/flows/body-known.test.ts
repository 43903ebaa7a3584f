import { expect, test } from 'vitest';
import { apiKey, Client } from '../../src/index.ts';
import { NEW, OLD, renewing, startOnceRefused } from '../support/once-refused.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { isWhole, streamOf } from '../support/streams.ts';

const form = new FormData();
form.set('name', 'Oslo');
form.set('file', new Blob(['a,b\n1,2\n'], { type: 'text/csv' }), 'cities.csv');

const BODIES = [
  ['text', 'name: Oslo, ø'],
  ['no text at all', ''],
  ['bytes', new Uint8Array([0, 1, 254, 255])],
  ['a part of some bytes', new Uint8Array([9, 0, 1, 9]).subarray(1, 3)],
  ['an ArrayBuffer', new Uint8Array([1, 2, 3]).buffer],
  ['a Blob with a type', new Blob(['a,b\n'], { type: 'text/csv' })],
  ['a large Blob', new Blob(['x'.repeat(300_000)])],
  ['search parameters', new URLSearchParams({ name: 'Øl & mer' })],
] as const;

const PLACEMENTS = [
  ['a header', () => apiKey(renewing)],
  ['the query', () => apiKey(renewing, { in: 'query' })],
] as const;

const CASES = BODIES.flatMap(([name, body]) =>
  PLACEMENTS.map(([place, strategy]) => ({ name, body, place, strategy })),
);

/** What reaches a server when the platform's own `fetch` sends `body`. */
async function natively(api: TestServer, body: BodyInit) {
  await fetch(api.origin, { method: 'POST', body });
  return facts(api, 0);
}

function facts({ received }: TestServer, index: number) {
  const { method, body, headers } = received[index] ?? {};
  return {
    method,
    body: body?.toString('base64'),
    type: headers?.['content-type'],
    length: headers?.['content-length'],
    chunked: headers?.['transfer-encoding'],
  };
}

test.each(CASES)(
  'fetch sends $name twice, just as the platform does, with the key in $place',
  async ({ body, strategy }) => {
    await using api = await startOnceRefused();
    using client = new Client(strategy(), { baseUrl: api.origin });
    const native = await natively(api, body);

    const response = await client.fetch('/', { method: 'POST', body });

    expect(response.status).toBe(200);
    expect([facts(api, 1), facts(api, 2)]).toEqual([native, native]);
    expect(native.length).toBeDefined();
    expect(JSON.stringify(api.received[1])).toContain(OLD);
    expect(JSON.stringify(api.received[2])).toContain(NEW);
  },
);

test.each(CASES)(
  'verbs send $name twice, just as the platform does, with the key in $place',
  async ({ body, strategy }) => {
    await using api = await startOnceRefused();
    using client = new Client(strategy(), { baseUrl: api.origin, retry: 0 });
    const native = await natively(api, body);

    const response = await client.post('', { body });

    expect(response.status).toBe(200);
    expect([facts(api, 1), facts(api, 2)]).toEqual([native, native]);
  },
);

test.each(PLACEMENTS)(
  'a form is sent twice, each time with a boundary that fits, with the key in %s',
  async (_, strategy) => {
    await using api = await startOnceRefused();
    using client = new Client(strategy(), { baseUrl: api.origin });

    await client.fetch('/', { method: 'POST', body: form });
    await client.post('', { body: form });

    expect(api.received).toHaveLength(4);
    for (const { headers, body } of api.received) {
      const arrived = await new Response(new Uint8Array(body), {
        headers: { 'content-type': headers['content-type'] ?? '' },
      }).formData();
      expect(arrived.get('name')).toBe('Oslo');
      expect(await (arrived.get('file') as File).text()).toBe('a,b\n1,2\n');
      expect(headers['content-length']).toBe(String(body.length));
    }
  },
);

test('verbs send JSON twice, with its length', async () => {
  await using api = await startOnceRefused();
  using client = new Client(apiKey(renewing), { baseUrl: api.origin });
  const json = { name: 'Ørsta', population: 10_400, tags: ['a', null] };

  await client.put('', { json });

  expect(api.received.map(({ body }) => JSON.parse(body.toString()) as unknown)).toEqual([json, json]);
  for (const { headers, body } of api.received) {
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(body.length),
    });
  }
});

test("a caller's content type stays with every send", async () => {
  await using api = await startOnceRefused();
  using client = new Client(apiKey(renewing), { baseUrl: api.origin });
  const headers = { 'content-type': 'application/geo+json' };

  await client.fetch('/', { method: 'POST', body: '{}', headers });
  await client.post('', { json: {}, headers });

  expect(api.received.map((request) => request.headers['content-type'])).toEqual(
    Array(4).fill('application/geo+json'),
  );
});

test('a verb that is tried again sends the same body each time', async () => {
  await using api = await startServer((_, response) => {
    response.writeHead(api.received.length < 3 ? 503 : 200).end();
  });
  using client = new Client(NEW, { baseUrl: api.origin, retry: { limit: 2, delay: () => 0 } });

  await client.put('', { body: new Blob(['once and again']) });

  expect(api.received.slice(0, 3).map(({ body }) => body.toString())).toEqual(
    Array(3).fill('once and again'),
  );
});

test('a stream that a verb tries again is the same each time', async () => {
  await using api = await startServer((_, response) => {
    response.writeHead(api.received.length < 3 ? 503 : 200).end();
  });
  using client = new Client(NEW, { baseUrl: api.origin, retry: { limit: 2, delay: () => 0 } });

  await client.put('', { body: streamOf(60 * 1024) });

  expect(api.received.map(({ body }) => isWhole(body, 60 * 1024))).toEqual([true, true, true]);
});

test('bytes are not copied: the platform is handed the very value', async () => {
  const handed: unknown[] = [];
  const body = new Uint8Array(1_000_000);
  using client = new Client('key-0123456789abcdef', {
    baseUrl: 'https://api.test',
    runtime: {
      fetch: async (_, init) => {
        handed.push(init?.body);
        return new Response();
      },
    },
  });

  await client.fetch('/', { method: 'POST', body });
  await client.post('', { body });

  expect(handed).toHaveLength(2);
  for (const value of handed) expect(value).toBe(body);
});
