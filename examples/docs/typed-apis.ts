/** The snippets of docs/guide/typed-apis.md. */
import { QueryClient } from '@tanstack/react-query';
import { type } from 'arktype';
import { accessToken, Client, HttpError, ResponseError, ValetError } from 'fetch-valet';
import createFetchClient from 'openapi-fetch';
import createQueryClient from 'openapi-react-query';
import * as v from 'valibot';
import { z } from 'zod';
import { auth } from './identity-providers.ts';

/** What openapi-typescript generates from the description of an API. */
interface paths {
  readonly '/orders': {
    readonly get: {
      readonly parameters: { readonly query?: { readonly page?: number } };
      readonly responses: {
        readonly 200: {
          readonly content: { readonly 'application/json': { readonly orders: readonly unknown[] } };
        };
      };
    };
    readonly post: {
      readonly requestBody: { readonly content: { readonly 'application/json': { readonly item: string } } };
      readonly responses: {
        readonly 201: { readonly content: { readonly 'application/json': { readonly id: number } } };
        readonly 422: { readonly content: { readonly 'application/json': { readonly detail: string } } };
      };
    };
  };
}

const baseUrl = 'https://api.shop.example';
const strategy = accessToken(({ forceRefresh }) => auth.getToken({ fresh: forceRefresh }));

// #region recipe
const client = new Client(strategy, { baseUrl });
const api = createFetchClient<paths>({
  baseUrl,
  fetch: (request) => client.request(request, { retry: 0 }),
});
const $api = createQueryClient(api);
// #endregion

// #region call
const { data } = await api.GET('/orders', { params: { query: { page: 2 } } });
// #endregion
console.log(`${data?.orders.length} order`);

// #region catch
async function order(item: string): Promise<string> {
  try {
    await api.POST('/orders', { body: { item } });
    return 'ordered';
  } catch (error) {
    if (error instanceof HttpError && error.status === 422) return `not taken: ${error.problem?.detail}`;
    if (ValetError.is(error) && error.code === 'SESSION_ENDED') return 'log in again';
    throw error;
  }
}
// #endregion
console.log(await order('lamp'));

// #region query-client
const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: (count, error) => count < 3 && ValetError.is(error) && error.retryable },
  },
});
// #endregion
const asked = $api.queryOptions('get', '/orders', { params: { query: { page: 3 } } });
console.log(`${(await queries.fetchQuery(asked)).orders.length} order by a query`);

// #region use-query
function useOrders(): string {
  const { data, error } = $api.useQuery('get', '/orders');
  const failure: unknown = error;
  if (failure instanceof HttpError) return `The server answered ${failure.status}.`;
  if (ValetError.is(failure)) return `It could not be asked: ${failure.code}.`;
  return data ? `${data.orders.length} order` : 'Loading …';
}
// #endregion
console.log(typeof useOrders);

// #region zod
const Orders = z.object({ orders: z.array(z.object({ id: z.number() })) });
const { orders } = await client.get('orders').json(Orders);
// #endregion
console.log(`zod: ${orders[0]?.id}`);

// #region valibot
const OrdersByValibot = v.object({ orders: v.array(v.object({ id: v.number() })) });
const byValibot = await client.get('orders').json(OrdersByValibot);
// #endregion
console.log(`valibot: ${byValibot.orders[0]?.id}`);

// #region arktype
const OrdersByArktype = type({ orders: type({ id: 'number' }).array() });
const byArktype = await client.get('orders').json(OrdersByArktype);
// #endregion
console.log(`arktype: ${byArktype.orders[0]?.id}`);

// #region invalid
const Names = z.object({ orders: z.array(z.object({ name: z.string() })) });
const refused = await client
  .get('orders')
  .json(Names)
  .catch((error: unknown) => error);
if (refused instanceof ResponseError) console.log(refused.code, refused.issues.length);
// #endregion

// #region error-schema
const Problem = z.object({ detail: z.string() });
const strict = new Client(
  accessToken(() => auth.getToken({ fresh: false })),
  { baseUrl, errorSchema: Problem },
);
// #endregion

// #region error-data
try {
  await strict.post('orders', { json: { item: 'lamp' } });
} catch (error) {
  const { data } = error as HttpError<z.infer<typeof Problem>>;
  console.log(`the form says: ${data.detail}`);
}
// #endregion
