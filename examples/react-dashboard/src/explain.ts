import { HttpError, TokenError, ValetError } from 'fetch-valet';

const SENTENCES: Readonly<Record<string, string>> = {
  NETWORK: 'The server cannot be reached.',
  OFFLINE: 'You are offline.',
  TIMEOUT: 'The server took too long.',
  TOKEN_ENDPOINT_UNAVAILABLE: 'Signing in is having a bad moment. You are still signed in.',
  TOKEN_TIMEOUT: 'Signing in is having a bad moment. You are still signed in.',
  SESSION_CHANGED: 'Somebody else has signed in meanwhile. Nothing was sent.',
  SESSION_ENDED: 'Your session has ended.',
  SIGNED_OUT: 'You are signed out.',
};

/** What to tell the user. Codes are stable, messages are for developers. */
export function explain(error: unknown): string {
  if (error instanceof TokenError && error.oauthError === 'access_denied') return 'You did not sign in.';
  if (error instanceof HttpError && error.status === 403) return 'You are not allowed to do this.';
  if (!ValetError.is(error)) return 'Something went wrong.';
  return SENTENCES[error.code] ?? 'The server did not accept this.';
}
