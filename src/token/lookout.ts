import { elapsed, type Moment, moment } from '../clock.ts';
import type { Clock } from '../contracts.ts';
import { News } from './news.ts';

/** Milliseconds that a look stays good where the store does not tell of changes. */
const LOOK_AGAIN = 500;

/** When to look at a store again: when it tells, or after a while; while it is down, without anybody waiting for it. */
export class Lookout {
  readonly news: News = new News();
  /** Whether the store has failed, and has not worked since. */
  isDown = false;
  readonly #clock: Clock;
  readonly #subscribes: boolean;
  #lookedAt: Moment | undefined;

  constructor(clock: Clock, subscribes: boolean) {
    this.#clock = clock;
    this.#subscribes = subscribes;
  }

  looked(): void {
    this.#lookedAt = moment(this.#clock);
  }

  /** Whether a request has to look first. Before the first look it is a refresh that looks. */
  get isDue(): boolean {
    if (this.#lookedAt === undefined) return false;
    // What it told of while it was down may not have been read.
    if (this.#tells) return this.news.isUnheard || (this.isDown && this.#isOld);
    return !this.isDown && this.#isOld;
  }

  get isDueAside(): boolean {
    return this.isDown && !this.#tells && this.#isOld;
  }

  get #tells(): boolean {
    return this.#subscribes && !this.news.isTooMuch;
  }

  get #isOld(): boolean {
    return this.#lookedAt !== undefined && elapsed(this.#clock, this.#lookedAt) >= LOOK_AGAIN;
  }
}
