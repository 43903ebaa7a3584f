import { TokenError, ValetError } from '../errors.ts';
import { detectPlatform } from '../platform.ts';
import { reasonOf } from '../reason.ts';
import { createRedactor } from '../redact.ts';

/** What a `fetch` threw, as who asked for a token is to see it: the network, or the time, and what to do. */
export function unreachable(url: string, error: unknown, isLate: boolean): unknown {
  // What is no bad moment of the network is a mistake in an own `fetch`, and shown as it is.
  if (ValetError.is(error) || !(isLate || error instanceof TypeError)) return error;
  const cause = createRedactor().copy(error);
  const { origin } = new URL(url);
  const what = isLate
    ? 'has not answered in time'
    : `cannot be reached (${reasonOf(cause) ?? (cause.message || 'no reason given')})`;
  const more = detectPlatform() === 'browser' ? ', and whether it lets this page ask (CORS)' : '';
  return new TokenError('TOKEN_ENDPOINT_UNAVAILABLE', {
    message: `No access token: ${origin} ${what}. Try again; check the network and the address${more}.`,
    cause,
    retryable: true,
  });
}
