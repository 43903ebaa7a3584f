import { alarm, elapsed, type Moment, moment } from '../clock.ts';
import type { Clock } from '../contracts.ts';
import type { Failure } from './failure.ts';

const FIRST = 1000;
const LONGEST = 60_000;
/** An issuer that asks for a longer wait than this is asked again after it. */
const LONGEST_RETRY_AFTER = 3_600_000;
/** Jitter never makes a wait shorter than this part of it: asking again at once is no backoff. */
const FLOOR = 0.1;

/**
 * When to ask again after temporary failures: 1 s · 2ⁿ up to 60 s with full jitter, or what the issuer's
 * `Retry-After` says; at once when the network or the tab is back (rule T6).
 */
export class Backoff {
  readonly #clock: Clock;
  readonly #random: () => number;
  #failures = 0;
  #failure: Failure | undefined;
  #wait = 0;
  #since: Moment;
  #unwatch: (() => void) | undefined;
  readonly #sleepers = new Set<() => void>();

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
    this.#since = moment(clock);
  }

  /** The last failure, while nothing has gone well since. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Milliseconds until the next attempt is due. A rest below 1 ms is over, as it is for an alarm. */
  dueIn(): number {
    const left = this.#failure === undefined ? 0 : this.#wait - elapsed(this.#clock, this.#since);
    return left < 1 ? 0 : left;
  }

  /** Whether the issuer has asked for the wait: then it is spared by all that would be asked of it. */
  get isAskedFor(): boolean {
    return this.#failure?.retryAfter !== undefined && this.dueIn() > 0;
  }

  failed(failure: Failure): void {
    const ceiling = Math.min(LONGEST, FIRST * 2 ** this.#failures++);
    const { retryAfter = 0 } = failure;
    this.#failure = failure;
    this.#since = moment(this.#clock);
    // An issuer that asks for no wait, or for one of a millisecond, is not taken at its word: that would be a loop.
    this.#wait =
      retryAfter > 0
        ? Math.min(Math.max(retryAfter, FIRST * FLOOR), LONGEST_RETRY_AFTER)
        : ceiling * (FLOOR + (1 - FLOOR) * this.#random());
    this.#unwatch ??= this.#clock.onWake?.(() => this.#wake());
  }

  reset(): void {
    this.#failures = 0;
    this.#failure = undefined;
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#wake();
  }

  /** Resolves when the next attempt is due. */
  due(): Promise<void> {
    const wait = this.dueIn();
    if (wait === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#sleepers.delete(done);
        resolve();
      };
      const cancel = alarm(this.#clock, wait, done);
      this.#sleepers.add(done);
    });
  }

  #wake(): void {
    this.#wait = 0;
    for (const done of this.#sleepers) done();
  }
}
