/** What the end of a session at the server is asked for with. */
export interface EndSessionRequest {
  readonly clientId: string;
  readonly idToken: string | undefined;
  readonly postLogoutRedirectUri: string;
  readonly state: string;
}

/** Where a user signs out at the server (OpenID Connect RP-Initiated Logout 1.0 §2). */
export function endSessionUrl(
  endpoint: string,
  { clientId, idToken, postLogoutRedirectUri, state }: EndSessionRequest,
): string {
  const url = new URL(endpoint);
  // With it the server need not ask whom this is about.
  if (idToken !== undefined) url.searchParams.set('id_token_hint', idToken);
  url.searchParams.set('client_id', clientId);
  url.searchParams.set('post_logout_redirect_uri', postLogoutRedirectUri);
  url.searchParams.set('state', state);
  return url.href;
}
