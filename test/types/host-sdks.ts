/** Other people's SDKs, given our fetch. No cast: what compiles here is what their users write. Nothing runs. */
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Octokit } from '@octokit/core';
import ky from 'ky';
import OpenAI from 'openai';
import createClient from 'openapi-fetch';
import { accessToken, type Client, createFetch } from '../../src/index.ts';

interface paths {
  '/orders/{id}': {
    get: {
      parameters: { path: { id: string } };
      responses: { 200: { content: { 'application/json': { id: string } } } };
    };
  };
}

declare const api: Client;
const authFetch = createFetch(accessToken(() => 'token'));

export function openai(): void {
  const llm = api.extend({ baseUrl: 'https://llm.example.com' });
  new OpenAI({ apiKey: 'unused', baseURL: 'https://llm.example.com/v1', fetch: llm.fetch });
  new OpenAI({ apiKey: 'unused', fetch: authFetch });
}

export async function openapiFetch(): Promise<string | undefined> {
  createClient<paths>({ baseUrl: 'https://api.example.com', fetch: authFetch });
  const client = createClient<paths>({ baseUrl: 'https://api.example.com', fetch: api.fetch });
  const { data } = await client.GET('/orders/{id}', { params: { path: { id: '1' } }, fetch: api.fetch });
  return data?.id;
}

export function octokit(): void {
  new Octokit({ request: { fetch: api.fetch } });
  new Octokit({ request: { fetch: authFetch } });
}

export function modelContextProtocol(): void {
  const url = new URL('https://mcp.example.com/mcp');
  new StreamableHTTPClientTransport(url, { fetch: api.fetch });
  new StreamableHTTPClientTransport(url, { fetch: authFetch });
}

export function kyItself(): void {
  ky.create({ fetch: api.fetch, baseUrl: 'https://api.example.com' });
  ky.extend({ fetch: authFetch });
}
