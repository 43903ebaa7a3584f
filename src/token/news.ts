/** A store that tells of a change whenever it is read would be read for ever. */
const MOST_FOLLOW_UPS = 3;

/** How often a store has told that somebody else may have stored something, and how much of that was looked at. */
export class News {
  #told = 0;
  #heard = 0;
  /** How many looks in a row were told of something while they were reading. */
  #followUps = 0;

  /** How often it has told so far. */
  get told(): number {
    return this.#told;
  }

  get isUnheard(): boolean {
    return this.#heard < this.#told;
  }

  /** Whether it tells so often that it is looked at after a while, as if it told nothing. */
  get isTooMuch(): boolean {
    return this.#followUps > MOST_FOLLOW_UPS;
  }

  tell(): void {
    this.#told++;
  }

  /** All that it had told when `told` was read has been looked at. */
  heard(told: number): void {
    this.#heard = told;
  }

  /** A look is over. Returns whether it was told of something meanwhile that is to be looked at right away. */
  mayFollowUp(): boolean {
    this.#followUps = this.isUnheard ? this.#followUps + 1 : 0;
    return this.isUnheard && !this.isTooMuch;
  }
}
