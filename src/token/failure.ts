import { type ErrorCode, SessionError, TokenError, ValetError } from '../errors.ts';
import type { HttpError } from '../http-errors.ts';
import { reasonOf } from '../reason.ts';
import type { Redactor } from '../redact.ts';
import { retryAfterOf } from '../retry-after.ts';
import { asksForUser, codesOf, isFinal, MISCONFIGURED, PASSING, suberrorOf } from './oauth-codes.ts';

/**
 * What a failed refresh means for the session (rule T6). Only `final` ends it.
 *
 * - `final`: the issuer says that this session is over.
 * - `misconfigured`: the same call cannot succeed; the session stays, and nothing is asked until something changes.
 * - `temporary`: the network, the server or the provider had a bad moment; every token is kept.
 */
export type Failure =
  | (FailureDetails & { readonly kind: 'final'; readonly error: SessionError })
  | (FailureDetails & { readonly kind: 'misconfigured' | 'temporary'; readonly error: ValetError });

interface FailureDetails {
  /** Whether a request may wait for the next attempt. Not for a provider's bug: waiting would hide it. */
  readonly waitable: boolean;
  /** Milliseconds that the issuer asked us to wait. */
  readonly retryAfter?: number | undefined;
  /** Whether its answer may still come, with the only refresh token that is good by then (T4, T14). */
  readonly isOpen?: boolean;
  /** What the issuer says where it wants to see the user: for a further audience that ends no session (T12). */
  readonly wantsUser?: { readonly said: string; readonly oauthError: string } | undefined;
}

/** What an answer of a token endpoint says about its failure. */
export interface Refusal {
  readonly status: number;
  readonly oauthError?: string | undefined;
  /** A second word on the reason, as Microsoft Entra ID gives one. */
  readonly suberror?: string | undefined;
  readonly description?: string | undefined;
  readonly retryAfter?: number | undefined;
  readonly contentType?: string | undefined;
}

/** Judges what a provider threw. An error that throws when it is looked at is one like any other. */
export function judgeError(thrown: unknown, redactor: Redactor): Failure {
  try {
    return judge(thrown, redactor);
  } catch {
    return judge(new Error('what cannot be read'), redactor);
  }
}

function judge(thrown: unknown, redactor: Redactor): Failure {
  if (isHttpError(thrown)) return judgeHttpError(thrown, redactor);
  // A client that the provider calls with may have had a switch of users: that says nothing of this session.
  if (ValetError.is(thrown) && thrown.code !== 'SESSION_CHANGED') return judgeOwn(ownError(thrown, redactor));
  const cause = redactor.copy(thrown);
  const code = codesOf(thrown);
  const reason = reasonOf(thrown);
  const more = reason === undefined ? '' : ` (${redactor.text(reason)})`;
  const said = `the token provider threw ${cause.name}: ${cause.message || 'no message'}${more}`;
  const over = code.find(isFinal);
  if (over !== undefined) return final(said, cause, undefined, wantsUser(said, over, suberrorOf(thrown)));
  if (code.some((value) => MISCONFIGURED.includes(value))) return misconfigured(said, cause);
  const error = new TokenError('TOKEN_PROVIDER_FAILED', {
    message: `No access token: ${said}. The session stays; it is tried again. If it keeps failing, look at the cause.`,
    cause,
    retryable: true,
  });
  return { kind: 'temporary', error, waitable: !isBug(thrown) };
}

/** A mistake in the provider's code: waiting for another attempt would only hide it. */
function isBug(thrown: unknown): boolean {
  if (thrown instanceof ReferenceError || thrown instanceof SyntaxError || thrown instanceof RangeError)
    return true;
  // Platforms tell of the network with a TypeError, too.
  return (
    thrown instanceof TypeError &&
    thrown.cause === undefined &&
    !/fetch|network|load failed/i.test(thrown.message)
  );
}

/** Judges a token endpoint's answer that holds no token. */
export function judgeRefusal(refusal: Refusal, redactor: Redactor, cause?: unknown): Failure {
  const { status, retryAfter } = refusal;
  // Some servers put what they were sent here, too.
  const oauthError = refusal.oauthError && redactor.text(refusal.oauthError);
  const said = sayRefusal(refusal, redactor);
  const isTemporary =
    isBusy(status) || (status < 400 && oauthError === undefined) || PASSING.includes(oauthError);
  if (isTemporary) {
    const error = new TokenError('TOKEN_ENDPOINT_UNAVAILABLE', {
      message: `No access token: ${said}. The session stays; it is tried again. Check the endpoint if it keeps failing.`,
      cause,
      retryable: true,
      retryAfter,
      status,
    });
    return { kind: 'temporary', error, waitable: true, retryAfter };
  }
  const over = isFinal(oauthError) || (status === 401 && oauthError === undefined);
  return over
    ? final(said, cause, oauthError, wantsUser(said, oauthError, refusal.suberror))
    : misconfigured(said, cause, oauthError, status);
}

/** A bad moment, whatever the body is. */
function isBusy(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** A refusal of one token among several: the session goes on without it (rule T12). */
export function refuseOne({ said, oauthError }: NonNullable<Failure['wantsUser']>, cause: unknown): Failure {
  const message =
    `No access token for this audience and these scopes: ${said}. The session stays. ` +
    'Let the user sign in for them, then call session.refresh().';
  const refused = new TokenError('TOKEN_ENDPOINT_REJECTED', { message, cause, oauthError });
  return { kind: 'misconfigured', error: refused, waitable: false };
}

/** The provider has no token for one audience and set of scopes. */
export function nothingFor(): Failure {
  const error = new TokenError('TOKEN_ENDPOINT_REJECTED', {
    message:
      'No access token for this audience and these scopes: the token provider has none. The session stays. ' +
      'Let the user sign in for them, then call session.refresh().',
  });
  return { kind: 'misconfigured', error, waitable: false };
}

/** With a cause it is copied: what a provider puts there, such as its HTTP client's error, holds more than we know. */
function ownError(thrown: ValetError, redactor: Redactor): ValetError {
  return (thrown.cause === undefined ? redactor.clean(thrown) : redactor.copy(thrown)) as ValetError;
}

function judgeOwn(error: ValetError): Failure {
  // Also that of another copy of the package.
  if (error instanceof SessionError || error.name === 'SessionError')
    return { kind: 'final', error: error as SessionError, waitable: false };
  const waitable = error.retryable && error.code !== ('TOKEN_INVALID' satisfies ErrorCode);
  const retryAfter = error instanceof TokenError ? error.retryAfter : undefined;
  return { kind: error.retryable ? 'temporary' : 'misconfigured', error, waitable, retryAfter };
}

/** A provider that uses a client of ours to call its token endpoint. */
function isHttpError(thrown: unknown): thrown is HttpError {
  return ValetError.is(thrown) && thrown.code === 'HTTP_ERROR';
}

function judgeHttpError(thrown: HttpError, redactor: Redactor): Failure {
  const { error, error_description: description } = (thrown.data ?? {}) as Record<string, unknown>;
  // A copy of one, as an error's cause, has none.
  const { headers } = thrown as Partial<HttpError>;
  const refusal: Refusal = {
    status: thrown.status,
    oauthError: typeof error === 'string' ? error : undefined,
    description: typeof description === 'string' ? description : undefined,
    retryAfter: thrown.retryAfter ?? (headers && retryAfterOf(headers, 0)),
  };
  return judgeRefusal(refusal, redactor, redactor.copy(thrown));
}

function sayRefusal({ status, oauthError, description, contentType }: Refusal, redactor: Redactor): string {
  const quoted = description === undefined ? undefined : JSON.stringify(redactor.text(description));
  const details = redactor.text([oauthError, quoted].filter((part) => part !== undefined).join(', '));
  const more = details === '' ? '' : ` (${details})`;
  const type =
    contentType === undefined || isBusy(status) ? '' : ` with ${redactor.text(contentType)}, not JSON`;
  return `the token endpoint answered ${status}${more || type}`;
}

function wantsUser(said: string, code: unknown, suberror?: unknown): Failure['wantsUser'] {
  return typeof code === 'string' && asksForUser(code, suberror) ? { said, oauthError: code } : undefined;
}

function final(
  said: string,
  cause: unknown,
  oauthError?: string,
  interactive?: Failure['wantsUser'],
): Failure {
  const reason =
    oauthError === undefined
      ? { cause }
      : { cause: cause ?? new TokenError('TOKEN_ENDPOINT_REJECTED', { message: `${said}.`, oauthError }) };
  const message = `The session has ended: ${said}. Ask the user to sign in again; requests fail with this error until then.`;
  const error = new SessionError('SESSION_ENDED', { message, ...reason });
  return { kind: 'final', error, waitable: false, wantsUser: interactive };
}

function misconfigured(said: string, cause: unknown, oauthError?: string, status?: number): Failure {
  const message =
    `No access token: ${said}. Trying again cannot help: check the URL, client id, secret, grant, scopes and audience. ` +
    'The session stays; session.refresh() tries again.';
  const error = new TokenError('TOKEN_ENDPOINT_REJECTED', { message, cause, oauthError, status });
  return { kind: 'misconfigured', error, waitable: false };
}
