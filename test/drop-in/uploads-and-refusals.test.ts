import ky from 'ky';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { Client } from '../../src/index.ts';
import { NEW, OLD } from '../support/once-refused.ts';
import { quiet } from '../support/quiet.ts';
import { type Received, sendJson, startServer } from '../support/server.ts';

/** A server that knows `NEW` only, whatever the host SDK writes by itself, and answers with `value`. */
function startApi(value: (request: Received) => unknown) {
  return startServer((request, response) => {
    if (request.headers.authorization !== `Bearer ${NEW}`) return sendJson(response, { error: 'no' }, 401);
    sendJson(response, value(request));
  });
}

function clientOf(baseUrl: string): Client {
  return new Client(({ rejectedToken }) => (rejectedToken === OLD ? NEW : OLD), { baseUrl, logger: quiet });
}

test('openai uploads a file, twice when it has to', async () => {
  await using api = await startApi(() => ({ id: 'file-1', object: 'file' }));
  using client = clientOf(api.origin);
  const openai = new OpenAI({
    apiKey: 'unused',
    baseURL: `${api.origin}/v1`,
    fetch: client.fetch,
    maxRetries: 0,
  });

  const file = await openai.files.create({
    file: new File(['{"a":1}\n'], 'lines.jsonl'),
    purpose: 'batch',
  });

  expect(file.id).toBe('file-1');
  expect(api.received).toHaveLength(2);
  for (const { body } of api.received) expect(body.toString()).toContain('{"a":1}');
});

test('ky sends with our token', async () => {
  await using api = await startApi(({ body }) => JSON.parse(body.toString()) as unknown);
  using client = clientOf(api.origin);

  const answer = await ky.post(`${api.origin}/x`, { fetch: client.fetch, json: { a: 1 }, retry: 0 }).json();

  expect(answer).toEqual({ a: 1 });
  expect(api.received).toHaveLength(2);
});

test('a host SDK shows our refusal as the cause of its own error', async () => {
  await using api = await startApi(() => ({}));
  using client = clientOf(api.origin);
  const openai = new OpenAI({
    apiKey: 'unused',
    baseURL: 'https://evil.test/v1',
    fetch: client.fetch,
    maxRetries: 0,
  });
  const told: string[] = [];
  client.on('warning', ({ code }) => told.push(code));

  const error: unknown = await openai.models.list().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

  expect((error as Error).cause).toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
  expect(told).toEqual(['ORIGIN_NOT_ALLOWED']);
});
