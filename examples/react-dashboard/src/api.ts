import { QueryClient } from '@tanstack/react-query';
import { accessToken, Client, type SessionUser } from 'fetch-valet';
import { authorizationCode } from 'fetch-valet/oauth';
import { indexedDb } from 'fetch-valet/stores';
import { bindQueryClient } from 'fetch-valet/tanstack-query';
import { network } from './network.ts';

export interface User extends SessionUser {
  readonly name: string;
  readonly role: string;
}

const { VITE_ISSUER, VITE_API, VITE_AUDIENCE } = import.meta.env;

export const login = authorizationCode({
  issuer: VITE_ISSUER,
  clientId: 'dashboard',
  redirectUri: `${location.origin}/signed-in`,
  scopes: ['openid', 'profile', 'offline_access', 'orders:read', 'orders:write', 'orders:refund'],
  audience: VITE_AUDIENCE,
  fetch: network.fetch,
});

/** All tabs share one session. Who was in the middle of something may finish it after signing in again. */
export const api = new Client(
  accessToken<User>(login, {
    store: indexedDb(),
    user: (_claims, { sub, name, role }) => ({
      id: sub as string,
      name: String(name ?? sub),
      role: String(role),
    }),
  }),
  { baseUrl: VITE_API, whenSessionEnds: 'hold', runtime: { fetch: network.fetch } },
);

/** The page's own server, which holds the key of the public data: it is asked without a credential. */
export const publicData = api.extend({ baseUrl: location.origin, auth: false });

export const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: 4_000, retry: 1 } } });
bindQueryClient(api, queryClient);

declare module 'fetch-valet/react' {
  interface Register {
    client: typeof api;
  }
}

/** The login page, always: somebody else may want to sign in, and there are refresh tokens only with consent. */
export function signIn(hint?: string, returnTo = '/'): Promise<void> {
  const parameters = { prompt: 'login consent', ...(hint !== undefined && { login_hint: hint }) };
  return login.signIn({ returnTo, parameters });
}
