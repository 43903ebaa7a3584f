/**
 * Stand-ins of well-known identity SDKs, for the one-liners of the guide. Their types are those that the SDKs
 * publish. The SDKs themselves are run in test/providers.
 */
import type { Auth0Client, GetTokenSilentlyOptions } from '@auth0/auth0-spa-js';
import type { AuthenticationResult, IPublicClientApplication } from '@azure/msal-browser';
import type { Clerk, SignedInSessionResource } from '@clerk/shared/types';
import type { Auth, User } from '@firebase/auth';
import type { SupabaseClient } from '@supabase/supabase-js';
import type Keycloak from 'keycloak-js';

/** `@auth0/auth0-spa-js` */
export const auth0: Pick<Auth0Client, 'getTokenSilently'> = {
  getTokenSilently: ((options?: GetTokenSilentlyOptions) => {
    const { audience, scope } = options?.authorizationParams ?? {};
    return Promise.resolve(['auth0-cache', options?.cacheMode, audience, scope].filter(Boolean).join('-'));
  }) as Auth0Client['getTokenSilently'],
};

const clerkSession: Pick<SignedInSessionResource, 'getToken'> = {
  getToken: (options = {}) => Promise.resolve(`clerk-skip-${options.skipCache}`),
};
/** `@clerk/clerk-js` */
export const clerk = { session: clerkSession } as Pick<Clerk, 'session'>;

const sessionOf = (access_token: string): object => ({ data: { session: { access_token } }, error: null });
/** `@supabase/supabase-js` */
export const supabase = {
  auth: {
    getSession: () => Promise.resolve(sessionOf('supabase-cached')),
    refreshSession: () => Promise.resolve(sessionOf('supabase-fresh')),
  },
} as unknown as SupabaseClient;

const firebaseUser: Pick<User, 'getIdToken'> = {
  getIdToken: (forceRefresh) => Promise.resolve(`firebase-force-${forceRefresh}`),
};
/** `firebase/auth` */
export const firebase = { currentUser: firebaseUser } as Pick<Auth, 'currentUser'>;

/** `@azure/msal-browser` */
export const msal: Pick<IPublicClientApplication, 'acquireTokenSilent'> = {
  acquireTokenSilent: ({ forceRefresh }) =>
    Promise.resolve({
      accessToken: `msal-force-${forceRefresh}`,
      expiresOn: new Date(Date.now() + 3_600_000),
    } as AuthenticationResult),
};

/** `keycloak-js` */
export const keycloak: Pick<Keycloak, 'authenticated' | 'token' | 'updateToken'> = {
  authenticated: true,
  async updateToken(minValidity) {
    keycloak.token = `keycloak-${minValidity}`;
    return true;
  },
};

/** Any other. */
export const auth = {
  getToken: (options: { fresh: boolean }): Promise<string> => Promise.resolve(`token-fresh-${options.fresh}`),
  onUserChange:
    (_listener: () => void): (() => void) =>
    () => {},
  signOut: (): Promise<void> => Promise.resolve(),
};
