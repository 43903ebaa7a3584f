import { elapsed, type Moment, moment } from '../clock.ts';
import type { Clock } from '../contracts.ts';

const SIZE = 3;
const REFILL = 60_000;

/**
 * How many refreshes the refusals of a server may still cause: three, and one more each minute. A success does not
 * fill it: a server that refuses every token would be asked, and the issuer with it, for ever (rule T11).
 */
export class Bucket {
  readonly #clock: Clock;
  #left = SIZE;
  #since: Moment;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = moment(clock);
  }

  get isEmpty(): boolean {
    this.#refill();
    return this.#left === 0;
  }

  get isFull(): boolean {
    this.#refill();
    return this.#left === SIZE;
  }

  /** Takes one out. `false`: there is none. */
  draw(): boolean {
    if (this.isEmpty) return false;
    this.#left--;
    return true;
  }

  #refill(): void {
    const gained = Math.floor(elapsed(this.#clock, this.#since) / REFILL);
    if (this.#left + gained >= SIZE) {
      this.#left = SIZE;
      this.#since = moment(this.#clock);
    } else if (gained > 0) {
      const { wall, monotonic } = this.#since;
      this.#left += gained;
      this.#since = { wall: wall + gained * REFILL, monotonic: monotonic + gained * REFILL };
    }
  }
}

/** What the message of a 401 says where no more tokens are fetched for it (rule T11). */
export function explainRefusals(origin: string): string {
  return (
    `${origin} has refused access tokens three times within a short while, so none is fetched for its refusals for up ` +
    'to a minute. Check which audience and issuer it expects, and its clock.'
  );
}
