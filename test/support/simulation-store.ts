import type { SessionDocument, TokenStore } from '../../src/contracts.ts';
import type { Chance } from './simulation-chance.ts';
import type { SimulatedProcess } from './simulation-process.ts';
import type { Timeline } from './simulation-time.ts';

export interface StoreFaults {
  /** Milliseconds of one operation, at most. */
  readonly latency: number;
  /** How often something is stored and the answer is lost. */
  readonly ambiguous: number;
  /** How often an operation takes seconds, longer than anybody waits for it. */
  readonly stuck: number;
  /** Milliseconds between outages, on average; 0: none. */
  readonly outageEvery: number;
  readonly longestOutage: number;
  /** Whether it tells of changes. */
  readonly tells: boolean;
  /** Whether it can tell that the owner of a claim has died. */
  readonly proves: boolean;
}

/** Called before a process hears of an answer: it may die or stand still of it. */
export type Hazard = (process: SimulatedProcess, where: 'store' | 'issuer') => void;

const OUTAGE_TELLS = 1000;

/** One document that is swapped as one step, over a network, with a clock of its own. */
export class SimulatedStore {
  readonly #timeline: Timeline;
  readonly #chance: Chance;
  readonly #faults: StoreFaults;
  readonly #hazard: Hazard;
  readonly #skew: number;
  readonly #dead: (owner: string) => boolean;
  #json: string | undefined;
  #version: number | undefined;
  #outUntil = 0;
  #isCalm = true;
  readonly #listeners = new Map<SimulatedProcess, Set<() => void>>();

  constructor(parts: {
    readonly timeline: Timeline;
    readonly chance: Chance;
    readonly faults: StoreFaults;
    readonly skew: number;
    readonly hazard: Hazard;
    readonly dead: (owner: string) => boolean;
  }) {
    this.#timeline = parts.timeline;
    this.#chance = parts.chance;
    this.#faults = parts.faults;
    this.#hazard = parts.hazard;
    this.#skew = parts.skew;
    this.#dead = parts.dead;
    if (parts.faults.outageEvery > 0) this.#planOutage();
  }

  /** Without faults, for a beginning and an end. */
  set calm(isCalm: boolean) {
    this.#isCalm = isCalm;
    if (isCalm) this.#outUntil = 0;
  }

  get document(): SessionDocument | undefined {
    return this.#json === undefined ? undefined : (JSON.parse(this.#json) as SessionDocument);
  }

  /** The store as one process reaches it. */
  for(process: SimulatedProcess): TokenStore {
    const { tells, proves } = this.#faults;
    return {
      owner: process.owner,
      read: () => this.#ask(process, () => this.document),
      swap: (expected, next) => this.#ask(process, () => this.#swap(process, expected, next), true),
      now: () => this.#ask(process, () => this.#now()),
      ...(proves && { ownerGone: (owner: string) => this.#ask(process, () => this.#dead(owner)) }),
      ...(tells && { subscribe: (changed: () => void) => this.#subscribe(process, changed) }),
    };
  }

  #now(): number {
    return Date.UTC(2026, 0, 1) + this.#skew + this.#timeline.now;
  }

  #swap(process: SimulatedProcess, expected: SessionDocument | undefined, next: SessionDocument): boolean {
    if (this.#version !== expected?.version) return false;
    this.#version = next.version;
    this.#json = JSON.stringify(next);
    for (const [other, listeners] of this.#listeners) {
      if (other.isDead) this.#listeners.delete(other);
      if (other === process) continue;
      this.#timeline.after(this.#chance.uniform(1, this.#faults.latency), () => {
        for (const changed of listeners) other.deliver(changed);
      });
    }
    return true;
  }

  #subscribe(process: SimulatedProcess, changed: () => void): () => void {
    const listeners = this.#listeners.get(process) ?? new Set();
    this.#listeners.set(process, listeners.add(changed));
    return () => void listeners.delete(changed);
  }

  #ask<T>(process: SimulatedProcess, apply: () => T, isWrite = false): Promise<T> {
    const { latency, ambiguous, stuck } = this.#faults;
    const isStuck = !this.#isCalm && this.#chance.happens(stuck);
    const there = this.#chance.uniform(0.5, latency / 2) + (isStuck ? this.#chance.uniform(0, 8000) : 0);
    const back = this.#chance.uniform(0.5, latency / 2) + (isStuck ? this.#chance.uniform(0, 8000) : 0);
    return new Promise((resolve, reject) => {
      const answer = (ms: number, tell: () => void): void =>
        this.#timeline.after(ms, () => {
          if (!this.#isCalm) this.#hazard(process, 'store');
          process.deliver(tell);
        });
      const fail = (ms: number): void => answer(ms, () => reject(new Error('store out of reach')));
      this.#timeline.after(there, () => {
        if (this.#timeline.now < this.#outUntil) return fail(OUTAGE_TELLS);
        const result = apply();
        if (isWrite && !this.#isCalm && this.#chance.happens(ambiguous)) fail(back);
        else answer(back, () => resolve(result));
      });
    });
  }

  #planOutage(): void {
    const { outageEvery, longestOutage } = this.#faults;
    this.#timeline.after(-Math.log(1 - this.#chance.random()) * outageEvery, () => {
      if (!this.#isCalm) this.#outUntil = this.#timeline.now + this.#chance.uniform(500, longestOutage);
      this.#planOutage();
    });
  }
}
