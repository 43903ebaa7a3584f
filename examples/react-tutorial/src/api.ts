// #region api
import { QueryClient } from '@tanstack/react-query';
import { accessToken, Client, type SessionUser } from 'fetch-valet';
import { authorizationCode } from 'fetch-valet/oauth';
import { indexedDb } from 'fetch-valet/stores';
import { bindQueryClient } from 'fetch-valet/tanstack-query';

export interface User extends SessionUser {
  readonly name: string;
}

export const login = authorizationCode({
  issuer: import.meta.env.VITE_ISSUER,
  clientId: 'dashboard',
  redirectUri: `${location.origin}/signed-in`,
  scopes: ['openid', 'profile', 'offline_access', 'orders:read', 'orders:refund'],
  audience: import.meta.env.VITE_AUDIENCE,
});

export const api = new Client(
  accessToken<User>(login, {
    store: indexedDb(),
    user: (_claims, { sub, name }) => ({ id: sub as string, name: String(name ?? sub) }),
  }),
  { baseUrl: import.meta.env.VITE_API, whenSessionEnds: 'hold', retry: 0 },
);

export const queryClient = new QueryClient();
bindQueryClient(api, queryClient);

declare module 'fetch-valet/react' {
  interface Register {
    client: typeof api;
  }
}
// #endregion
