/** SWR, for docs/guide/tanstack-query.md. */
import type { Client } from 'fetch-valet';
import { useClient } from 'fetch-valet/react';
import type { ReactNode } from 'react';
import useSWR, { unload } from 'swr';

export function bindSwr(api: Client): () => void {
  // #region swr
  const off = api.on('userchange', ({ previous }) => {
    if (previous !== undefined) unload();
  });
  // #endregion
  return off;
}

export function Me(): ReactNode {
  const api = useClient();
  const { data } = useSWR<{ name: string }>('me', (path: string) => api.get(path).json<{ name: string }>());
  return <p>{data?.name ?? 'no data'}</p>;
}
