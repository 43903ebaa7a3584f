import type { Redactor } from '../redact.ts';

/** A copy without what the protocol library hangs on its errors: bodies, claims, whole tokens (rule S4). */
export function bareError(error: unknown, redactor: Redactor): Error {
  const copy = redactor.copy(error);
  const { cause } = Object(error) as { cause?: unknown };
  if (!(cause instanceof Error)) delete copy.cause;
  return copy;
}
