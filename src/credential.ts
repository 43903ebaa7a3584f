import type { AuthStrategy, SessionUser, TokenProvider, TokenSource } from './contracts.ts';
import { accessToken, isStrategy } from './create-fetch.ts';
import { invalidOption } from './options.ts';
import { plainKey } from './strategies/api-key.ts';

/** What a client authenticates with: a key, a token provider, a token source or a strategy. */
export type Credential<User extends SessionUser = SessionUser> =
  | string
  | undefined
  | TokenProvider
  | TokenSource
  | AuthStrategy<unknown, User>;

/** The strategy that a credential means. */
export function strategyFor(credential: Credential): AuthStrategy {
  // null is what localStorage.getItem() gives for a key that is not there.
  if (credential === undefined || credential === null || typeof credential === 'string')
    return plainKey(credential, 'new Client()');
  if (typeof credential === 'function' || 'getToken' in Object(credential))
    return accessToken(credential as TokenProvider | TokenSource);
  if (isStrategy(credential)) return credential;
  throw invalidOption(
    'new Client() takes a key, a function that returns a token, an object with getToken(), or a strategy.',
  );
}
