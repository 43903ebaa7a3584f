import * as oauth from 'oauth4webapi';
import { TokenError } from '../errors.ts';

/** What is wrong with an answer that the session can read for itself: status, `Retry-After` and error body (rule T6). */
const READ_BY_SESSION: ReadonlySet<unknown> = new Set([
  oauth.RESPONSE_BODY_ERROR,
  oauth.RESPONSE_IS_NOT_JSON,
  oauth.RESPONSE_IS_NOT_CONFORM,
  oauth.PARSE_ERROR,
  oauth.WWW_AUTHENTICATE_CHALLENGE,
]);

/**
 * The answer of a token endpoint as it is, once `check` has found nothing wrong with the tokens in it: issuer,
 * audience, nonce and times of an ID token (OpenID Connect Core §3.1.3.7).
 *
 * Rejects with `TokenError` `TOKEN_ENDPOINT_REJECTED` where they are wrong.
 */
export async function tokenAnswer(
  sent: Promise<Response>,
  check: (response: Response) => Promise<unknown>,
): Promise<Response> {
  const response = await sent;
  if (!response.ok) return response;
  try {
    await check(response.clone());
  } catch (error) {
    if (!READ_BY_SESSION.has((error as { code?: unknown }).code)) throw wrong(error as Error);
  }
  return response;
}

function wrong(cause: Error): TokenError {
  return new TokenError('TOKEN_ENDPOINT_REJECTED', {
    message: `No access token: what the token endpoint sent does not fit: ${cause.message}. Check issuer and clientId, and the clock.`,
    cause,
  });
}
