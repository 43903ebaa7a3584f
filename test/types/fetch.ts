/** `client.fetch` is a `fetch`, and takes a little more. Nothing here runs. */
import { expectTypeOf } from 'vitest';
import { Client, createFetch, type FetchLike, type ValetFetch } from '../../src/index.ts';

declare const client: Client;
declare const open: () => ReadableStream<Uint8Array>;

export function itIsAFetch(): void {
  expectTypeOf(client.fetch).toExtend<typeof globalThis.fetch>();
  expectTypeOf(createFetch('key')).toExtend<typeof globalThis.fetch>();
  expectTypeOf(client.fetch).toEqualTypeOf<ValetFetch>();
  expectTypeOf<FetchLike>().toEqualTypeOf<typeof globalThis.fetch>();
  globalThis.fetch = client.fetch;
}

export async function itTakesWhatFetchTakes(init: RequestInit): Promise<void> {
  const { fetch } = client;
  expectTypeOf(fetch('/orders')).resolves.toEqualTypeOf<Response>();
  await fetch(new URL('https://api.example.com/orders'), init);
  await fetch(new Request('https://api.example.com/orders'), { signal: AbortSignal.timeout(10) });
  await fetch('/orders', { method: 'POST', body: new FormData(), headers: [['x-trace', '1']] });
  await fetch('/orders', { method: 'POST', body: null, keepalive: true, redirect: 'manual' });
}

export async function andAuthAndBodiesFromAFunction(): Promise<void> {
  await client.fetch('/orders', { auth: false });
  await client.fetch('/orders', { auth: 'optional' });
  await client.fetch('/files', { method: 'PUT', body: open });
  await createFetch('key')('/files', { method: 'PUT', body: () => 'text', auth: false });

  // @ts-expect-error only less authentication can be asked for
  await client.fetch('/orders', { auth: true });
  // @ts-expect-error what is sent is known when the function returns
  await client.fetch('/files', { method: 'PUT', body: async () => open() });
  // @ts-expect-error `json` belongs to verbs: fetch is the platform's
  await client.fetch('/orders', { json: { id: 1 } });
  // @ts-expect-error so does a timeout
  await client.fetch('/orders', { timeout: 1000 });
}

/** Another client's fetch may be what a client sends with. */
export function clientsInARow(): void {
  new Client('key', { runtime: { fetch: client.fetch } });
  createFetch('key', { runtime: { fetch: createFetch('another') } });
}
