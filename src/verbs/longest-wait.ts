import { isHTTPError, type Options } from 'ky';
import type { Clock } from '../contracts.ts';
import { ownOf } from '../options.ts';
import { retryAfterOf } from '../retry-after.ts';

type Retry = Exclude<NonNullable<Options['retry']>, number>;

const LONGEST_WAIT = 60_000;

/** ky's own: for these it waits as long as the server asks. */
const ASKING = [413, 429, 503];

/**
 * A `Retry-After` of days must not hang a request for days (rule S8), and asking earlier is of no use: without a
 * `maxRetryAfter` of the caller's the answer is the result. What the caller's `shouldRetry` says comes first.
 */
export function withinReason(retry: Options['retry'], clock: Clock): Retry {
  const own: Retry = ownOf(typeof retry === 'number' ? { limit: retry } : (retry ?? {}));
  if (own.maxRetryAfter !== undefined) return own;
  return { ...own, maxRetryAfter: LONGEST_WAIT, shouldRetry: unlessTooLong(own, clock) };
}

/** A `shouldRetry` that says no to what asks for too long a wait. */
export function unlessTooLong(
  { shouldRetry, afterStatusCodes = ASKING }: Retry,
  clock: Pick<Clock, 'now'>,
): NonNullable<Retry['shouldRetry']> {
  const isTooLong = (error: Error): boolean => {
    if (!isHTTPError(error) || !afterStatusCodes.includes(error.response.status)) return false;
    const { headers } = error.response;
    // A number that is too long to mean anything is one to ky.
    const wait = retryAfterOf(headers, clock.now()) ?? Number(headers.get('retry-after')) * 1000;
    return wait > LONGEST_WAIT;
  };
  return async (state) => (await shouldRetry?.(state)) ?? (isTooLong(state.error) ? false : undefined);
}
