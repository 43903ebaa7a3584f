/** What is kept outside of a query client, for docs/guide/tanstack-query.md. */
import { QueryClient } from '@tanstack/react-query';
import type { Client } from 'fetch-valet';
import { bindQueryClient } from 'fetch-valet/tanstack-query';

export function createCache(api: Client): QueryClient {
  // #region bind
  const queryClient = new QueryClient();
  bindQueryClient(api, queryClient);
  // #endregion
  // #region public
  queryClient.setQueryDefaults(['cities'], { meta: { public: true } });
  // #endregion
  return queryClient;
}

export function forgetKeptData(api: Client): void {
  // #region kept-data
  api.on('userchange', ({ previous }) => {
    if (previous === undefined) return;
    localStorage.removeItem('query-cache'); // of a persister
    void caches.delete('api'); // of a service worker
  });
  // #endregion
}
