import type { TokenSource } from '../contracts.ts';
import { Issuer } from './issuer.ts';
import { checkGrant, ISSUER_OPTIONS, type IssuerOptions } from './issuer-options.ts';
import { renew } from './refresh.ts';
import { revoke } from './revoke.ts';

/** Options of {@link refreshToken}. */
export type RefreshTokenOptions = IssuerOptions;

/**
 * Tokens for a refresh token that is at hand, in `initial` or in the store, or comes with `session.signIn()`
 * (RFC 6749 §6).
 *
 * @throws `ConfigError` `INVALID_OPTION`, `INSECURE_URL`
 */
export function refreshToken(options: RefreshTokenOptions): TokenSource {
  const issuer = new Issuer(checkGrant('refreshToken()', options, ISSUER_OPTIONS));
  return {
    getToken: (context) => renew(issuer, context),
    signOut: (ended) => revoke(issuer, ended),
    revoke: (late) => revoke(issuer, late),
    ...issuer.common,
  };
}
