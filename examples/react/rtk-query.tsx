/** RTK Query, for docs/guide/tanstack-query.md. */
import { configureStore } from '@reduxjs/toolkit';
import { createApi, fetchBaseQuery } from '@reduxjs/toolkit/query/react';
import type { Client } from 'fetch-valet';
import type { ReactNode } from 'react';
import { Provider } from 'react-redux';

export interface Shop {
  readonly Me: () => ReactNode;
  readonly StoreProvider: (props: { readonly children: ReactNode }) => ReactNode;
  readonly off: () => void;
}

export function createShop(api: Client, baseUrl: string): Shop {
  // #region rtk-query
  const shopApi = createApi({
    baseQuery: fetchBaseQuery({ baseUrl, fetchFn: api.fetch }),
    endpoints: (build) => ({ me: build.query<{ name: string }, void>({ query: () => 'me' }) }),
  });
  const store = configureStore({
    reducer: { [shopApi.reducerPath]: shopApi.reducer },
    middleware: (defaults) => defaults().concat(shopApi.middleware),
  });
  const off = api.on('userchange', () => store.dispatch(shopApi.util.resetApiState()));
  // #endregion
  function Me(): ReactNode {
    const { data } = shopApi.useMeQuery();
    return <p>{data?.name ?? 'no data'}</p>;
  }
  return { Me, StoreProvider: ({ children }) => <Provider store={store}>{children}</Provider>, off };
}
