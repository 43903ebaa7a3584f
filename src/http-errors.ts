/**
 * What verbs throw about an answer.
 *
 * @module
 */
import type { Challenge } from './contracts.ts';
import { type ErrorDetails, hide, type ResponseErrorCode, ValetError } from './errors.ts';

/** What RFC 9457 calls a problem: the members of `application/problem+json` that have the right type. */
export interface Problem {
  readonly type?: string;
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly instance?: string;
  readonly [member: string]: unknown;
}

/** What an {@link HttpError} is made of. */
export interface HttpErrorDetails<T> extends ErrorDetails {
  readonly response: Response;
  readonly data: T;
  readonly problem?: Problem | undefined;
  readonly challenges: readonly Challenge[];
  /** Milliseconds. */
  readonly retryAfter?: number | undefined;
  readonly retryable: boolean;
}

/** A verb was answered with a status outside 200–299. */
export class HttpError<T = unknown> extends ValetError {
  override readonly name = 'HttpError' as const;
  declare readonly code: 'HTTP_ERROR';
  /** The status of the response. */
  readonly status: number;
  /** Milliseconds of `Retry-After`. */
  readonly retryAfter: number | undefined;
  /** The body as sent: parsed where it is JSON, text otherwise. Not enumerable: it is the user's data. */
  declare readonly data: T;
  /** Those of the response. Not enumerable. */
  declare readonly headers: Headers;
  /** The response, whose body has been read. Not enumerable. */
  declare readonly response: Response;
  /** The body, where it is a problem of RFC 9457. */
  declare readonly problem: Problem | undefined;
  /** The parsed `WWW-Authenticate` header. */
  declare readonly challenges: readonly Challenge[];

  constructor(details: HttpErrorDetails<T>) {
    super('HTTP_ERROR', details, details.retryable);
    this.status = details.response.status;
    this.retryAfter = details.retryAfter;
    hide(this, 'data', details.data);
    hide(this, 'headers', details.response.headers);
    hide(this, 'response', details.response);
    hide(this, 'problem', details.problem);
    hide(this, 'challenges', details.challenges);
  }

  override toJSON(): Record<string, unknown> {
    const { status, retryAfter } = this;
    return { ...super.toJSON(), status, ...(retryAfter !== undefined && { retryAfter }) };
  }
}

/** What a {@link ResponseError} is made of. */
export interface ResponseErrorDetails extends ErrorDetails {
  /** What the schema found (Standard Schema). */
  readonly issues?: readonly unknown[];
}

/** A verb was answered with a body that is not what was asked for. */
export class ResponseError extends ValetError {
  override readonly name = 'ResponseError' as const;
  declare readonly code: ResponseErrorCode;
  /** What the schema found (Standard Schema). Not enumerable: it may hold the user's data. */
  declare readonly issues: readonly unknown[];

  constructor(code: ResponseErrorCode, details: ResponseErrorDetails = {}) {
    super(code, details);
    hide(this, 'issues', details.issues ?? []);
  }
}
