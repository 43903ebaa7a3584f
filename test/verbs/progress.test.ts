import { expect, test } from 'vitest';
import { apiKey, Client } from '../../src/index.ts';
import { startServer } from '../support/server.ts';
import { createVerbClient, VERB_KEY } from '../support/verb-client.ts';

const SIZE = 200_000;

test.each<[string, () => { body?: BodyInit; json?: unknown }]>([
  ['text', () => ({ body: 'x'.repeat(SIZE) })],
  ['bytes', () => ({ body: new Uint8Array(SIZE) })],
  ['a blob', () => ({ body: new Blob([new Uint8Array(SIZE)]) })],
  ['JSON', () => ({ json: 'x'.repeat(SIZE - 2) })],
])('onUploadProgress tells of %s as it goes out, up to the end', async (_, content) => {
  await using server = await startServer();
  const told: number[] = [];
  await new Client(VERB_KEY, { baseUrl: server.origin }).post('x', {
    ...content(),
    onUploadProgress: ({ transferredBytes }) => told.push(transferredBytes),
  });
  expect(server.received[0]?.body.length).toBe(SIZE);
  expect(told.at(-1)).toBe(SIZE);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
});

test('onUploadProgress tells of a function’s stream, and sends the stream rather than the function', async () => {
  await using server = await startServer();
  const told: number[] = [];
  await new Client(VERB_KEY, { baseUrl: server.origin }).post('x', {
    body: () => new Blob([new Uint8Array(SIZE)]).stream(),
    onUploadProgress: ({ transferredBytes }) => told.push(transferredBytes),
  });
  expect(server.received[0]?.body.length).toBe(SIZE);
  expect(told.at(-1)).toBe(SIZE);
});

test('with onUploadProgress a body is sent again after a 401', async () => {
  await using server = await startServer(({ headers }, response) => {
    response.writeHead(headers['x-api-key'] === 'new-key-01' ? 204 : 401).end();
  });
  const key = apiKey(({ rejectedKey }) => (rejectedKey === undefined ? 'old-key-01' : 'new-key-01'));
  const response = await new Client(key, { baseUrl: server.origin }).post('x', {
    body: 'x'.repeat(1000),
    onUploadProgress: () => {},
  });
  expect(response.status).toBe(204);
  expect(server.received.map(({ body }) => body.length)).toEqual([1000, 1000]);
});

test('onDownloadProgress tells of the body as it comes', async () => {
  await using server = await startServer((_, response) => void response.end('x'.repeat(SIZE)));
  const told: number[] = [];
  const text = await new Client(VERB_KEY, { baseUrl: server.origin })
    .get('x', { onDownloadProgress: ({ transferredBytes }) => told.push(transferredBytes) })
    .text();
  expect(text).toHaveLength(SIZE);
  expect(told.at(-1)).toBe(SIZE);
});

test('progress works with the key in the query, which stays hidden', async () => {
  const { client, sent } = createVerbClient(undefined, {}, apiKey(VERB_KEY, { in: 'query' }));
  let told = 0;
  const response = await client.get('x', { onDownloadProgress: () => void told++ });
  expect(await response.json()).toEqual({});
  expect(told).toBeGreaterThan(0);
  expect(response.url).not.toContain(VERB_KEY);
  expect(sent[0]?.url).toContain(VERB_KEY);
});
