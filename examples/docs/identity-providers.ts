/** Stand-ins in the shape of well-known identity SDKs, for the one-liners of the guide. */

/** `@auth0/auth0-spa-js` */
export const auth0 = {
  getTokenSilently: (options: Auth0Options = {}): Promise<string> => {
    const { audience, scope } = options.authorizationParams ?? {};
    return Promise.resolve(['auth0-cache', options.cacheMode, audience, scope].filter(Boolean).join('-'));
  },
};

interface Auth0Options {
  cacheMode?: 'on' | 'off' | 'cache-only';
  authorizationParams?: { audience?: string; scope?: string };
}

/** `@clerk/clerk-js` */
export const clerk: {
  readonly session:
    | { getToken(options?: { skipCache?: boolean }): Promise<string | null> }
    | null
    | undefined;
} = {
  session: { getToken: (options = {}) => Promise.resolve(`clerk-skip-${options.skipCache}`) },
};

interface SupabaseAnswer {
  readonly data: { readonly session: { readonly access_token: string } | null };
  readonly error: Error | null;
}

/** `@supabase/supabase-js` */
export const supabase = {
  auth: {
    getSession: (): Promise<SupabaseAnswer> =>
      Promise.resolve({ data: { session: { access_token: 'supabase-cached' } }, error: null }),
    refreshSession: (): Promise<SupabaseAnswer> =>
      Promise.resolve({ data: { session: { access_token: 'supabase-fresh' } }, error: null }),
    onAuthStateChange(_changed: (event: string) => void): {
      data: { subscription: { unsubscribe(): void } };
    } {
      return { data: { subscription: { unsubscribe: () => {} } } };
    },
    signOut: (): Promise<unknown> => Promise.resolve(),
  },
};

/** `firebase/auth` */
export const firebase: {
  readonly currentUser: { getIdToken(forceRefresh?: boolean): Promise<string> } | null;
} = {
  currentUser: { getIdToken: (forceRefresh) => Promise.resolve(`firebase-force-${forceRefresh}`) },
};

/** `@azure/msal-browser` */
export const msal = {
  acquireTokenSilent: (request: { scopes: string[]; forceRefresh?: boolean }) =>
    Promise.resolve({
      accessToken: `msal-force-${request.forceRefresh}`,
      expiresOn: new Date(Date.now() + 3_600_000) as Date | null,
    }),
};

/** Any other. */
export const auth = {
  getToken: (options: { fresh: boolean }): Promise<string> => Promise.resolve(`token-fresh-${options.fresh}`),
};
