import { TokenError } from '../errors.ts';

/** Why a login came to nothing. */
export interface Denial {
  readonly oauthError?: string | undefined;
  readonly status?: number | undefined;
  readonly cause?: Error | undefined;
}

/** The user or the server said no. */
export function denied({ oauthError, status, cause }: Denial): TokenError {
  if (oauthError === 'expired_token') return expired();
  const said = oauthError ?? cause?.message ?? `status ${status ?? 'unknown'}`;
  const why =
    oauthError === 'access_denied'
      ? 'the user said no'
      : `the authorization server said ${JSON.stringify(said.slice(0, 160))}`;
  return new TokenError('TOKEN_ENDPOINT_REJECTED', {
    message: `Not signed in: ${why}. Call signIn() to begin anew; check issuer, clientId and scopes if it was not the user.`,
    oauthError,
    status,
    cause,
  });
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

/** What the token endpoint answered instead of tokens. */
export async function refusedBy(answer: Response): Promise<TokenError> {
  return denied({ oauthError: await errorIn(answer), status: answer.status });
}

/** The error code in an answer (RFC 6749 §5.2). */
export async function errorIn(answer: Response): Promise<string | undefined> {
  const body: unknown = await answer
    .clone()
    .json()
    .catch(() => undefined);
  const { error } = Object(body) as { error?: unknown };
  return typeof error === 'string' ? error : undefined;
}
