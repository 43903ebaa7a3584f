import type { AuthStrategy } from '../contracts.ts';
import { SessionError } from '../errors.ts';
import type { Auth } from './auth.ts';
import { discard, type Exchange, nameOf, summarize } from './exchange.ts';

/** What a fence needs of a strategy. */
interface Epochs {
  epoch?(): number | undefined;
}

/** The epoch that a request belongs to which begins now; `undefined`: its first credential will tell (rule T8). */
export function epochNow(strategy: Pick<AuthStrategy, 'isStale' | 'epoch'>, auth: Auth): number | undefined {
  return auth === false || strategy.isStale?.() === true ? undefined : strategy.epoch?.();
}

/** Whether the epoch that `exchange` belongs to is over (rule T8). */
export function isOver(exchange: Exchange, strategy: Epochs): boolean {
  return exchange.epoch !== undefined && strategy.epoch?.() !== exchange.epoch;
}

/** Rejects what would be sent or answered in another epoch: user B must not get what user A asked for. */
export function fence(exchange: Exchange, strategy: Epochs, response?: Response): void {
  if (!isOver(exchange, strategy)) return;
  if (response) discard(response);
  throw new SessionError('SESSION_CHANGED', {
    message:
      `${nameOf(exchange)} belongs to a session that is over: the user signed out or another one signed in. ` +
      `${response ? 'Its answer was dropped' : 'It was not sent'}. Start it again for the present user.`,
    request: summarize(exchange),
  });
}
