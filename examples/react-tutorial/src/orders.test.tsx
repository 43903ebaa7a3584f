// #region test
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { ClientProvider, Session } from 'fetch-valet/react';
import { bindQueryClient } from 'fetch-valet/tanstack-query';
import { createTestClient } from 'fetch-valet/testing';
import { expect, test } from 'vitest';
import { render } from 'vitest-browser-react';
import type { User } from './api.ts';
import { Orders } from './orders.tsx';

const ada = { id: 'ada', name: 'Ada' };
const bob = { id: 'bob', name: 'Bob' };

/** Renders the orders of `user`, as an API has them that knows whom it talks to. */
async function show(user: User, ...scopes: string[]) {
  const orders = new Map([
    ['ada', [{ id: 1, item: 'Coffee', state: 'new' }]],
    ['bob', [{ id: 2, item: 'Tea', state: 'new' }]],
  ]);
  const client = createTestClient<User>({
    user,
    scopes,
    responses: {
      'GET /orders': () => {
        const { snapshot } = client.session;
        return { orders: orders.get('user' in snapshot ? snapshot.user.id : '') };
      },
      'POST /orders/1/refund': () => orders.set('ada', [{ id: 1, item: 'Coffee', state: 'refunded' }]),
    },
  });
  const queryClient = new QueryClient();
  bindQueryClient(client, queryClient);
  const screen = await render(
    <QueryClientProvider client={queryClient}>
      <ClientProvider client={client}>
        <Session signedOut={<p>Signed out</p>}>
          <Orders />
        </Session>
      </ClientProvider>
    </QueryClientProvider>,
  );
  return { client, queryClient, screen };
}

test('a user sees their own orders, and the next one theirs', async () => {
  const { client, screen } = await show(ada);
  await expect.element(screen.getByText('1: Coffee, new')).toBeVisible();
  await client.signInAs(bob);
  await expect.element(screen.getByText('2: Tea, new')).toBeVisible();
  expect(screen.container.textContent).not.toContain('Coffee');
  await client.signOut();
  await expect.element(screen.getByText('Signed out')).toBeVisible();
});

test('a token that the API refuses is replaced, and nobody notices', async () => {
  const { client, queryClient, screen } = await show(ada);
  await expect.element(screen.getByText('1: Coffee, new')).toBeVisible();
  client.revokeToken();
  await queryClient.refetchQueries();
  expect(client.requests.map(({ status }) => status)).toEqual([200, 401, 200]);
  await expect.element(screen.getByText('1: Coffee, new')).toBeVisible();
});

test('whoever may refund has a button for it, and others have none', async () => {
  const { screen } = await show(ada, 'orders:refund');
  await screen.getByRole('button', { name: 'Refund 1' }).click();
  await expect.element(screen.getByText('1: Coffee, refunded')).toBeVisible();
  const other = await show(bob);
  await expect.element(other.screen.getByText('2: Tea, new')).toBeVisible();
  expect(other.screen.getByRole('button').elements()).toEqual([]);
});
// #endregion
