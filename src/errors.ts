/**
 * Everything fetch-valet throws: one base, six families, stable codes (docs/errors/). A family is a class only
 * because it carries data. Messages are for people and may change; codes are API.
 *
 * @module
 */

/** The codes of {@link ConfigError}. */
export type ConfigErrorCode =
  | 'MISSING_API_KEY'
  | 'INVALID_API_KEY'
  | 'MISSING_BASE_URL'
  | 'INVALID_BASE_URL'
  | 'INVALID_OPTION'
  | 'ORIGIN_NOT_ALLOWED'
  | 'INSECURE_URL'
  | 'SECRET_IN_BROWSER'
  | 'BODY_NOT_REPLAYABLE'
  | 'REDIRECT_REFUSED'
  | 'CLIENT_CLOSED'
  | 'NO_PROVIDER';
/** The codes of {@link SessionError}. */
export type SessionErrorCode = 'SIGNED_OUT' | 'SESSION_ENDED' | 'SESSION_CHANGED';
/** The codes of {@link TokenError}. */
export type TokenErrorCode =
  | 'TOKEN_PROVIDER_FAILED'
  | 'TOKEN_INVALID'
  | 'TOKEN_TIMEOUT'
  | 'TOKEN_ENDPOINT_REJECTED'
  | 'TOKEN_ENDPOINT_UNAVAILABLE'
  | 'STORE_UNAVAILABLE';
/** The codes of {@link NetworkError}. */
export type NetworkErrorCode = 'NETWORK' | 'OFFLINE' | 'TIMEOUT';
/** The codes of `ResponseError`. */
export type ResponseErrorCode = 'NOT_JSON' | 'INVALID_RESPONSE';
/** Every code. Each has a page: https://fetch-valet.dev/errors/ */
export type ErrorCode =
  | ConfigErrorCode
  | SessionErrorCode
  | TokenErrorCode
  | 'HTTP_ERROR'
  | NetworkErrorCode
  | ResponseErrorCode;

/** Which request an error is about. */
export interface RequestSummary {
  readonly id: string;
  readonly method: string;
  /** The URL without its query values. */
  readonly url: string;
}

/** What an error is made of. */
export interface ErrorDetails {
  /** One sentence on what happened and one on what to do. The docs page is added. */
  readonly message?: string;
  readonly cause?: unknown;
  readonly request?: RequestSummary | undefined;
}

const DOCS = 'https://fetch-valet.dev/errors/';
/** Marks our errors for {@link ValetError.is}: `instanceof` fails between two copies of the package. */
const BRAND = Symbol.for('fetch-valet.error');
const LONGEST_MESSAGE = 800;

/** The base of every error that fetch-valet throws. */
export class ValetError extends Error {
  override readonly name: string = 'ValetError';
  /** Does not change from version to version, as the message may. */
  readonly code: ErrorCode;
  /** Whether the same call may succeed later with nothing changed. */
  readonly retryable: boolean;
  /** The page that explains this code. */
  readonly docs: string;
  /** The request it is about, without secrets. */
  declare readonly request?: RequestSummary;

  constructor(code: ErrorCode, details: ErrorDetails = {}, retryable = false) {
    const docs = DOCS + code;
    super(`${oneLine(details.message ?? DEFAULT_MESSAGES[code] ?? code)} ${docs}`);
    this.code = code;
    this.retryable = retryable;
    this.docs = docs;
    hide(this, BRAND, true);
    if (details.request !== undefined) hide(this, 'request', details.request);
    if (details.cause !== undefined) hide(this, 'cause', details.cause);
  }

  /** Whether `error` is one of ours, also from another copy of the package or another realm. */
  static is(error: unknown): error is ValetError {
    return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true;
  }

  /** For logs: no secret is in it, and no body of the server. */
  toJSON(): Record<string, unknown> {
    const { name, code, message, retryable, docs, request } = this;
    return { name, code, message, retryable, docs, ...(request && { request }) };
  }
}

/** The program or its configuration is wrong; trying again does not help. */
export class ConfigError extends ValetError {
  override readonly name = 'ConfigError' as const;
  declare readonly code: ConfigErrorCode;

  constructor(code: ConfigErrorCode, details?: ErrorDetails) {
    super(code, details);
  }
}

/** Nobody is signed in any more, or somebody else is. A provider throws it to end the session. */
export class SessionError extends ValetError {
  override readonly name = 'SessionError' as const;
  declare readonly code: SessionErrorCode;

  constructor(code: SessionErrorCode, details?: ErrorDetails) {
    super(code, details);
  }
}

/** What a {@link TokenError} is made of. */
export interface TokenErrorDetails extends ErrorDetails {
  readonly retryable?: boolean;
  /** Milliseconds until the next attempt. */
  readonly retryAfter?: number | undefined;
  readonly status?: number | undefined;
  /** The `error` of the token endpoint (RFC 6749 §5.2). */
  readonly oauthError?: string | undefined;
}

/** No access token could be had. The session stays. */
export class TokenError extends ValetError {
  override readonly name = 'TokenError' as const;
  declare readonly code: TokenErrorCode;
  /** Milliseconds until the next attempt. */
  readonly retryAfter: number | undefined;
  readonly status: number | undefined;
  readonly oauthError: string | undefined;

  constructor(code: TokenErrorCode, details: TokenErrorDetails = {}) {
    super(code, details, details.retryable ?? false);
    this.retryAfter = details.retryAfter;
    this.status = details.status;
    this.oauthError = details.oauthError;
  }
}

/** A verb got no answer. */
export class NetworkError extends ValetError {
  override readonly name = 'NetworkError' as const;
  declare readonly code: NetworkErrorCode;

  constructor(code: NetworkErrorCode, details?: ErrorDetails) {
    super(code, details, true);
  }
}

/** Messages for codes that a provider may throw without one. */
const DEFAULT_MESSAGES: Partial<Record<ErrorCode, string>> = {
  SIGNED_OUT: 'Nobody is signed in. Sign in first, or send the request with auth: false.',
  SESSION_ENDED:
    'The session has ended. Ask the user to sign in again; requests fail with this error until then.',
  SESSION_CHANGED:
    'Another user signed in, or this one signed out, while the request was under way. Start it again.',
  CLIENT_CLOSED: 'The client is closed. Make a new one, or call close() later.',
};

function oneLine(message: string): string {
  // Control characters of foreign text could forge lines of a log.
  const line = message.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
}

/** Sets a property that is not shown when an error is printed or turned into JSON. */
export function hide(error: object, key: string | symbol, value: unknown): void {
  Object.defineProperty(error, key, { value, enumerable: false, configurable: true, writable: true });
}
