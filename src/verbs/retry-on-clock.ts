import type { BeforeRetryState, Options } from 'ky';
import { alarm, systemClock, systemRandom } from '../clock.ts';
import type { Clock } from '../contracts.ts';
import { retryAfterOf } from '../retry-after.ts';

type Retry = Exclude<NonNullable<Options['retry']>, number>;

/** ky's own, in milliseconds: 0.3 s, 0.6 s, 1.2 s, … */
const defaultDelay = (attempt: number): number => 300 * 2 ** (attempt - 1);

/**
 * Leaves the waits between tries to `clock`: ky itself knows no clock but the platform's, with which a test would
 * wait in real time. With the platform's everything stays as it is.
 */
export function retryOn(
  clock: Clock,
  retry: Retry,
  hooks: Options['hooks'],
): Pick<Options, 'retry' | 'hooks'> {
  if (clock === systemClock || typeof retry !== 'object') return hooks ? { retry, hooks } : { retry };
  const { delay = defaultDelay, jitter, backoffLimit = Number.POSITIVE_INFINITY, ...rest } = retry;
  /** What ky asked for; `undefined`: it took what the server asks for. */
  let asked: number | undefined;
  const jittered = (ms: number): number => {
    if (jitter === true) return systemRandom() * ms;
    return typeof jitter === 'function' ? jitter(ms) : ms;
  };
  const waitFor = ({ error, retryCount }: BeforeRetryState): number => {
    const own = asked;
    asked = undefined;
    if (own !== undefined) return Math.min(backoffLimit, jittered(own));
    const { headers } = (error as { readonly response?: Response }).response ?? {};
    const wanted = headers && retryAfterOf(headers, clock.now());
    return Math.min(retry.maxRetryAfter ?? Number.POSITIVE_INFINITY, wanted ?? delay(retryCount));
  };
  const wait = (state: BeforeRetryState): Promise<void> => pause(clock, waitFor(state), state.request.signal);
  return {
    retry: {
      ...rest,
      maxRetryAfter: 0,
      delay(attempt) {
        asked = delay(attempt);
        return 0;
      },
    },
    hooks: { ...hooks, beforeRetry: [wait, ...(hooks?.beforeRetry ?? [])] },
  };
}

async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const giveUp = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    const cancel = alarm(
      clock,
      ms,
      () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      },
      true,
    );
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
}
