/** Two clients in one tree, for docs/guide/react.md. */
import { Client } from 'fetch-valet';
import { createClientContext, useUser } from 'fetch-valet/react';
import type { ReactNode } from 'react';
import { baseUrl } from './stand-in.ts';

// #region second-client
export const weatherApi = new Client('weather-key-1', { baseUrl });
export const weather = createClientContext<typeof weatherApi>();

export function Weather({ children }: { readonly children: ReactNode }): ReactNode {
  return <weather.ClientProvider client={weatherApi}>{children}</weather.ClientProvider>;
}
// #endregion

export function Both(): ReactNode {
  const api = weather.useClient();
  return `${useUser().id} ${api === weatherApi}`;
}
