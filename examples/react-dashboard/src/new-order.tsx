import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useClient } from 'fetch-valet/react';
import type { FormEvent } from 'react';
import { Notice } from './notice.tsx';
import type { Order } from './queries.ts';

const ITEMS = ['House espresso, 1 kg', 'Yirgacheffe, 250 g', 'Huila decaf, 250 g', 'Filter papers, 100'];

export function NewOrder() {
  const client = useClient();
  const queryClient = useQueryClient();
  const order = useMutation({
    mutationFn: (form: FormData) =>
      client
        .post('orders', {
          json: { item: form.get('item'), quantity: Number(form.get('quantity')), note: form.get('note') },
        })
        .json<Order>(),
    onSuccess: () => queryClient.invalidateQueries({ predicate: ({ meta }) => meta?.public !== true }),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    order.mutate(new FormData(form), { onSuccess: () => form.reset() });
  };
  return (
    <section className="card" aria-labelledby="new-order">
      <h2 id="new-order">New order</h2>
      <form className="new-order" onSubmit={submit}>
        <label className="item">
          Item
          <select name="item">
            {ITEMS.map((item) => (
              <option key={item}>{item}</option>
            ))}
          </select>
        </label>
        <label className="quantity">
          Bags
          <input name="quantity" type="number" min="1" max="99" defaultValue="1" required />
        </label>
        <label className="remark">
          Note
          <input name="note" maxLength={80} placeholder="Grind, gift, door …" autoComplete="off" />
        </label>
        <button className="main" type="submit" disabled={order.isPending}>
          {order.isPending ? 'Placing …' : 'Place order'}
        </button>
      </form>
      <p className="note" role="status">
        {order.data && `Order ${order.data.id} is placed.`}
      </p>
      <Notice error={order.error} />
    </section>
  );
}
