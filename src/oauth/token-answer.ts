import * as oauth from 'oauth4webapi';
import { TokenError } from '../errors.ts';
import type { Issuer, RequestOptions } from './issuer.ts';

/** What is wrong with an answer that the session can read for itself: status, `Retry-After` and error body (rule T6). */
const READ_BY_SESSION: ReadonlySet<unknown> = new Set([
  oauth.RESPONSE_BODY_ERROR,
  oauth.RESPONSE_IS_NOT_JSON,
  oauth.RESPONSE_IS_NOT_CONFORM,
  oauth.PARSE_ERROR,
  oauth.WWW_AUTHENTICATE_CHALLENGE,
]);

/** One way to ask a token endpoint. */
export interface TokenRequest {
  readonly signal?: AbortSignal | undefined;
  /** Sends it. It may be called twice, and signs its assertions anew each time. */
  readonly send: (request: RequestOptions) => Promise<Response>;
  /** Finds what is wrong with the tokens of an answer: issuer, audience, nonce and times of an ID token. */
  readonly check: (response: Response) => Promise<unknown>;
}

/**
 * The answer of a token endpoint as it is, once nothing was found wrong with the tokens in it (OpenID Connect Core
 * §3.1.3.7).
 *
 * Rejects with `TokenError` `TOKEN_ENDPOINT_REJECTED` where they are wrong.
 */
export async function tokenAnswer(issuer: Issuer, { signal, send, check }: TokenRequest): Promise<Response> {
  const { proof } = issuer;
  let response = await send(issuer.tokenRequest(signal));
  if ((await proof?.wantsAgain(response)) === true) response = await send(issuer.tokenRequest(signal));
  if (!response.ok) return response;
  try {
    await check(response.clone());
  } catch (error) {
    if (!READ_BY_SESSION.has((error as { code?: unknown }).code)) throw wrong(error as Error);
  }
  if (proof && !(await isBound(response))) throw unbound();
  return response;
}

/** A server that does not know of keys ignores them. */
async function isBound(response: Response): Promise<boolean> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  const { token_type: type } = Object(body) as { token_type?: unknown };
  return typeof type === 'string' && type.toLowerCase() === 'dpop';
}

function unbound(): TokenError {
  return new TokenError('TOKEN_ENDPOINT_REJECTED', {
    message:
      'No access token: the authorization server does not bind tokens to a key, so whoever stole one could use it. ' +
      'Have it turned on for this client, or leave out dpop.',
  });
}

function wrong(cause: Error): TokenError {
  return new TokenError('TOKEN_ENDPOINT_REJECTED', {
    message: `No access token: what the token endpoint sent does not fit: ${cause.message}. Check issuer and clientId, and the clock.`,
    cause,
  });
}
