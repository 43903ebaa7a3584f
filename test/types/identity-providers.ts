/**
 * Programs of people who sign their users in with an SDK, against the types which these SDKs publish. The forms of
 * the guide are compiled in examples/providers and examples/docs; here is what else people write. Nothing here runs.
 */
import type { Auth0Client } from '@auth0/auth0-spa-js';
import type { IPublicClientApplication } from '@azure/msal-browser';
import type { Auth, User } from '@firebase/auth';
import type { SupabaseClient } from '@supabase/supabase-js';
import type Keycloak from 'keycloak-js';
import { expectTypeOf } from 'vitest';
import { fromAuth0 } from '../../examples/providers/auth0.ts';
import { fromFirebase } from '../../examples/providers/firebase.ts';
import { fromKeycloak } from '../../examples/providers/keycloak.ts';
import { fromMsal } from '../../examples/providers/msal.ts';
import { fromSupabase } from '../../examples/providers/supabase.ts';
import { accessToken, Client } from '../../src/index.ts';

const options = { baseUrl: 'https://api.example.com/v1' };

export function withAuth0(auth0: Auth0Client): void {
  new Client(fromAuth0(auth0), options);
  // With its expiry, and all else that Auth0 answers
  new Client(
    async () => (await auth0.getTokenSilently({ detailedResponse: true, cacheMode: 'on' })) ?? null,
    options,
  );
}

export function withSupabase(supabase: SupabaseClient): void {
  new Client(fromSupabase(supabase), options);
  // The session is a token response
  new Client(async () => (await supabase.auth.getSession()).data.session, options);
}

export function withFirebase(auth: Auth, user: User): void {
  new Client(fromFirebase(auth), options);
  new Client(({ forceRefresh }) => user.getIdToken(forceRefresh), options);
}

export function withMsal(msal: IPublicClientApplication): void {
  const scopes = ['api://orders/read'];
  new Client(fromMsal(msal, scopes), options);
  // The result is a token response
  new Client(({ forceRefresh }) => msal.acquireTokenSilent({ scopes, forceRefresh }), options);
}

export function withKeycloak(keycloak: Keycloak): void {
  new Client(fromKeycloak(keycloak), options);
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
