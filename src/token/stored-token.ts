import { elapsed, moment } from '../clock.ts';
import type { Clock, Need, StoredToken } from '../contracts.ts';
import { windowFor } from './freshness.ts';
import type { HeldToken } from './held-token.ts';

/** A token as a document holds it: its receipt is told on the store's clock, which all agree on (rule T14). */
export function toStored(held: HeldToken, need: Need, clock: Clock, now: number): StoredToken {
  const { token, received, lifetime, asked, scopes } = held;
  return {
    need,
    asked,
    granted: [...scopes],
    token: token.value,
    received: Math.max(0, now - elapsed(clock, received)),
    // One that had ended when it came has none left, and one that never ends has no number in JSON.
    ...(lifetime !== undefined && Number.isFinite(lifetime) && { lifetime: Math.max(0, lifetime) }),
  };
}

export interface AdoptOptions {
  readonly clock: Clock;
  /** The store's time. */
  readonly now: number;
  readonly epoch: number;
  readonly refreshAhead: number | undefined;
  readonly random: number;
}

/** A token of a document, with its receipt on our own clocks. */
export function fromStored(stored: StoredToken, options: AdoptOptions): HeldToken {
  const { clock, now, epoch, refreshAhead, random } = options;
  const age = Math.max(0, now - stored.received);
  const { wall, monotonic } = moment(clock);
  return {
    token: { value: stored.token, epoch },
    received: { wall: wall - age, monotonic: monotonic - age },
    lifetime: stored.lifetime,
    window: windowFor(stored.lifetime, refreshAhead, random),
    scopes: new Set(stored.granted),
    asked: stored.asked,
  };
}
