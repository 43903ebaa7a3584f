import { Client as McpClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Octokit } from '@octokit/core';
import ky from 'ky';
import OpenAI from 'openai';
import createClient from 'openapi-fetch';
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

test('openai sends with our token in place of its key, and does not notice the replay', async () => {
  await using api = await startApi(() => ({
    choices: [{ message: { role: 'assistant', content: 'Hello' } }],
  }));
  using client = clientOf(api.origin);
  const openai = new OpenAI({
    apiKey: 'unused',
    baseURL: `${api.origin}/v1`,
    fetch: client.fetch,
    maxRetries: 0,
  });

  const answer = await openai.chat.completions.create({
    model: 'parrot',
    messages: [{ role: 'user', content: 'Hi' }],
  });

  expect(answer.choices[0]?.message.content).toBe('Hello');
  expect(api.received.map(({ headers }) => headers.authorization)).toEqual([
    `Bearer ${OLD}`,
    `Bearer ${NEW}`,
  ]);
  expect(api.received[1]?.body).toEqual(api.received[0]?.body);
});

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

test('octokit sends with our token', async () => {
  await using api = await startApi(() => ({ login: 'ann' }));
  using client = clientOf(api.origin);
  const octokit = new Octokit({ baseUrl: api.origin, request: { fetch: client.fetch } });

  const { data } = await octokit.request('GET /user');

  expect(data.login).toBe('ann');
  expect(api.received).toHaveLength(2);
});

interface Paths {
  readonly '/zones': {
    readonly post: {
      readonly requestBody: { readonly content: { readonly 'application/json': { readonly zone: string } } };
      readonly responses: {
        readonly 200: { readonly content: { readonly 'application/json': { ok: true } } };
      };
    };
  };
}

test('openapi-fetch sends its Request with our token, and its body twice', async () => {
  await using api = await startApi(() => ({ ok: true }));
  using client = clientOf(api.origin);
  const typed = createClient<Paths>({ baseUrl: api.origin, fetch: client.fetch });

  const { data } = await typed.POST('/zones', { body: { zone: 'Europe/Oslo' } });

  expect(data).toEqual({ ok: true });
  expect(api.received.map(({ body }) => body.toString())).toEqual(Array(2).fill('{"zone":"Europe/Oslo"}'));
});

test('ky sends with our token', async () => {
  await using api = await startApi(({ body }) => JSON.parse(body.toString()) as unknown);
  using client = clientOf(api.origin);

  const answer = await ky.post(`${api.origin}/x`, { fetch: client.fetch, json: { a: 1 }, retry: 0 }).json();

  expect(answer).toEqual({ a: 1 });
  expect(api.received).toHaveLength(2);
});

test('the MCP SDK speaks over our fetch', async () => {
  await using api = await startApi(({ method, body }) => {
    const { id, method: asked } = (method === 'POST' ? JSON.parse(body.toString()) : {}) as Record<
      string,
      unknown
    >;
    const serverInfo = { name: 'parrot', version: '1.0.0' };
    const result = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo };
    return asked === 'initialize' ? { jsonrpc: '2.0', id, result } : { jsonrpc: '2.0', id, result: {} };
  });
  using client = clientOf(api.origin);
  const transport = new StreamableHTTPClientTransport(new URL(`${api.origin}/mcp`), { fetch: client.fetch });
  const mcp = new McpClient({ name: 'test', version: '1.0.0' });

  await mcp.connect(transport as Parameters<typeof mcp.connect>[0]);
  await mcp.ping();

  expect(mcp.getServerVersion()?.name).toBe('parrot');
  expect(api.received[0]?.headers.authorization).toBe(`Bearer ${OLD}`);
  expect(api.received.slice(1).every(({ headers }) => headers.authorization === `Bearer ${NEW}`)).toBe(true);
  await mcp.close();
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
