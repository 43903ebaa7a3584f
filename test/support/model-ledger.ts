import type { Issued } from './model-issuer.ts';

const MINUTE = 60_000;

/** A moment on the client's clocks, and how far they have ever gone on at most. */
export interface Instant {
  readonly wall: number;
  readonly monotonic: number;
  readonly lapse: number;
}

/** Where the next call of a slot is due, at the earliest. */
interface Pause {
  readonly since: number;
  readonly wait: number;
}

/** What has happened to one slot, and how many calls that may have caused. */
export class Ledger {
  calls = 0;
  /** Calls for a 401 that nothing but an excuse allowed. */
  excused = 0;
  /** Calls for a 401 that brought no token. */
  failedRenewals = 0;
  /** Calls that `session.refresh()` may still make: one, and one past the cache where it joined another. */
  wishes = 0;
  /** How often a server refused a token, or wanted more of it. */
  refusals = 0;
  /** Failures, logins, changes: each may cause a call. */
  causes = 0;
  /** The issuer called the request wrong: nothing is asked until something changes. */
  stuck = false;
  pause: Pause | undefined;
  readonly tokens: Issued[] = [];
  readonly vain = new Set<string>();
  /** The token that the slot must be using; `undefined`: the model is not certain. */
  current: Issued | undefined;
  #left = 3;
  #drawn = 0;

  /** Draws on what refusals may cause: three, and one more each minute. */
  draw(lapse: number): boolean {
    this.#left = Math.min(3, this.#left + (lapse - this.#drawn) / MINUTE);
    this.#drawn = lapse;
    const may = this.#left > 0.999_999;
    if (may) this.#left--;
    return may;
  }

  /** Tokens that have come so near to their end that a refresh is due. */
  ended(lapse: number, lifetime: number): number {
    const due = lifetime - windowOf(lifetime);
    return this.tokens.filter(({ receipt }) => receipt && lapse - receipt.lapse >= due).length;
  }
}

/** How long before the end of a token its refresh is due, at most (rule T3). */
export function windowOf(lifetime: number): number {
  return Math.min(MINUTE, lifetime / 5);
}
