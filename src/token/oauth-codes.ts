/**
 * Error codes of OAuth 2.0 (RFC 6749 §5.2), of OpenID Connect and of SDKs, and where they stand.
 *
 * @module
 */
const INTERACTIVE: readonly unknown[] = [
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
  // auth0-spa-js, which keeps a refresh token for each audience and set of scopes
  'mfa_required',
  'missing_refresh_token',
  // msal-browser
  'ui_not_allowed',
  'interrupted_user',
];
/** What Microsoft Entra ID means with an `invalid_grant` that is not about the refresh token. */
const ASKING: readonly unknown[] = ['basic_action', 'additional_action', 'message_only'];
const FINAL: readonly unknown[] = [
  'invalid_grant',
  // msal-browser
  'no_account_error',
  'no_tokens_found',
  'refresh_token_expired',
  'native_account_unavailable',
  'bad_token',
  // supabase-js
  'refresh_token_not_found',
  'refresh_token_already_used',
  'session_not_found',
  'session_expired',
  'user_not_found',
  'user_banned',
  // firebase/auth
  'auth/user-token-expired',
  'auth/invalid-refresh-token',
  'auth/user-not-found',
  'auth/user-disabled',
];
export const MISCONFIGURED: readonly unknown[] = [
  'invalid_client',
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'unauthorized_client',
  'unsupported_grant_type',
];
/** Says itself that it is over soon, whatever status a server gives it. */
export const PASSING: readonly unknown[] = ['server_error', 'temporarily_unavailable'];

/** Whether a code says that the session is over: as `invalid_grant` does, or for want of the user. */
export function isFinal(code: unknown): boolean {
  return FINAL.includes(code) || INTERACTIVE.includes(code);
}

/** Whether a refusal wants to see the user rather than being about the refresh token. */
export function asksForUser(code: string, suberror: unknown): boolean {
  return INTERACTIVE.includes(code) || INTERACTIVE.includes(suberror) || ASKING.includes(suberror);
}

/** Where SDKs put the machine-readable part of an error. */
export function codesOf(thrown: unknown): unknown[] {
  const members = Object(thrown) as Record<string, unknown>;
  // What stands on every object was not said by this one: a polluted prototype ends no session (rule S8).
  const said = (key: string): boolean => Object.hasOwn(members, key) || !(key in Object.prototype);
  const codes = ['error', 'errorCode', 'code'].map((key) => (said(key) ? members[key] : undefined));
  // What the endpoint answered, where ofetch and ky put it, and axios.
  const bodies = [ownMember(thrown, 'data'), ownMember(ownMember(thrown, 'response'), 'data')];
  return [...codes, ...bodies.map((body) => ownMember(body, 'error'))];
}

function ownMember(value: unknown, name: string): unknown {
  return Object.hasOwn(Object(value), name) ? (value as Record<string, unknown>)[name] : undefined;
}

/** The second word of an SDK's error. */
export function suberrorOf(thrown: unknown): unknown {
  return ownMember(thrown, 'subError');
}
