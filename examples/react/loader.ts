/** A loader of a router, for the app of docs/guide/react.md. */
import { queryOptions } from '@tanstack/react-query';
import { api, type Order, queryClient } from './app.tsx';
import { redirect } from './stand-in.ts';

// #region loader
export const orders = queryOptions({
  queryKey: ['orders'],
  queryFn: ({ signal }) => api.get('orders', { signal }).json<{ orders: Order[] }>(),
});

export async function loadOrders(): Promise<null> {
  const { status } = await api.session.ready;
  if (status === 'signed-out') throw redirect('/login');
  void queryClient.prefetchQuery(orders);
  return null;
}
// #endregion
