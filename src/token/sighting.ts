import type { Clock } from '../contracts.ts';

/** A claim whose owner may be alive holds so long, by the store's clock. */
const TAKE_OVER = 60_000;
/** And so long it is watched after that: who wakes up together with its owner lets the owner go first. */
const WATCH = 2000;
/** The time between two looks may have been slept through: no more of it counts as watched. */
const BLINK = 1000;

/** Somebody else's claim, and for how long this client has seen it. */
export class Sighting {
  readonly id: string;
  readonly #clock: Clock;
  readonly #first: number;
  #last: number | undefined;
  #watched = 0;

  constructor(id: string, clock: Clock) {
    this.id = id;
    this.#clock = clock;
    this.#first = clock.monotonic();
  }

  /** Looks once more. Where the store's clock is wrong, what has been seen for as long is over, too. */
  isOver(age: number): boolean {
    const now = this.#clock.monotonic();
    if (age <= TAKE_OVER && now - this.#first <= TAKE_OVER) return false;
    this.#watched += Math.min(now - (this.#last ?? now), BLINK);
    this.#last = now;
    return this.#watched >= WATCH;
  }
}
