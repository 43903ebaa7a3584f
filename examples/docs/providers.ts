/** The one-liners of docs/guide/providers.md. */
import { isAuthSessionMissingError } from '@supabase/supabase-js';
import { Client } from 'fetch-valet';
import { auth0, clerk, firebase, keycloak, msal, supabase } from './identity-providers.ts';

const options = { baseUrl: 'https://api.shop.example' };

// #region auth0
const withAuth0 = new Client(
  async ({ forceRefresh }) =>
    (await auth0.getTokenSilently({ cacheMode: forceRefresh ? 'off' : 'on' })) ?? null,
  options,
);
// #endregion

// #region clerk
const withClerk = new Client(
  ({ forceRefresh }) => clerk.session?.getToken({ skipCache: forceRefresh }) ?? null,
  options,
);
// #endregion

// #region supabase
const withSupabase = new Client(async ({ forceRefresh }) => {
  const { auth } = supabase;
  const { data, error } = await (forceRefresh ? auth.refreshSession() : auth.getSession());
  if (error && !isAuthSessionMissingError(error)) throw error;
  return data.session?.access_token ?? null;
}, options);
// #endregion

// #region firebase
const withFirebase = new Client(
  ({ forceRefresh }) => firebase.currentUser?.getIdToken(forceRefresh) ?? null,
  options,
);
// #endregion

const scopes = ['api://shop/.default'];

// #region msal
const withMsal = new Client(async ({ forceRefresh }) => {
  const { accessToken, expiresOn } = await msal.acquireTokenSilent({ scopes, forceRefresh });
  return { accessToken, expiresAt: expiresOn };
}, options);
// #endregion

// #region keycloak
const withKeycloak = new Client(async ({ forceRefresh }) => {
  if (!keycloak.authenticated) return null;
  await keycloak.updateToken(forceRefresh ? -1 : 60);
  return keycloak.token ?? null;
}, options);
// #endregion

// #region audiences
const withAudiences = new Client(async ({ forceRefresh, audience, scopes }) => {
  const token = await auth0.getTokenSilently({
    cacheMode: forceRefresh ? 'off' : 'on',
    authorizationParams: { ...(audience !== undefined && { audience }), scope: scopes.join(' ') },
  });
  return token ?? null;
}, options);
// #endregion

const clients = [withAuth0, withClerk, withSupabase, withFirebase, withMsal, withKeycloak];
for (const client of clients) await client.get('orders');
await withAudiences.get('mail', { auth: { audience: 'mail', scopes: ['read'] } });
