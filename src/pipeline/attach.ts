import type { AuthStrategy } from '../contracts.ts';
import type { Platform } from '../platform.ts';
import { isPromise } from './abortable.ts';
import { isRequest } from './body.ts';
import { discard, type Exchange, type Hop, type Next, type Stage } from './exchange.ts';
import { fence } from './fence.ts';
import { OutgoingHop, prepare } from './outgoing.ts';
import { present } from './present.ts';

/**
 * Builds what `fetch` is called with for one hop, and lets the strategy write the credential on it: on a copy,
 * below everything that the caller can see (rule P1).
 */
export function attach(strategy: AuthStrategy, platform: () => Platform): Stage {
  const once = (exchange: Exchange, next: Next, again: boolean): Promise<Response> => {
    const hop = exchange.hop as Hop;
    const copy = new OutgoingHop(hop, exchange);
    exchange.carried = exchange.credential !== undefined && hop.allowed;
    const applied = exchange.carried ? strategy.apply(copy, exchange.credential) : undefined;
    const ready = isPromise(applied)
      ? applied.then(() => {
          // Who has signed out while a proof was made has nothing sent any more.
          fence(exchange, strategy);
          return prepare(exchange, hop, copy, platform());
        })
      : prepare(exchange, hop, copy, platform());
    return isPromise(ready)
      ? ready.then(() => send(exchange, next, copy, again))
      : send(exchange, next, copy, again);
  };
  const send = (exchange: Exchange, next: Next, copy: OutgoingHop, again: boolean): Promise<Response> => {
    if (exchange.carried) avoidCache(exchange, platform(), strategy);
    const answer = shown(exchange, exchange.hop as Hop, strategy, next(exchange));
    if (!exchange.carried || strategy.learn === undefined) return answer;
    return answer.then((response) => {
      if (strategy.learn?.(response, copy) !== true || again) return response;
      // What is sent once more must not be the request of who has signed out meanwhile.
      fence(exchange, strategy, response);
      discard(response);
      return once(exchange, next, true);
    });
  };
  return (exchange, next) => once(exchange, next, false);
}

/** The response as the caller may see it. */
function shown(
  exchange: Exchange,
  hop: Hop,
  strategy: AuthStrategy,
  answer: Promise<Response>,
): Promise<Response> {
  const url = exchange.carried && strategy.placement === 'query' ? hop.href : undefined;
  const { redirected } = exchange;
  if (url === undefined && !redirected) return answer;
  return answer.then((response) => present(response, { url, redirected }));
}

/** User B must not get from the browser's cache what user A was sent (rule S9). */
function avoidCache({ init, input, outgoing }: Exchange, platform: Platform, strategy: AuthStrategy): void {
  if (platform !== 'browser' || (Object.hasOwn(init, 'cache') && init.cache !== undefined)) return;
  if (isRequest(input) && input.cache !== 'default') return;
  if (strategy.session !== undefined || strategy.placement === 'query') outgoing.cache = 'no-store';
}
