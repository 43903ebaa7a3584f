/** Randomness that a seed decides: the same run again for the same seed. */
export interface Chance {
  /** From 0 up to 1. */
  readonly random: () => number;
  uniform(least: number, most: number): number;
  /** As likely between 10 and 100 as between 100 and 1000. */
  spread(least: number, most: number): number;
  happens(probability: number): boolean;
}

export function createChance(seed: number): Chance {
  let state = seed | 0;
  const random = (): number => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const uniform = (least: number, most: number): number => least + random() * (most - least);
  return {
    random,
    uniform,
    spread: (least, most) => Math.exp(uniform(Math.log(least), Math.log(most))),
    happens: (probability) => probability > 0 && random() < probability,
  };
}
