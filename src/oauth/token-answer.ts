import * as oauth from 'oauth4webapi';
import { TokenError } from '../errors.ts';
import { bareError } from './bare-error.ts';
import type { Issuer, RequestOptions } from './issuer.ts';
import { errorIn, holdsToken } from './refusal.ts';
import { type AskedFor, refusedAnswer } from './refused-answer.ts';
import { minutes } from './server-clock.ts';

/** How tokens are answered (RFC 6749 §5.1). */
const TOKENS = { status: 200, headers: { 'content-type': 'application/json' } };

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
  return signs && (await errorIn(response)) === 'invalid_client' && clock.learn(response);
}

async function verify(issuer: Issuer, response: Response, check: TokenRequest['check']): Promise<void> {
  // There is a token in it: whatever its status and its type of content say, it is checked as one.
  const tokens = new Response(await response.clone().text(), TOKENS);
  try {
    await check(tokens);
  } catch (error) {
    const { code } = error as { code?: unknown };
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
