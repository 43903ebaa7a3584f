import * as oauth from 'oauth4webapi';
import type { TokenContext, TokenResult } from '../contracts.ts';
import type { Issuer } from './issuer.ts';
import { tokenAnswer } from './token-answer.ts';

/** Seconds. */
const FOREVER = Number.MAX_SAFE_INTEGER;

/** A newer token for the refresh token of a session; the one in use, where there is none: that is good to its end. */
export function renew(issuer: Issuer, context: TokenContext): TokenResult | Promise<TokenResult> {
  const { refreshToken, currentToken = null } = context;
  return refreshToken === undefined ? currentToken : refresh(issuer, refreshToken, context);
}

/** Redeems a refresh token (RFC 6749 §6), for the scopes and the audience of one slot. */
export async function refresh(
  issuer: Issuer,
  refreshToken: string,
  { scopes, audience, signal }: Pick<TokenContext, 'scopes' | 'audience' | 'signal'>,
): Promise<Response> {
  const { client, authentication, redactor } = issuer;
  redactor.add('refresh token', refreshToken);
  const server = await issuer.metadata(signal);
  const additionalParameters = issuer.parameters(scopes, audience);
  return tokenAnswer(issuer, {
    signal,
    send: (request) =>
      oauth.refreshTokenGrantRequest(server, client, authentication, refreshToken, {
        ...request,
        additionalParameters,
      }),
    // The next refresh token must not be lost for the times of an ID token, which nobody relies on here.
    check: (response) =>
      oauth.processRefreshTokenResponse(server, { ...client, [oauth.clockTolerance]: FOREVER }, response),
  });
}
