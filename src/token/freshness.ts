import { elapsed, type Moment } from '../clock.ts';
import type { Claims, Clock } from '../contracts.ts';
import { TokenError } from '../errors.ts';
import type { TokenLife } from '../events.ts';
import { timeClaim } from './claims.ts';
import type { Grant } from './token-response.ts';

const LONGEST_WINDOW = 60_000;
/** A refresh window is never a larger part of a lifetime than this: short tokens are fetched once each (T3). */
const WINDOW_PART = 0.2;
const LONGEST_END = 2000;
const END_PART = 0.05;
/** Differences below this are the rounding of `Date` and `iat` and the time an answer takes. */
const NOISE = 2000;

/** How long a token lives, counted from its receipt. `lifetime: undefined`: until a server refuses it. */
export interface Life {
  readonly received: Moment;
  readonly lifetime: number | undefined;
  /** With less left than this, a refresh is due in the background. */
  readonly window: number;
}

/** What events say of a life. */
export function lifeOf(life: Life | undefined): TokenLife {
  return life?.lifetime === undefined ? {} : { lifetime: life.lifetime, window: life.window };
}

/** Where a token stands: sent as it is, sent while a refresh runs, or not to be sent any more (T1, T3). */
export type Phase = 'fresh' | 'expiring' | 'ended';

export function remaining(clock: Clock, life: Life): number {
  return life.lifetime === undefined
    ? Number.POSITIVE_INFINITY
    : life.lifetime - elapsed(clock, life.received);
}

export function phaseOf(clock: Clock, life: Life): Phase {
  if (life.lifetime === undefined) return 'fresh';
  const left = remaining(clock, life);
  if (left <= Math.min(LONGEST_END, life.lifetime * END_PART)) return 'ended';
  return left > life.window ? 'fresh' : 'expiring';
}

/** The refresh-ahead window (T3), shortened by up to a fifth so that many clients do not refresh as one. */
export function windowFor(lifetime: number | undefined, ahead: number | undefined, random: number): number {
  if (lifetime === undefined) return 0;
  return Math.min(ahead ?? LONGEST_WINDOW, lifetime * WINDOW_PART) * (1 - 0.2 * random);
}

/** What is known of the difference between the issuer's clock and ours (T2). */
export class Skew {
  /** Issuer's time minus ours, in milliseconds. */
  #offset = 0;

  /** Learns from the `Date` of a token response, and from a token that was issued in our future. */
  learn(grant: Grant, claims: Claims | undefined, now: number): void {
    if (grant.date !== undefined && Math.abs(grant.date - now - this.#offset) >= NOISE)
      this.#offset = grant.date - now;
    const issued = timeClaim(claims, 'iat');
    if (issued !== undefined && issued - now - this.#offset > NOISE) this.#offset = issued - now;
  }

  /**
   * A token that was fetched anew and yet looks expired: then it is the clock that is wrong. `false` where the
   * token does not tell when it was issued.
   */
  learnFromFresh(claims: Claims | undefined, now: number): boolean {
    const issued = timeClaim(claims, 'iat');
    // Exactly: to a token of a second a clock that is ahead by one is as wrong as any.
    if (issued !== undefined) this.#offset = issued - now;
    return issued !== undefined;
  }

  /** The least of all that is known (T2); 0 or less: it looks expired on arrival. */
  lifetime(grant: Grant, claims: Claims | undefined, now: number): number | undefined {
    const corrected = now + this.#offset;
    const expires = timeClaim(claims, 'exp');
    const issued = timeClaim(claims, 'iat');
    if (expires !== undefined && issued !== undefined && expires <= issued) throw expiresBeforeIssue();
    const known = [
      grant.expiresIn,
      expires !== undefined && issued !== undefined ? expires - issued : undefined,
      expires !== undefined ? expires - corrected : undefined,
      grant.expiresAt !== undefined ? grant.expiresAt - corrected : undefined,
    ].filter((value) => value !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }
}

function expiresBeforeIssue(): TokenError {
  return new TokenError('TOKEN_INVALID', {
    message:
      'The access token cannot be used: it expires before it was issued (exp ≤ iat). Look at its issuer.',
    retryable: true,
  });
}
