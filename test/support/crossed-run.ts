import { createSteppedClock } from '../../src/testing/clock.ts';
import type { ManualClock } from './clock.ts';
import { type Chance, createChance } from './simulation-chance.ts';

/** What may go wrong in one run, and how often. Times are in milliseconds, and the most that something takes. */
export interface Conditions {
  readonly clients: number;
  readonly users: readonly [string, ...string[]];
  readonly storeLag: number;
  /** Whether the store tells of changes. */
  readonly tells: boolean;
  readonly tellingLag: number;
  /** How often a write fails before it is stored; a read half as often. */
  readonly failing: number;
  /** How often a write is stored and its answer is lost. */
  readonly losing: number;
  /** How often a write arrives after its sender has given up. */
  readonly straying: number;
  readonly issuerLag: number;
  readonly unavailable: number;
  /** Whether an administrator ends sessions now and then. */
  readonly ends: boolean;
  /** Whether the issuer hears of sign-outs. */
  readonly revokes: boolean;
  readonly apiLag: number;
  /** Seconds that an access token lives. */
  readonly lifetime: number;
  readonly signsOut: boolean;
  readonly closes: boolean;
  /** Whether all clients begin with the same tokens. */
  readonly beginsTogether: boolean;
  /** Whether later clients bring tokens of their own. */
  readonly beginsLater: boolean;
  readonly audiences: boolean;
  /** How often something takes no time at all. */
  readonly atOnce: number;
}

function drawConditions(chance: Chance): Conditions {
  const happens = (probability: number): boolean => chance.happens(probability);
  const clients = pick(chance, [2, 2, 3]);
  const isFaulty = happens(0.7);
  return {
    clients,
    users: pick(chance, [['ada'], ['ada', 'bob']]),
    storeLag: pick(chance, [5, 50, 300, 300, 1400]),
    tells: happens(0.5),
    tellingLag: pick(chance, [0, 10, 300]),
    failing: isFaulty ? pick(chance, [0, 0.05, 0.2]) : 0,
    losing: isFaulty ? pick(chance, [0, 0.05, 0.2]) : 0,
    straying: isFaulty ? pick(chance, [0, 0, 0.1]) : 0,
    issuerLag: pick(chance, [0, 50, 1000, 8000]),
    unavailable: pick(chance, [0, 0, 0.1, 0.3]),
    ends: happens(0.25),
    revokes: happens(0.4),
    apiLag: pick(chance, [0, 20, 400]),
    lifetime: pick(chance, [10, 10, 60, 300]),
    signsOut: happens(0.7),
    closes: happens(0.5),
    beginsTogether: happens(0.4),
    beginsLater: happens(0.4),
    audiences: happens(0.3),
    atOnce: pick(chance, [0.1, 0.3, 0.6]),
  };
}

export function pick<T>(chance: Chance, [first, ...others]: readonly [T, ...T[]]): T {
  const index = Math.floor(chance.random() * (others.length + 1));
  return others[index - 1] ?? first;
}

/** The time, the luck and the findings of one run. The same seed gives the same run. */
export class CrossedRun {
  readonly seed: number;
  readonly chance: Chance;
  readonly conditions: Conditions;
  readonly clock: ManualClock = createSteppedClock(undefined, turn);
  /** Which rules were broken, each once. */
  readonly broken = new Set<string>();
  /** All that happened, line by line. */
  readonly story: string[] = [];
  /** Nothing goes wrong any more, and everything has to settle. */
  isCalm = false;
  readonly #seen: Map<string, number>;
  readonly #start: number;

  constructor(seed: number, seen: Map<string, number>) {
    this.seed = seed;
    this.#seen = seen;
    this.chance = createChance(seed);
    this.conditions = drawConditions(this.chance);
    this.#start = this.clock.monotonic();
    this.log(JSON.stringify(this.conditions));
  }

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.clock.monotonic() - this.#start;
  }

  log(what: string): void {
    this.story.push(`${String(this.now).padStart(8)} ${what}`);
  }

  /** Counts what was reached: a run in which nothing happens shows nothing. */
  see(what: string): void {
    this.#seen.set(what, (this.#seen.get(what) ?? 0) + 1);
  }

  must(isTrue: boolean, rule: string): void {
    if (isTrue) return;
    this.log(`!!! ${rule}`);
    this.broken.add(rule);
  }

  /** Whether something goes wrong now. */
  mishap(probability: number): boolean {
    return !this.isCalm && this.chance.happens(probability);
  }

  /** Milliseconds up to `most`: mostly few, often none. */
  lag(most: number): number {
    const { chance, conditions } = this;
    if (this.isCalm || most === 0 || chance.happens(conditions.atOnce)) return 0;
    return Math.floor(chance.uniform(0, chance.happens(0.5) ? most : most / 10));
  }

  async pass(ms: number): Promise<void> {
    if (ms > 0) return new Promise((resolve) => void this.clock.setTimeout(resolve, ms));
    // Some take a few turns of the event loop's microtasks more than others.
    if (this.isCalm || this.chance.happens(0.5)) return;
    await Promise.resolve();
    await Promise.resolve();
  }
}

/** As `settle()`, which is too slow for so many steps. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
