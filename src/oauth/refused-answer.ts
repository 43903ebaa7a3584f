import { TokenError } from '../errors.ts';
import type { Issuer } from './issuer.ts';
import { refusalIn } from './refusal.ts';

/** What a token was asked for with, as far as it tells why it was refused. */
export interface AskedFor {
  /** An assertion of the program's own, with times in it (RFC 7523 §2.1). */
  readonly isAsserted?: boolean | undefined;
  /** For the program itself: there is no user who could sign in again. */
  readonly isMachine?: boolean | undefined;
}

/**
 * What a token endpoint said instead of handing out tokens, as the session reads it (rule T6), without the secrets
 * that it was sent (rule S4).
 *
 * Rejects with `TokenError` `TOKEN_ENDPOINT_REJECTED` where the session would take it for the end of a user's session
 * and there is none.
 */
export async function refusedAnswer(
  { redactor, clock }: Issuer,
  answer: Response,
  { isAsserted, isMachine }: AskedFor,
): Promise<Response> {
  const { status, statusText, headers } = answer;
  const text = redactor.text(await answer.text());
  const response = new Response(text === '' ? null : text, { status, statusText, headers });
  const { oauthError, description } = await refusalIn(response);
  const isOver = oauthError === 'invalid_grant' || (status === 401 && oauthError === undefined);
  if (!isOver || isMachine !== true) return response;
  if (isAsserted === true) clock.learn(response);
  const difference = isAsserted === true ? clock.difference : undefined;
  const what =
    isAsserted === true ? 'the assertion: its issuer, audience, key and times' : 'clientId and its secret';
  const said = [oauthError, description && JSON.stringify(description)].filter(Boolean).join(', ');
  throw new TokenError('TOKEN_ENDPOINT_REJECTED', {
    message:
      `No access token: the token endpoint answered ${status}${said === '' ? '' : ` (${said})`}. Check ` +
      (difference === undefined ? `${what}.` : `the clock of this machine: it is ${difference}.`),
    oauthError,
    status,
    // Somebody sets the clock, and it is right.
    retryable: difference !== undefined,
  });
}
