// #region orders
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useClient, useUser } from 'fetch-valet/react';

interface Order {
  readonly id: number;
  readonly item: string;
  readonly state: string;
}

export function Orders() {
  const client = useClient();
  const user = useUser();
  const orders = useQuery({
    queryKey: ['orders'],
    queryFn: ({ signal }) => client.get('orders', { signal }).json<{ orders: Order[] }>(),
  });
  if (orders.isPending) return <p>Loading …</p>;
  if (orders.isError) return <p role="alert">{orders.error.message}</p>;
  return (
    <>
      <h1>Orders of {user.name}</h1>
      <ul>
        {orders.data.orders.map(({ id, item, state }) => (
          <li key={id}>
            {id}: {item}, {state}
            {client.session.hasScope('orders:refund') && state !== 'refunded' && <Refund id={id} />}
          </li>
        ))}
      </ul>
    </>
  );
}
// #endregion

// #region refund
function Refund({ id }: { readonly id: number }) {
  const client = useClient();
  const queryClient = useQueryClient();
  const refund = useMutation({
    mutationFn: () => client.post(`orders/${id}/refund`),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['orders'] }),
  });
  return (
    <button type="button" disabled={refund.isPending} onClick={() => refund.mutate()}>
      Refund {id}
    </button>
  );
}
// #endregion
