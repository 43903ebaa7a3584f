import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useClient } from 'fetch-valet/react';
import { date, euro } from './format.ts';
import { Notice } from './notice.tsx';
import { type Order, ordersQuery } from './queries.ts';

export function Orders() {
  const client = useClient();
  const { data, error, dataUpdatedAt } = useQuery(ordersQuery);
  // For showing and hiding only: it is the API that decides.
  const mayRefund = client.session.hasScope('orders:refund');
  return (
    <section className="card" aria-labelledby="orders-title">
      <h2 id="orders-title">Orders</h2>
      <Notice error={error} shown={dataUpdatedAt} />
      {data === undefined ? (
        <p className="note" role="status">
          {error ? 'Nothing to show yet.' : 'Loading …'}
        </p>
      ) : (
        <table className="orders">
          <thead>
            <tr>
              <th scope="col">No.</th>
              <th scope="col">Item</th>
              <th scope="col" className="figure">
                Bags
              </th>
              <th scope="col" className="figure">
                Total
              </th>
              <th scope="col">Placed</th>
              <th scope="col">State</th>
              {mayRefund && (
                <th scope="col">
                  <span className="unseen">Refund</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {data.map((order) => (
              <Row key={order.id} order={order} mayRefund={mayRefund} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Row({ order, mayRefund }: { readonly order: Order; readonly mayRefund: boolean }) {
  return (
    <tr>
      <td className="number">{order.id}</td>
      <th scope="row">
        {order.item}
        {order.note && <span className="note">{order.note}</span>}
      </th>
      <td className="figure bags">{order.quantity}</td>
      <td className="figure total">{euro(order.total)}</td>
      <td className="placed">{date(order.placed)}</td>
      <td className="condition">
        <span className={`chip ${order.state}`}>{order.state}</span>
      </td>
      {mayRefund && <td className="action">{order.state !== 'refunded' && <Refund order={order} />}</td>}
    </tr>
  );
}

function Refund({ order }: { readonly order: Order }) {
  const client = useClient();
  const queryClient = useQueryClient();
  const refund = useMutation({
    mutationFn: () => client.post(`orders/${order.id}/refund`),
    onSuccess: () => queryClient.invalidateQueries({ predicate: ({ meta }) => meta?.public !== true }),
  });
  return (
    <>
      <button
        className="quiet small"
        type="button"
        disabled={refund.isPending}
        onClick={() => refund.mutate()}
      >
        Refund<span className="unseen"> order {order.id}</span>
      </button>
      <Notice error={refund.error} />
    </>
  );
}
