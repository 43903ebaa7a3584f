/** Medians, interleaved rounds and ratios. Absolute figures drift on a shared machine; ratios within a round stay. */

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/** What each contender was measured with, one value per round. */
export type Samples = ReadonlyMap<string, readonly number[]>;

/**
 * Measures every name once per round, in an order that changes from round to round, so that whatever else the
 * machine does falls on all of them.
 */
export async function interleave(
  names: readonly string[],
  rounds: number,
  measure: (name: string) => number | Promise<number>,
): Promise<Samples> {
  const samples = new Map(names.map((name): [string, number[]] => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled(names)) samples.get(name)?.push(await measure(name));
  }
  return samples;
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

export interface Ratio {
  readonly median: number;
  /** Half of all rounds lie between these two. */
  readonly low: number;
  readonly high: number;
}

/** How `name` compares with `base`, round by round. */
export function ratio(samples: Samples, name: string, base: string): Ratio {
  const divisors = samples.get(base) ?? [];
  const ratios = (samples.get(name) ?? []).map((value, round) => value / (divisors[round] ?? Number.NaN));
  return { median: median(ratios), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) };
}

/** CPU time of this process in microseconds, with its helper threads: garbage collection is part of the price. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
