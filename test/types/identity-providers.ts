/**
 * Programs of people who sign their users in with an SDK. The interfaces are cut out of the types which these
 * SDKs publish: what the programs call, with all overloads, optional parts and nulls. Nothing here runs.
 */
import { expectTypeOf } from 'vitest';
import { accessToken, Client, SessionError } from '../../src/index.ts';

const options = { baseUrl: 'https://api.example.com/v1' };

// Auth0 (@auth0/auth0-spa-js 2)
interface Auth0TokenOptions {
  cacheMode?: 'on' | 'off' | 'cache-only';
  authorizationParams?: { audience?: string; scope?: string; redirect_uri?: string };
  timeoutInSeconds?: number;
  detailedResponse?: boolean;
}
interface Auth0VerboseResponse {
  id_token: string;
  token_type: string;
  access_token: string;
  expires_in: number;
  scope?: string;
}
declare const auth0: {
  getTokenSilently(options: Auth0TokenOptions & { detailedResponse: true }): Promise<Auth0VerboseResponse>;
  getTokenSilently(options?: Auth0TokenOptions): Promise<string>;
  logout(options?: { logoutParams?: { returnTo?: string } }): Promise<void>;
};

export function withAuth0(): void {
  new Client(
    ({ forceRefresh }) => auth0.getTokenSilently({ cacheMode: forceRefresh ? 'off' : 'on' }),
    options,
  );
  new Client(
    ({ forceRefresh }) =>
      auth0.getTokenSilently({ cacheMode: forceRefresh ? 'off' : 'on', detailedResponse: true }),
    options,
  );
  new Client(
    {
      getToken: ({ forceRefresh }) => auth0.getTokenSilently({ cacheMode: forceRefresh ? 'off' : 'on' }),
      signOut: () => auth0.logout(),
    },
    options,
  );
}

// Clerk (@clerk/clerk-js 6)
interface ClerkResources {
  readonly session?: ClerkSession | null;
  readonly user?: { readonly id: string } | null;
}
interface ClerkSession {
  getToken(options?: {
    template?: string;
    organizationId?: string;
    leewayInSeconds?: number;
    skipCache?: boolean;
  }): Promise<string | null>;
}
declare const clerk: {
  readonly session: ClerkSession | null | undefined;
  addListener(callback: (resources: ClerkResources) => void): () => void;
  signOut(options?: { sessionId?: string; redirectUrl?: string }): Promise<void>;
};

export function withClerk(): void {
  new Client(({ forceRefresh }) => clerk.session?.getToken({ skipCache: forceRefresh }) ?? null, options);
  new Client(
    {
      getToken: ({ forceRefresh }) => clerk.session?.getToken({ skipCache: forceRefresh }) ?? null,
      subscribe: (changed) => clerk.addListener(changed),
      signOut: () => clerk.signOut(),
    },
    options,
  );
}

// Supabase (@supabase/supabase-js 2)
interface SupabaseSession {
  provider_token?: string | null;
  access_token: string;
  refresh_token: string;
  expires_in: number;
  expires_at?: number;
  token_type: 'bearer';
  user: { id: string; email?: string };
}
type SupabaseAnswer =
  | { data: { session: SupabaseSession }; error: null }
  | { data: { session: null }; error: Error & { status: number | undefined } }
  | { data: { session: null }; error: null };
declare const supabase: {
  readonly auth: {
    getSession(): Promise<SupabaseAnswer>;
    refreshSession(current?: { refresh_token: string }): Promise<SupabaseAnswer>;
    onAuthStateChange(
      callback: (
        event: 'SIGNED_IN' | 'SIGNED_OUT' | 'TOKEN_REFRESHED',
        session: SupabaseSession | null,
      ) => void,
    ): { data: { subscription: { id: string; unsubscribe: () => void } } };
    signOut(options?: { scope?: 'global' | 'local' | 'others' }): Promise<{ error: Error | null }>;
  };
};

export function withSupabase(): void {
  new Client(async ({ forceRefresh }) => {
    const { auth } = supabase;
    const { data } = forceRefresh ? await auth.refreshSession() : await auth.getSession();
    return data.session?.access_token ?? null;
  }, options);
  new Client(
    {
      async getToken({ forceRefresh }) {
        const { auth } = supabase;
        const { data, error } = forceRefresh ? await auth.refreshSession() : await auth.getSession();
        if (error) throw error;
        return data.session;
      },
      subscribe(changed) {
        const { subscription } = supabase.auth.onAuthStateChange((event) => {
          if (event !== 'TOKEN_REFRESHED') changed();
        }).data;
        return () => subscription.unsubscribe();
      },
      async signOut() {
        const { error } = await supabase.auth.signOut({ scope: 'local' });
        if (error) throw error;
      },
    },
    options,
  );
}

// Firebase (firebase 12)
interface FirebaseUser {
  readonly uid: string;
  getIdToken(forceRefresh?: boolean): Promise<string>;
}
interface FirebaseAuth {
  readonly currentUser: FirebaseUser | null;
  authStateReady(): Promise<void>;
}
declare const firebaseAuth: FirebaseAuth;
declare function onAuthStateChanged(
  auth: FirebaseAuth,
  next: (user: FirebaseUser | null) => void,
  error?: (error: Error) => void,
): () => void;
declare function signOutOfFirebase(auth: FirebaseAuth): Promise<void>;

export function withFirebase(user: FirebaseUser): void {
  new Client(({ forceRefresh }) => user.getIdToken(forceRefresh), options);
  new Client(
    {
      async getToken({ forceRefresh }) {
        await firebaseAuth.authStateReady();
        return firebaseAuth.currentUser?.getIdToken(forceRefresh) ?? null;
      },
      subscribe: (changed) => onAuthStateChanged(firebaseAuth, changed),
      signOut: () => signOutOfFirebase(firebaseAuth),
    },
    options,
  );
}

// MSAL (@azure/msal-browser 4)
interface MsalResult {
  uniqueId: string;
  tenantId: string;
  scopes: string[];
  idToken: string;
  idTokenClaims: object;
  accessToken: string;
  fromCache: boolean;
  expiresOn: Date | null;
  tokenType: string;
}
interface MsalAccount {
  homeAccountId: string;
  username: string;
}
declare const msal: {
  acquireTokenSilent(request: {
    scopes: string[];
    account?: MsalAccount;
    forceRefresh?: boolean;
    claims?: string;
  }): Promise<MsalResult>;
  getActiveAccount(): MsalAccount | null;
  logoutRedirect(request?: { account?: MsalAccount | null }): Promise<void>;
};
declare class InteractionRequiredAuthError extends Error {
  readonly errorCode: string;
}

export function withMsal(): void {
  const scopes = ['api://orders/read'];
  new Client(
    ({ forceRefresh }) =>
      msal
        .acquireTokenSilent({ scopes, forceRefresh })
        .then(({ accessToken: token, expiresOn }) => ({ token, expiresAt: expiresOn })),
    options,
  );
  new Client(({ forceRefresh }) => msal.acquireTokenSilent({ scopes, forceRefresh }), options);
  new Client(async ({ forceRefresh }) => {
    const account = msal.getActiveAccount();
    if (account === null) return null;
    try {
      return await msal.acquireTokenSilent({ scopes, account, forceRefresh });
    } catch (error) {
      if (error instanceof InteractionRequiredAuthError)
        throw new SessionError('SESSION_ENDED', { cause: error });
      throw error;
    }
  }, options);
}

// A backend of one's own, with a login form that brings the first tokens and a user of one's own
interface Staff {
  readonly id: string;
  readonly email: string;
}

export async function withOnesOwnBackend(login: {
  access_token: string;
  refresh_token: string;
}): Promise<void> {
  const api = new Client(
    accessToken(
      ({ refreshToken, signal }) =>
        refreshToken
          ? fetch('/auth/refresh', { method: 'POST', body: JSON.stringify({ refreshToken }), signal })
          : null,
      { user: ({ sub, email }): Staff => ({ id: String(sub), email: String(email) }), initial: login },
    ),
    { baseUrl: '/api' },
  );
  await api.session.signIn(
    await api.post('login', { json: {}, auth: false }).json<{ accessToken: string }>(),
  );
  const snapshot = await api.session.ready;
  if (snapshot.status === 'signed-in') expectTypeOf(snapshot.user.email).toEqualTypeOf<string>();
}

// Azure's TokenCredential has a getToken that wants something else: it must not pass for a source
interface AzureTokenCredential {
  getToken(
    scopes: string | string[],
    options?: { abortSignal?: AbortSignal },
  ): Promise<{ token: string; expiresOnTimestamp: number } | null>;
}

export function withAzureIdentity(credential: AzureTokenCredential): void {
  new Client(async ({ signal }) => {
    const answer = await credential.getToken('api://orders/.default', { abortSignal: signal });
    return answer && { token: answer.token, expiresAt: answer.expiresOnTimestamp };
  }, options);
  // @ts-expect-error it would be called with a context for scopes
  new Client(credential, options);
}
