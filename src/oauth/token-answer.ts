import * as oauth from 'oauth4webapi';
import { TokenError } from '../errors.ts';
import { bareError } from './bare-error.ts';
import type { Issuer, RequestOptions } from './issuer.ts';
import { errorIn, holdsToken } from './refusal.ts';
import { type AskedFor, refusedAnswer } from './refused-answer.ts';
import { minutes } from './server-clock.ts';

/** What is wrong with an answer that the session can read for itself: status, `Retry-After` and error body (rule T6). */
const READ_BY_SESSION: ReadonlySet<unknown> = new Set([
  oauth.RESPONSE_BODY_ERROR,
  oauth.RESPONSE_IS_NOT_JSON,
  oauth.RESPONSE_IS_NOT_CONFORM,
  oauth.PARSE_ERROR,
  oauth.WWW_AUTHENTICATE_CHALLENGE,
]);

/** One way to ask a token endpoint. */
export interface TokenRequest extends AskedFor {
  readonly signal?: AbortSignal | undefined;
  /** Sends it. It may be called again, and signs its assertions anew each time. */
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
export async function tokenAnswer(issuer: Issuer, request: TokenRequest): Promise<Response> {
  const { signal, send, check } = request;
  const { proof } = issuer;
  let response = await send(issuer.tokenRequest(signal));
  const { token_endpoint: endpoint = '' } = await issuer.metadata(signal);
  if (await proof?.wantsAgain(response, new URL(endpoint)))
    response = await send(issuer.tokenRequest(signal));
  if (await isRefusedForClock(issuer, response)) response = await send(issuer.tokenRequest(signal));
  // Some servers refuse with status 200.
  if (!(await holdsToken(response))) return refusedAnswer(issuer, response, request);
  await verify(issuer, response, check);
  if (proof && !(await isBound(response))) throw unbound();
  return response;
}

/** A client assertion that was signed by a wrong clock is signed anew by the server's (rule T2). */
async function isRefusedForClock({ signs, clock }: Issuer, response: Response): Promise<boolean> {
  if (!signs || response.ok || (await errorIn(response)) !== 'invalid_client') return false;
  return clock.learn(response);
}

async function verify(issuer: Issuer, response: Response, check: TokenRequest['check']): Promise<void> {
  try {
    await check(response.clone());
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (READ_BY_SESSION.has(code)) return;
    if (code === oauth.JWT_TIMESTAMP_CHECK && issuer.clock.learn(response))
      return verify(issuer, response, check);
    throw wrong(issuer, error as Error);
  }
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

function wrong({ redactor }: Issuer, error: Error): TokenError {
  const cause = bareError(error, redactor);
  return new TokenError('TOKEN_ENDPOINT_REJECTED', {
    message:
      `No access token: what the token endpoint sent does not fit: ${cause.message}. ` +
      (lateness(error) ?? 'Check issuer and clientId.'),
    cause,
  });
}

/** What to say of a time that does not fit. */
function lateness({ cause }: Error): string | undefined {
  const { claims, now, claim } = Object(cause) as { claims?: object; now?: unknown; claim?: unknown };
  const at: unknown = claim === 'exp' || claim === 'nbf' ? Object(claims)[claim] : undefined;
  if (typeof at !== 'number' || typeof now !== 'number') return undefined;
  const apart = minutes((now - at) * 1000);
  const what = claim === 'exp' ? `ended ${apart} ago` : `begins in ${apart}`;
  return `By the clock of this machine it ${what}. Set the clock; if it is right, the server sent an old token.`;
}
