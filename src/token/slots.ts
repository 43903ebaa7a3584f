import type { Clock, Need } from '../contracts.ts';
import { phaseOf } from './freshness.ts';
import { Slot } from './slot.ts';

/** What asks for nothing in particular. */
export const PLAIN_NEED: Need = { scopes: [], audience: undefined };

/** What is asked for again and again is far less: an audience for each tenant of a program, perhaps. */
const MOST_SLOTS = 1000;

/** The slots of a session, made when they are first asked for. */
export class Slots {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #plain: Slot;
  readonly #slots = new Map<string, Slot>();
  /** What the tokens were granted that were dropped last. */
  #grantedLast: readonly ReadonlySet<string>[] = [];

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
    this.#plain = this.#add(PLAIN_NEED);
  }

  get all(): readonly Slot[] {
    return Array.from(this.#slots.values());
  }

  /** The slot for `need`. `kept` is not given up for it. */
  get(need: Need, kept?: Slot): Slot {
    if (need.audience === undefined && need.scopes.length === 0) return this.#plain;
    return this.#slots.get(keyOf(need)) ?? this.#add(need, kept);
  }

  /** Whether a token was granted `scope`; in a session that has ended, where none is left, one of its last. */
  isGranted(scope: string): boolean {
    const granted = this.#granted;
    return (granted.length > 0 ? granted : this.#grantedLast).some((scopes) => scopes.has(scope));
  }

  /** Drops the tokens. What they were granted stays known, as their user does. */
  drop(): void {
    const granted = this.#granted;
    if (granted.length > 0) this.#grantedLast = granted;
    for (const slot of this.all) slot.drop();
  }

  forgetAllBut(kept?: Slot): void {
    this.#grantedLast = [];
    for (const slot of this.all) if (slot !== kept) slot.forget();
  }

  get #granted(): readonly ReadonlySet<string>[] {
    return this.all.flatMap(({ current }) => current?.scopes ?? []);
  }

  #add(need: Need, kept?: Slot): Slot {
    // An audience for each record of a table must not fill the memory, not even with tokens that never end.
    for (const [key, slot] of this.#slots) {
      const isEnded = slot.current === undefined || phaseOf(this.#clock, slot.current) === 'ended';
      // Nor with audiences that are refused: beyond the limit the oldest goes, whatever is known of it.
      const isFull = this.#slots.size >= MOST_SLOTS && slot.flight === undefined;
      const isOver = isFull || (isEnded && slot.isForgettable);
      if (!isOver || slot === this.#plain || slot === kept) continue;
      // What it listens to would stay for good.
      slot.unlatch();
      this.#slots.delete(key);
    }
    const { scopes, audience } = need;
    // Nothing else of a request: the need outlives it, and is stored.
    const slot = new Slot({ scopes, audience }, this.#clock, this.#random);
    // An issuer that asked for a wait is not asked for something else meanwhile (T6).
    const { backoff } = this.all.find((one) => one.backoff.isAskedFor) ?? slot;
    if (backoff.failure) slot.backoff.failed({ ...backoff.failure, retryAfter: backoff.dueIn() });
    this.#slots.set(keyOf(need), slot);
    return slot;
  }
}

function keyOf({ audience, scopes }: Need): string {
  return JSON.stringify([audience, ...scopes]);
}
