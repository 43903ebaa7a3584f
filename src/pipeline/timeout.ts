import { timer } from '../clock.ts';
import type { Clock } from '../contracts.ts';
import { NetworkError } from '../errors.ts';
import { type Exchange, nameOf, type Stage, summarize } from './exchange.ts';

/**
 * The only timer of the pipeline. It starts at the send, so waiting for a credential is not the API's time, and
 * it covers the body: it aborts the connection, which ends a body that is still being read (rule P6).
 */
export function timeout(clock: Clock): Stage {
  return (exchange, next) => {
    const { timeout: limit, outgoing } = exchange;
    if (limit === undefined) return next(exchange);
    // The answer before this send, a 401 or a redirect, is not read by anybody.
    exchange.onBodyEnd?.();
    const controller = new AbortController();
    const { signal } = exchange;
    outgoing.signal = signal ? AbortSignal.any([signal, controller.signal]) : controller.signal;
    const arm = (): (() => void) => timer(clock, limit, () => controller.abort(timedOut(exchange, limit)));
    let cancel = arm();
    let answer: Promise<Response>;
    try {
      answer = next(exchange);
    } catch (error) {
      // A `fetch` that throws at once returns no promise.
      cancel();
      throw error;
    }
    return answer.then(
      (response) => {
        if (response.body === null) cancel();
        else {
          exchange.onBodyEnd = () => cancel();
          exchange.onBodyResume = () => {
            cancel = arm();
          };
        }
        return response;
      },
      (error: unknown) => {
        cancel();
        throw error;
      },
    );
  };
}

function timedOut(exchange: Exchange, limit: number): NetworkError {
  return new NetworkError('TIMEOUT', {
    message:
      `${nameOf(exchange)} was not answered within ${limit} ms of being sent. ` +
      'Try again, or pass a larger timeout (false for none, as for downloads that take long).',
    request: summarize(exchange),
  });
}
