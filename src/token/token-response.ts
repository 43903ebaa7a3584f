import type { TokenResponse } from '../contracts.ts';
import { TokenError } from '../errors.ts';
import { isObject } from '../options.ts';
import { LONGEST_SECRET } from '../redact.ts';

/** What a provider handed out, checked and in one form. */
export interface Grant {
  readonly value: string;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  readonly scope: string | undefined;
  /** Milliseconds from receipt. */
  readonly expiresIn: number | undefined;
  /** Milliseconds since the epoch, on the issuer's clock. */
  readonly expiresAt: number | undefined;
  /** The issuer's time at the answer, where its `Date` header could be read. */
  readonly date: number | undefined;
}

/** Where tokens came from, for the message when they cannot be used. */
export type Origin = 'provider' | 'session.signIn()' | 'initial';

/** What an access token is called: by RFC 6749 §5.1, and by others. */
export const TOKEN_NAMES = ['access_token', 'accessToken', 'token', 'authToken'] as const;

/** Numbers below this are seconds since the epoch, others milliseconds: 1e11 ms is in 1973. */
const SECONDS_BELOW = 1e11;

/**
 * Reads a token or a token response (RFC 6749 §5.1).
 *
 * @throws {@link TokenError} `TOKEN_INVALID`, without the token in its text (rule T10)
 */
export function readGrant(answer: string | TokenResponse, date?: number, from: Origin = 'provider'): Grant {
  // A program that passes text may mean any of a login's tokens: a refresh token must not go to the API.
  if (typeof answer === 'string' && from === 'provider') return grant({ access_token: answer }, date, from);
  if (!isObject(answer)) {
    throw invalid(`it came as ${Array.isArray(answer) ? 'a list' : typeof answer}`, from);
  }
  return grant(answer, date, from);
}

/** Whether an answer holds an access token at all. */
export function hasAccessToken(answer: TokenResponse): boolean {
  return own(answer, ...TOKEN_NAMES) !== undefined;
}

/** The refresh token of an answer whose access token cannot be used: the one before it may be spent. */
export function refreshTokenIn(answer: string | TokenResponse): string | undefined {
  return typeof answer === 'object' && answer !== null
    ? toText(own(answer, 'refresh_token', 'refreshToken'))
    : undefined;
}

function grant(answer: TokenResponse, date: number | undefined, from: Origin): Grant {
  const value = own(answer, ...TOKEN_NAMES);
  const fault = tokenFault(value);
  if (fault !== undefined) throw invalid(fault, from);
  const refreshToken = own(answer, 'refresh_token', 'refreshToken');
  const idToken = own(answer, 'id_token', 'idToken');
  if ([value, refreshToken, idToken].some(isTooLong))
    throw invalid(`it or a token beside it is longer than ${LONGEST_SECRET} characters`, from);
  const seconds = toNumber(own(answer, 'expires_in', 'expiresIn'));
  if (seconds !== undefined && seconds <= 0) throw invalid(`it says that it expires in ${seconds} s`, from);
  return {
    value: value as string,
    refreshToken: toText(refreshToken),
    idToken: toText(idToken),
    scope: toText(own(answer, 'scope')),
    expiresIn: seconds === undefined ? undefined : seconds * 1000,
    expiresAt: toTime(own(answer, 'expires_at', 'expiresAt')),
    date,
  };
}

/** What is wrong with a token, in words without the token. */
function tokenFault(value: unknown): string | undefined {
  if (value === undefined) return 'the answer holds none (access_token, accessToken, token or authToken)';
  if (typeof value !== 'string') return `it is of type ${typeof value}, not a string`;
  if (value === '' || value === 'undefined' || value === 'null')
    return `it is the text ${JSON.stringify(value)}`;
  if (/^(?:bearer|dpop)\s/i.test(value)) return 'it begins with "Bearer "; hand out the bare token';
  // RFC 6750 §2.1 allows less; what no header can carry is refused.
  return /^[\x21-\x7e]+$/.test(value)
    ? undefined
    : 'it holds white space or characters that no header can carry';
}

function invalid(fault: string, from: Origin): TokenError {
  const advice =
    from === 'provider'
      ? 'Return the token itself, { token, expiresIn }, the token endpoint’s Response, or null when nobody is signed in.'
      : `Give ${from} what the token endpoint answered, as an object: await response.json(), or { accessToken, expiresIn, refreshToken }.`;
  return new TokenError('TOKEN_INVALID', {
    message: `The access token cannot be used: ${fault}. ${advice}`,
    // A provider may do better next time; what a program passes in stays what it is.
    retryable: from === 'provider',
  });
}

/** The first own property that is there: a polluted prototype hands out no tokens (rule S8). */
function own(answer: TokenResponse, ...names: readonly (keyof TokenResponse)[]): unknown {
  const name = names.find(
    (key) => Object.hasOwn(answer, key) && answer[key] !== null && answer[key] !== undefined,
  );
  return name === undefined ? undefined : answer[name];
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && !isTooLong(value) ? value : undefined;
}

function isTooLong(value: unknown): boolean {
  return typeof value === 'string' && value.length > LONGEST_SECRET;
}

function toNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function toTime(value: unknown): number | undefined {
  if (value instanceof Date) return toNumber(value.getTime());
  const number = toNumber(value);
  if (number !== undefined) return number < SECONDS_BELOW ? number * 1000 : number;
  return typeof value === 'string' ? toNumber(Date.parse(value)) : undefined;
}
