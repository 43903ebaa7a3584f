import { TokenError } from '../errors.ts';
import type { Redactor } from '../redact.ts';
import { bareError } from './bare-error.ts';
import { type Refusal, refusalIn } from './refusal.ts';

/** Why a login came to nothing. */
export interface Denial extends Partial<Refusal> {
  readonly status?: number | undefined;
  /** What was thrown. */
  readonly cause?: unknown;
}

const CLIENT = 'Check clientId and clientAuthentication, and that this client may use this grant.';
const BEGIN = 'Call signIn() to begin anew.';
const ASK = "The server has to ask the user: call signIn(), without prompt: 'none'.";

/** What to do, by the error code (RFC 6749 §4.1.2.1 and §5.2, RFC 8707 §2, OpenID Connect Core §3.1.2.6). */
const ADVICE: Readonly<Record<string, string>> = {
  access_denied: BEGIN,
  invalid_request: 'Check redirectUri and the parameters of signIn().',
  invalid_client: CLIENT,
  unauthorized_client: CLIENT,
  unsupported_response_type: CLIENT,
  unsupported_grant_type: CLIENT,
  invalid_scope: 'Check scopes.',
  invalid_target: 'Check audience and furtherAudiences.',
  invalid_grant: `The code was used, is too old, or was for another redirectUri. ${BEGIN}`,
  login_required: ASK,
  interaction_required: ASK,
  consent_required: ASK,
  account_selection_required: ASK,
};
const TEMPORARY: ReadonlySet<unknown> = new Set(['server_error', 'temporarily_unavailable']);

/** The user or the server said no, or the server had a bad moment. */
export function denied({ oauthError, description, status, cause }: Denial, redactor: Redactor): TokenError {
  if (oauthError === 'expired_token') return expired();
  const copy = cause === undefined ? undefined : bareError(cause, redactor);
  const said = oauthError ?? copy?.message ?? `status ${status ?? 'unknown'}`;
  const quoted = [said, description]
    .filter((text) => text !== undefined)
    .map((text) => JSON.stringify(redactor.text(text).slice(0, 160)));
  const isUser = oauthError === 'access_denied';
  const why = `${isUser ? 'the user said no, or a rule of the server did' : 'the authorization server said'} `;
  const isPage = oauthError === undefined && status === 200;
  const isTemporary = TEMPORARY.has(oauthError) || isBadMoment(status) || isPage;
  const advice = isTemporary ? 'Call signIn() again in a moment.' : adviceFor(oauthError);
  return new TokenError(isTemporary ? 'TOKEN_ENDPOINT_UNAVAILABLE' : 'TOKEN_ENDPOINT_REJECTED', {
    message: `Not signed in: ${why}${isUser ? `(${quoted.join(', ')})` : quoted.join(', ')}. ${advice}`,
    oauthError,
    status,
    cause: copy,
    retryable: isTemporary,
  });
}

function adviceFor(oauthError: string | undefined): string {
  const known =
    oauthError !== undefined && Object.hasOwn(ADVICE, oauthError) ? ADVICE[oauthError] : undefined;
  return known ?? `${BEGIN} If it stays, check issuer, clientId and scopes.`;
}

/** What an endpoint answered instead of tokens or of a code. */
export async function refusedBy(answer: Response, redactor: Redactor): Promise<TokenError> {
  // Masked before it is cut: a part of a secret would not be found.
  const masked = new Response(redactor.text(await answer.clone().text()));
  return denied({ ...(await refusalIn(masked)), status: answer.status }, redactor);
}

/** Of a server, not of who asks. */
export function isBadMoment(status: number | undefined): boolean {
  return status !== undefined && (status >= 500 || status === 429 || status === 408);
}

/** The code of a device was not used in time. */
export function expired(): TokenError {
  return new TokenError('TOKEN_ENDPOINT_REJECTED', {
    message: 'Not signed in: the code has expired before anybody used it. Call signIn() for a new one.',
    oauthError: 'expired_token',
  });
}

/** Nobody came back from the authorization server. */
export function abandoned(): TokenError {
  return new TokenError('TOKEN_ENDPOINT_REJECTED', {
    message:
      'Not signed in: nobody came back from the browser within 10 minutes. Call signIn() to begin anew.',
  });
}

/** The answer of a login that nobody here knows: it is never exchanged for tokens. */
export function answeredElsewhere(): TokenError {
  return new TokenError('TOKEN_ENDPOINT_REJECTED', {
    message:
      'Not signed in: this page was opened with the answer of a login that did not begin in this tab, is done ' +
      'already, or took longer than 10 minutes. Call signIn() to begin anew.',
  });
}
