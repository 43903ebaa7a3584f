import type { AuthStrategy, Clock } from '../contracts.ts';
import { ValetError } from '../errors.ts';
import type { EventSink, RequestEndEvent, RequestEvent } from '../events.ts';
import { type Exchange, type Stage, summarize } from './exchange.ts';

/** Tells of a request, and then of exactly one end. Costs nothing where nobody listens. */
export function observe(strategy: AuthStrategy, events: EventSink, clock: Clock): Stage {
  return (exchange, next) => {
    if (!events.hears('request') && !events.hears('response') && !events.hears('requestfailed'))
      return next(exchange);
    const begin: RequestEvent = { ...summarize(exchange), strategy: strategy.name };
    const start = clock.monotonic();
    const end = (result: { status: number } | { code: string }): RequestEndEvent => ({
      ...begin,
      ...result,
      ms: Math.round(clock.monotonic() - start),
      replayed: exchange.replayed,
      ...credentialId(strategy, exchange),
    });
    const failed = (error: unknown): never => {
      events.emit('requestfailed', end({ code: codeOf(error, exchange) }));
      throw error;
    };
    events.emit('request', begin);
    try {
      return next(exchange).then((response) => {
        events.emit('response', end({ status: response.status }));
        return response;
      }, failed);
    } catch (error) {
      return failed(error);
    }
  };
}

function credentialId(strategy: AuthStrategy, exchange: Exchange): { credentialId: string } | undefined {
  // Who answered elsewhere, after a redirect, has not seen it.
  const id = exchange.carried ? strategy.describe?.(exchange.credential) : undefined;
  return id === undefined ? undefined : { credentialId: id };
}

function codeOf(error: unknown, { signal }: Exchange): string {
  if (signal?.aborted === true && error === signal.reason) {
    // A deadline of the caller's is a failure; that somebody has gone is none.
    return (error as Partial<Error> | null)?.name === 'TimeoutError' ? 'TIMEOUT' : 'ABORTED';
  }
  return ValetError.is(error) ? error.code : 'NETWORK';
}
