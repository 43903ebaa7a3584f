// #region test
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { accessToken, Client } from 'fetch-valet';
import { ClientProvider, Session } from 'fetch-valet/react';
import { bindQueryClient } from 'fetch-valet/tanstack-query';
import { expect, test } from 'vitest';
import { render } from 'vitest-browser-react';
import type { User } from './api.ts';
import { Orders } from './orders.tsx';

/** A token that says whose it is. No server looks at it here. */
const tokenOf = (sub: string) => `e30.${btoa(JSON.stringify({ sub }))}.signature`;

/** An API that knows the orders of two users, and what it was sent. */
function createApi() {
  const sent: string[] = [];
  const orders = new Map([
    [`Bearer ${tokenOf('ada')}`, [{ id: 1, item: 'Coffee', state: 'new' }]],
    [`Bearer ${tokenOf('bob')}`, [{ id: 2, item: 'Tea', state: 'new' }]],
  ]);
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const token = new Request(input, init).headers.get('authorization') ?? '';
    sent.push(token);
    const found = orders.get(token);
    return found ? Response.json({ orders: found }) : new Response(null, { status: 401 });
  };
  return { fetch, sent };
}

/** Renders the orders for a client whose tokens come from `tokens`, one after the other. */
async function show(tokens: { token: string; scope?: string }[]) {
  const { fetch, sent } = createApi();
  const client = new Client(
    accessToken<User>(() => tokens.shift() ?? null, {
      user: ({ sub }) => ({ id: String(sub), name: String(sub) }),
    }),
    { baseUrl: 'https://api.test', runtime: { fetch } },
  );
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
  return { client, screen, sent };
}

test('a user sees their own orders, and the next one theirs', async () => {
  const { client, screen } = await show([{ token: tokenOf('ada') }]);
  await expect.element(screen.getByText('1: Coffee, new')).toBeVisible();
  await client.session.signIn({ token: tokenOf('bob') });
  await expect.element(screen.getByText('2: Tea, new')).toBeVisible();
  expect(screen.container.textContent).not.toContain('Coffee');
  await client.signOut();
  await expect.element(screen.getByText('Signed out')).toBeVisible();
});

test('a token that the API refuses is replaced, and nobody notices', async () => {
  const { screen, sent } = await show([{ token: 'too-old' }, { token: tokenOf('ada') }]);
  await expect.element(screen.getByText('1: Coffee, new')).toBeVisible();
  expect(sent).toEqual(['Bearer too-old', `Bearer ${tokenOf('ada')}`]);
});

test('refunds are for those who may', async () => {
  const { client, screen } = await show([{ token: tokenOf('ada'), scope: 'orders:refund' }]);
  await expect.element(screen.getByRole('button', { name: 'Refund 1' })).toBeVisible();
  await client.session.signIn({ token: tokenOf('bob'), scope: 'orders:read' });
  await expect.element(screen.getByText('2: Tea, new')).toBeVisible();
  expect(screen.getByRole('button').elements()).toEqual([]);
});
// #endregion
