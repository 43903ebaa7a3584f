/**
 * What a failed `fetch` failed of. Platforms say "fetch failed"; what they mean is in the cause.
 *
 * @module
 */

/** The code or the message at the end of the cause chain, if it says more than the error itself. */
export function reasonOf(error: unknown): string | undefined {
  let inner = error instanceof Error ? error.cause : undefined;
  let reason: string | undefined;
  for (let depth = 0; depth < 5 && typeof inner === 'object' && inner !== null; depth++) {
    const { code, message, cause } = inner as { code?: unknown; message?: unknown; cause?: unknown };
    // Codes of the system are known to many, those of Node's fetch to few.
    if (typeof code === 'string') return code.startsWith('UND_') ? `${String(message)} (${code})` : code;
    if (typeof message === 'string' && message !== '') reason ??= message;
    inner = cause;
  }
  return reason;
}
