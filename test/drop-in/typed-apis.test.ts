/** The recipe for openapi-fetch and openapi-react-query: a failed request is thrown, with all that is known of it. */
import { QueryClient } from '@tanstack/react-query';
import createFetchClient from 'openapi-fetch';
import createQueryClient from 'openapi-react-query';
import { afterEach, expect, test } from 'vitest';
import { HttpError, ValetError } from '../../src/index.ts';
import { thrownBy } from '../support/thrown.ts';
import type { HostSdk } from './host-sdk.ts';
import { type ProtectedApi, startProtectedApi } from './protected-api.ts';

/** What openapi-typescript would generate. */
interface Paths {
  readonly '/orders': {
    readonly get: {
      readonly parameters: { readonly query?: { readonly page?: number } };
      readonly responses: {
        readonly 200: { readonly content: { readonly 'application/json': { readonly orders: string[] } } };
      };
    };
    readonly post: {
      readonly requestBody: { readonly content: { readonly 'application/json': { readonly item: string } } };
      readonly responses: {
        readonly 201: { readonly content: { readonly 'application/json': { readonly item: string } } };
        readonly 422: { readonly content: { readonly 'application/json': { readonly reason: string } } };
      };
    };
  };
}

const opened: ProtectedApi[] = [];
afterEach(async () => {
  for (const api of opened.splice(0)) await api[Symbol.asyncDispose]();
});

async function open(answer: HostSdk['answer']) {
  const server = await startProtectedApi({ answer });
  opened.push(server);
  const { client, origin } = server;
  const api = createFetchClient<Paths>({
    baseUrl: origin,
    fetch: (request) => client.request(request, { retry: 0 }),
  });
  await client.session.ready;
  return { server, api, $api: createQueryClient(api), queries: new QueryClient() };
}

const unfit = (): Response => Response.json({ reason: 'sold out' }, { status: 422 });
const orders = (): Response => Response.json({ orders: ['lamp'] });

test('an answer comes as openapi-fetch types it', async () => {
  const { server, api } = await open(orders);

  const { data } = await api.GET('/orders', { params: { query: { page: 2 } } });

  expect(data?.orders).toEqual(['lamp']);
  expect(server.sent.at(-1)?.line).toBe('GET /orders?page=2');
});

test('a refused request is thrown as an HttpError with status, code and body', async () => {
  const { api } = await open(unfit);

  const error = (await thrownBy(() => api.POST('/orders', { body: { item: 'lamp' } }))) as HttpError;

  expect(error).toBeInstanceOf(HttpError);
  expect(error).toMatchObject({ code: 'HTTP_ERROR', status: 422, retryable: false });
  expect(error.data).toEqual({ reason: 'sold out' });
});

test('a query of openapi-react-query fails with it, where the body alone would have been left', async () => {
  const { server, $api, queries } = await open(unfit);
  const options = $api.queryOptions('get', '/orders');
  await queries.prefetchQuery({ ...options, retry: false });
  const bare = createQueryClient(
    createFetchClient<Paths>({ baseUrl: server.origin, fetch: server.client.fetch }),
  );

  expect(queries.getQueryState(options.queryKey)?.error).toMatchObject({ code: 'HTTP_ERROR', status: 422 });
  expect(await thrownBy(() => queries.fetchQuery(bare.queryOptions('get', '/orders')))).toEqual({
    reason: 'sold out',
  });
});

test('a dead token is renewed under it, and the body is sent again', async () => {
  const { server, api } = await open(async (request) => Response.json(await request.json(), { status: 201 }));
  server.revoke(2);

  const answers = await Promise.all(['lamp', 'rug'].map((item) => api.POST('/orders', { body: { item } })));

  expect(answers.map(({ data }) => data?.item)).toEqual(['lamp', 'rug']);
  expect(server.issued).toBe(2);
  expect(server.sent.map(({ status }) => status)).toEqual([401, 401, 201, 201]);
});

test('a session that ended fails the query with SESSION_ENDED', async () => {
  const { server, $api, queries } = await open(orders);
  server.endSession();
  server.revoke(1);

  const asked = queries.fetchQuery({ ...$api.queryOptions('get', '/orders'), retry: false });

  await expect(asked).rejects.toMatchObject({ code: 'SESSION_ENDED' });
});

test('a query library that asks whether an error is retryable tries again, and nothing below it does', async () => {
  const statuses = [503, 200];
  const { server, $api, queries } = await open(() =>
    Response.json({ orders: [] }, { status: statuses.shift() ?? 500 }),
  );
  const retry = (count: number, error: unknown): boolean =>
    ValetError.is(error) && error.retryable && count < 3;

  await queries.fetchQuery({ ...$api.queryOptions('get', '/orders'), retry, retryDelay: 0 });

  expect(server.sent.map(({ status }) => status)).toEqual([503, 200]);
});

test('a call that is aborted is the AbortError of the platform', async () => {
  const { server, api } = await open(async (_, next) => {
    await next;
    return orders();
  });
  const controller = new AbortController();
  const asked = api.GET('/orders', { signal: controller.signal });

  controller.abort();

  await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  server.next.resolve();
});
