/** The snippets of docs/guide/testing.md that are for React. */
import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { Session, useClient, useUser } from 'fetch-valet/react';
import { bindQueryClient } from 'fetch-valet/tanstack-query';
import { createTestClient, type TestClient } from 'fetch-valet/testing';
import { TestSession } from 'fetch-valet/testing/react';
import { type ReactNode, useEffect, useState } from 'react';

function Orders(): ReactNode {
  const api = useClient();
  const user = useUser();
  const [items, setItems] = useState('…');
  useEffect(() => {
    const show = (orders: { item: string }[]): void => setItems(orders.map(({ item }) => item).join(', '));
    api
      .get<{ item: string }[]>('orders')
      .json()
      .then(show, () => setItems(''));
  }, [api]);
  return (
    <p>
      {user.id}: {items}
    </p>
  );
}

function Page(): ReactNode {
  return (
    <Session signedOut={<p>Log in</p>} ended={<p>Log in again</p>}>
      <Orders />
    </Session>
  );
}

export function signedIn(render: (element: ReactNode) => void): void {
  // #region signed-in
  render(
    <TestSession user={{ id: 'ada' }} responses={{ 'GET /orders': [{ id: 1, item: 'tea' }] }}>
      <Page />
    </TestSession>,
  );
  // #endregion
}

export async function ended(render: (element: ReactNode) => void): Promise<TestClient> {
  // #region steered
  const api = createTestClient({ user: { id: 'ada' }, responses: { 'GET /orders': [] } });
  render(
    <TestSession client={api}>
      <Page />
    </TestSession>,
  );

  await api.endSession();
  // #endregion
  return api;
}

interface Order {
  readonly id: number;
  readonly item: string;
}

// #region query-component
function OrderList(): ReactNode {
  const api = useClient();
  const orders = useQuery({ queryKey: ['orders'], queryFn: () => api.get<Order[]>('orders').json() });
  return (
    <Session signedOut={<p>Log in</p>}>
      <p>{orders.data?.map(({ item }) => item).join(', ') ?? '…'}</p>
    </Session>
  );
}
// #endregion

export function queried(render: (element: ReactNode) => void): TestClient {
  // #region query
  const api = createTestClient({
    user: { id: 'ada' },
    responses: { 'GET /orders': [{ id: 1, item: 'tea' }] },
    retry: 0,
  });
  const queryClient = new QueryClient();
  bindQueryClient(api, queryClient);
  render(
    <QueryClientProvider client={queryClient}>
      <TestSession client={api}>
        <OrderList />
      </TestSession>
    </QueryClientProvider>,
  );
  // #endregion
  return api;
}
