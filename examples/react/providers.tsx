/** The clients of an app whose components are rendered on a server first, as by Next.js. */

// #region providers
'use client';

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { accessToken, Client } from 'fetch-valet';
import { ClientProvider } from 'fetch-valet/react';
import { bindQueryClient } from 'fetch-valet/tanstack-query';
import { type ReactNode, useState } from 'react';

function createClients() {
  const getToken = () => (typeof window === 'undefined' ? null : fetch('/session/token', { method: 'POST' }));
  const user = (_: unknown, { sub, name }: Record<string, unknown>) => ({
    id: sub as string,
    name: String(name ?? sub),
  });
  const client = new Client(accessToken(getToken, { user }), { baseUrl: 'https://api.example.com' });
  const queryClient = new QueryClient();
  bindQueryClient(client, queryClient);
  return { client, queryClient };
}

export function Providers({ children }: { readonly children: ReactNode }) {
  const [{ client, queryClient }] = useState(createClients);
  return (
    <QueryClientProvider client={queryClient}>
      <ClientProvider client={client}>{children}</ClientProvider>
    </QueryClientProvider>
  );
}
// #endregion
