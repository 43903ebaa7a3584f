/** A React app: compiled with the types of React and TanStack Query. */
import { QueryClient } from '@tanstack/react-query';
import { accessToken, Client } from 'fetch-valet';
import { ClientProvider, createClientContext, Session, useClient, useUser } from 'fetch-valet/react';
import { bindQueryClient } from 'fetch-valet/tanstack-query';
import { createTestClient } from 'fetch-valet/testing';
import { TestSession } from 'fetch-valet/testing/react';

const user = (): { id: string; name: string } => ({ id: 'ada', name: 'Ada' });
export const api = new Client(
  accessToken(() => null, { user }),
  { baseUrl: '/api' },
);
bindQueryClient(api, new QueryClient());

declare module 'fetch-valet/react' {
  interface Register {
    client: typeof api;
  }
}

const weather = createClientContext<Client>();

function Greeting() {
  const { name } = useUser();
  const other: Client = weather.useClient();
  return <p title={other.session.snapshot.status}>{useClient() === api ? name : ''}</p>;
}

export function App() {
  return (
    <ClientProvider client={api}>
      <Session loading={<p>…</p>} signedOut={<p>Log in</p>} ended={(error) => <p>{error.message}</p>}>
        <Greeting />
      </Session>
    </ClientProvider>
  );
}

export const tested = (
  <TestSession user={{ id: 'ada', name: 'Ada' }} responses={{ 'GET /orders': [] }}>
    <Greeting />
  </TestSession>
);

export const steered = (
  <TestSession client={createTestClient({ user: null })} provider={weather.ClientProvider}>
    <Greeting />
  </TestSession>
);
