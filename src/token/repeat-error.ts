import { SessionError, TokenError, type ValetError } from '../errors.ts';

/** The same error for another request: each has a stack of its own, and the wait that is left by now. */
export function repeatError(error: ValetError, retryAfter?: number): ValetError {
  const message = error.message.slice(0, -error.docs.length - 1);
  if (error instanceof SessionError) return new SessionError(error.code, { message, cause: error.cause });
  if (!(error instanceof TokenError)) return error;
  const { cause, retryable, status, oauthError } = error;
  return new TokenError(error.code, { message, cause, retryable, retryAfter, status, oauthError });
}
