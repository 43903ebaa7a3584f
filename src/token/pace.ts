import { elapsed, type Moment, moment } from '../clock.ts';
import type { Clock } from '../contracts.ts';

/** Milliseconds without a change after which the next one is the first again. */
const CALM = 1000;
/** So many changes that follow closely on the first one are asked about at once. */
const MOST_FOLLOW_UPS = 3;

/** A source that tells of a change after each of its answers would be asked for ever. */
export class Pace {
  readonly #clock: Clock;
  #last: Moment | undefined;
  #followUps = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a change. `false`: too many have followed on one another, so the next use is to ask. */
  mayAsk(): boolean {
    const isSoon = this.#last !== undefined && elapsed(this.#clock, this.#last) < CALM;
    this.#last = moment(this.#clock);
    this.#followUps = isSoon ? this.#followUps + 1 : 0;
    return this.#followUps <= MOST_FOLLOW_UPS;
  }
}
