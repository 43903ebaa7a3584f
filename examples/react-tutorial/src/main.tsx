// #region main
import { QueryClientProvider } from '@tanstack/react-query';
import { ClientProvider } from 'fetch-valet/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { api, login, queryClient } from './api.ts';
import { App } from './app.tsx';

// It rejects where the user has said no, or the server refuses this client: then they are signed out, as before.
const done = await login.handleRedirect().catch((error: unknown) => console.error(error));
if (done) history.replaceState(null, '', done.returnTo);

createRoot(document.getElementById('root') ?? document.body).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <ClientProvider client={api}>
        <App />
      </ClientProvider>
    </QueryClientProvider>
  </StrictMode>,
);
// #endregion
