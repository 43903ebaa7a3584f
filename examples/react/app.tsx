/** The app of docs/guide/react.md. */

import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { accessToken, Client, type TokenSource } from 'fetch-valet';
import { ClientProvider, Session, useClient, useUser } from 'fetch-valet/react';
import { bindQueryClient } from 'fetch-valet/tanstack-query';
import { type ReactNode, useState } from 'react';
import { auth, baseUrl } from './stand-in.ts';

// #region api
const source: TokenSource = {
  getToken: ({ forceRefresh }) => auth.getToken({ fresh: forceRefresh }),
  subscribe: (changed) => auth.onChange(changed),
  signOut: () => auth.logout(),
};
const user = (_: unknown, { sub, name }: Record<string, unknown>) => ({
  id: sub as string,
  name: String(name ?? sub),
});

export const api = new Client(accessToken(source, { user }), { baseUrl, retry: 0, whenSessionEnds: 'hold' });
export const queryClient = new QueryClient();
bindQueryClient(api, queryClient);
// #endregion

// #region register
declare module 'fetch-valet/react' {
  interface Register {
    client: typeof api;
  }
}
// #endregion

// #region app
export function App(): ReactNode {
  return (
    <QueryClientProvider client={queryClient}>
      <ClientProvider client={api}>
        <Session loading={<p>Just a moment …</p>} signedOut={<Welcome />} ended={<SignInAgain />}>
          <Greeting />
          <OrderList />
          <OrderForm />
        </Session>
      </ClientProvider>
    </QueryClientProvider>
  );
}
// #endregion

// #region parts
function Welcome(): ReactNode {
  return (
    <button type="button" onClick={() => void auth.login()}>
      Log in
    </button>
  );
}

function Greeting(): ReactNode {
  const client = useClient();
  const { name } = useUser();
  return (
    <p>
      {name}{' '}
      <button type="button" onClick={() => void client.signOut()}>
        Log out
      </button>
    </p>
  );
}

function OrderList(): ReactNode {
  const client = useClient();
  const orders = useQuery({
    queryKey: ['orders'],
    queryFn: ({ signal }) => client.get('orders', { signal }).json<{ orders: Order[] }>(),
  });
  if (orders.isPending) return <p>Loading orders …</p>;
  if (orders.error) return <p role="alert">{orders.error.message}</p>;
  return (
    <ul>
      {orders.data.orders.map(({ id, what }) => (
        <li key={id}>{what}</li>
      ))}
    </ul>
  );
}
// #endregion

// #region form
function OrderForm(): ReactNode {
  const client = useClient();
  const [sent, setSent] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const body = new FormData(event.currentTarget);
        client.post('orders', { body }).then(
          () => setSent('taken'),
          (error: Error) => setSent(error.message),
        );
      }}
    >
      <input name="what" aria-label="What" />
      <output>{sent}</output>
    </form>
  );
}
// #endregion

// #region ended
function SignInAgain(): ReactNode {
  const { id, name } = useUser();
  return (
    <dialog open>
      <p>{name}, please log in again. Nothing of what you wrote is lost.</p>
      <button type="button" onClick={() => void auth.login(id)}>
        Log in
      </button>
    </dialog>
  );
}
// #endregion

export interface Order {
  readonly id: number;
  readonly what: string;
}
