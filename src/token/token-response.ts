import type { TokenResponse } from '../contracts.ts';
import { TokenError } from '../errors.ts';

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

/** Numbers below this are seconds since the epoch, others milliseconds: 1e11 ms is in 1973. */
const SECONDS_BELOW = 1e11;

/**
 * Reads a token or a token response (RFC 6749 §5.1).
 *
 * @throws {@link TokenError} `TOKEN_INVALID`, without the token in its text (rule T10)
 */
export function readGrant(answer: string | TokenResponse, date?: number): Grant {
  if (typeof answer === 'string') return grant({ access_token: answer }, date);
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    throw invalid(`the provider returned ${Array.isArray(answer) ? 'a list' : typeof answer}`);
  }
  return grant(answer, date);
}

/** The refresh token of an answer whose access token cannot be used: the one before it may be spent. */
export function refreshTokenIn(answer: string | TokenResponse): string | undefined {
  return typeof answer === 'object' && answer !== null
    ? toText(own(answer, 'refresh_token', 'refreshToken'))
    : undefined;
}

function grant(answer: TokenResponse, date: number | undefined): Grant {
  const value = own(answer, 'access_token', 'accessToken', 'token', 'authToken');
  const fault = tokenFault(value);
  if (fault !== undefined) throw invalid(fault);
  const seconds = toNumber(own(answer, 'expires_in', 'expiresIn'));
  if (seconds !== undefined && seconds <= 0) throw invalid(`it says that it expires in ${seconds} s`);
  return {
    value: value as string,
    refreshToken: toText(own(answer, 'refresh_token', 'refreshToken')),
    idToken: toText(own(answer, 'id_token', 'idToken')),
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

function invalid(fault: string): TokenError {
  return new TokenError('TOKEN_INVALID', {
    message:
      `The access token cannot be used: ${fault}. Return the token itself, { token, expiresIn }, ` +
      'the token endpoint’s Response, or null when nobody is signed in.',
    retryable: true,
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
  return typeof value === 'string' && value !== '' ? value : undefined;
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
