/** Verbs: what they take, what they give back, what they throw. Nothing here runs. */
import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import {
  type Challenge,
  Client,
  type ClientOptions,
  ConfigError,
  type ConfigErrorCode,
  type ErrorCode,
  HttpError,
  NetworkError,
  type Problem,
  type RequestSummary,
  ResponseError,
  SessionError,
  TokenError,
  ValetError,
} from '../../src/index.ts';

interface Weather {
  readonly celsius: number;
}

declare const client: Client;

export function answers(): void {
  expectTypeOf(client.get('current').json<Weather>()).resolves.toEqualTypeOf<Weather>();
  expectTypeOf(client.get<Weather>('current').json()).resolves.toEqualTypeOf<Weather>();
  expectTypeOf(client.get('current').json()).resolves.toEqualTypeOf<unknown>();
  expectTypeOf(client.post<Weather>('current').json()).resolves.toEqualTypeOf<Weather>();
  expectTypeOf(client.put<Weather>('current').json()).resolves.toEqualTypeOf<Weather>();
  expectTypeOf(client.patch<Weather>('current').json()).resolves.toEqualTypeOf<Weather>();
  expectTypeOf(client.delete<Weather>('current').json()).resolves.toEqualTypeOf<Weather>();
  expectTypeOf(client.request<Weather>('current').json()).resolves.toEqualTypeOf<Weather>();
  expectTypeOf(client.get('text').text()).resolves.toEqualTypeOf<string>();
  expectTypeOf(client.get('image').blob()).resolves.toEqualTypeOf<Blob>();
  expectTypeOf(client.get('image').arrayBuffer()).resolves.toEqualTypeOf<ArrayBuffer>();
  expectTypeOf(client.head('current')).resolves.toExtend<Response>();
}

export async function schemas(): Promise<void> {
  const Order = z.object({ id: z.string(), placed: z.coerce.date() });
  const orders = await client.get('orders').json(z.array(Order));
  expectTypeOf(orders).toEqualTypeOf<{ id: string; placed: Date }[]>();

  // @ts-expect-error a shape is no schema (Standard Schema)
  await client.get('orders').json({ id: 'string' });
}

export async function inputs(stream: () => ReadableStream<Uint8Array>): Promise<void> {
  await client.get(new URL('https://api.example.com/current'));
  await client.request(new Request('https://api.example.com/current', { method: 'PUT' }));
  await client.get('current', { searchParams: { q: 'Oslo', days: 3, hourly: true, zone: undefined } });
  await client.post('orders', { json: { id: 1 }, headers: { 'x-trace': '1', 'x-none': undefined } });
  await client.post('files', { body: stream(), timeout: false });
  await client.post('files', { body: stream, onUploadProgress: ({ percent }) => void percent });
  await client.get('public', { auth: false, retry: { limit: 5, methods: ['get'] }, timeout: 500 });
  await client.get('maybe', { auth: 'optional', retry: 0, signal: AbortSignal.timeout(1000) });
  await client.get('hooked', { hooks: { afterResponse: [({ response }) => response] }, cache: 'no-store' });
}

export async function optionsThatVerbsRefuse(): Promise<void> {
  // @ts-expect-error where requests go is the client's: extend({ baseUrl })
  await client.get('current', { baseUrl: 'https://elsewhere.example.com' });
  // @ts-expect-error the same under ky's other name
  await client.get('current', { prefix: 'v2' });
  // @ts-expect-error what sends is the client's: runtime.fetch
  await client.get('current', { fetch });
  // @ts-expect-error only less authentication can be asked for
  await client.get('current', { auth: true });
  // @ts-expect-error milliseconds are a number
  await client.get('current', { timeout: '5s' });
  // @ts-expect-error ky calls it `json`
  await client.post('orders', { data: { id: 1 } });
}

export function optionsOfClients(): void {
  const options: ClientOptions = {
    baseUrl: '/api',
    allowedOrigins: ['https://files.example.com'],
    dangerouslyAllowHttp: ['http://intranet.example.com'],
    auth: 'optional',
    headers: { 'accept-language': 'nb' },
    timeout: 5000,
    retry: 3,
    errorSchema: z.object({ reason: z.string() }),
    debug: 'curl',
    logger: console,
    runtime: { fetch, random: Math.random },
  };
  new Client('key', options);
  new Client('key', { timeout: false, debug: true, logger: { debug: () => {}, warn: () => {} } });
  client.extend({ baseUrl: 'https://llm.example.com', auth: false, retry: { limit: 0 } });

  // @ts-expect-error the option is called `baseUrl`
  new Client('key', { baseURL: 'https://api.example.com' });
  // @ts-expect-error a list, also of one
  new Client('key', { allowedOrigins: 'https://files.example.com' });
  // @ts-expect-error origins, so that nobody opens everything by accident
  new Client('key', { dangerouslyAllowHttp: true });
  // @ts-expect-error hooks are given per request
  new Client('key', { hooks: {} });
  // @ts-expect-error a token's life is an option of accessToken()
  new Client(() => 'token', { refreshAhead: 1000 });
  // @ts-expect-error a child runs on what its session runs on
  client.extend({ runtime: { fetch } });
  // @ts-expect-error lines are written once per session
  client.extend({ debug: true });
  // @ts-expect-error the credential stays
  client.extend('another key', {});
}

export function aClientIsDisposable(): void {
  using scoped = new Client('key');
  expectTypeOf(scoped).toExtend<Disposable>();
  expectTypeOf(scoped.close()).toEqualTypeOf<void>();
  expectTypeOf(scoped.signOut()).resolves.toEqualTypeOf<void>();
}

export function whatIsThrown(error: unknown): void {
  if (ValetError.is(error)) {
    expectTypeOf(error).toEqualTypeOf<ValetError>();
    expectTypeOf(error.code).toEqualTypeOf<ErrorCode>();
    expectTypeOf(error.retryable).toEqualTypeOf<boolean>();
    expectTypeOf(error.docs).toEqualTypeOf<string>();
    expectTypeOf(error.request).toEqualTypeOf<RequestSummary | undefined>();
    expectTypeOf(error.cause).toEqualTypeOf<unknown>();
    // @ts-expect-error not among the codes
    if (error.code === 'NOT_A_CODE') return;
  }
  if (error instanceof HttpError) {
    expectTypeOf(error.name).toEqualTypeOf<'HttpError'>();
    expectTypeOf(error.code).toEqualTypeOf<'HTTP_ERROR'>();
    expectTypeOf(error.status).toEqualTypeOf<number>();
    expectTypeOf(error.headers).toEqualTypeOf<Headers>();
    expectTypeOf(error.response).toEqualTypeOf<Response>();
    expectTypeOf(error.problem).toEqualTypeOf<Problem | undefined>();
    expectTypeOf(error.challenges).toEqualTypeOf<readonly Challenge[]>();
    expectTypeOf(error.retryAfter).toEqualTypeOf<number | undefined>();
  }
  if (error instanceof NetworkError)
    expectTypeOf(error.code).toEqualTypeOf<'NETWORK' | 'OFFLINE' | 'TIMEOUT'>();
  if (error instanceof ResponseError) expectTypeOf(error.issues).toEqualTypeOf<readonly unknown[]>();
  if (error instanceof TokenError) expectTypeOf(error.oauthError).toEqualTypeOf<string | undefined>();
  if (error instanceof ConfigError) expectTypeOf(error.code).toEqualTypeOf<ConfigErrorCode>();
}

export function theDataOfAnError(refused: HttpError<{ reason: string }>, unknown: HttpError): void {
  expectTypeOf(refused.data).toEqualTypeOf<{ reason: string }>();
  expectTypeOf(unknown.data).toEqualTypeOf<unknown>();
  expectTypeOf(refused.problem?.detail).toEqualTypeOf<string | undefined>();
  expectTypeOf(refused.problem?.balance).toEqualTypeOf<unknown>();
}

/** A provider ends a session, or explains that it cannot go on, by throwing ours. */
export function whatAProviderThrows(cause: unknown): void {
  new Client(() => {
    throw new SessionError('SESSION_ENDED', { cause });
  });
  new SessionError('SIGNED_OUT', { message: 'Choose an account first.' });
  // @ts-expect-error a code of another family
  new SessionError('TOKEN_INVALID');
}
