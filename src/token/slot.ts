import type { Clock, Need } from '../contracts.ts';
import type { ValetError } from '../errors.ts';
import { Backoff } from './backoff.ts';
import { Bucket } from './bucket.ts';
import type { Flight } from './flight.ts';
import type { HeldToken } from './held-token.ts';

/**
 * One access token of a session, for one audience and one set of scopes (rule T12). What goes wrong with it holds
 * up no other.
 */
export class Slot {
  readonly need: Need;
  /** What its token is asked with: what requests need, and what a step-up has added (T13). */
  scopes: readonly string[];
  current: HeldToken | undefined;
  /** The source said that its state changed: what is held may be another user's. */
  suspect = false;
  /** The subject that its token named last. Issuers may name one user differently for each audience. */
  subject: unknown;
  /** The refresh under way, or waiting for its turn. */
  flight: Flight | undefined;
  /** Why this one is not asked for until something changes. */
  latched: ValetError | undefined;
  readonly backoff: Backoff;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();
  /** Scopes that a step-up did not bring. */
  readonly #vain = new Set<string>();

  constructor(need: Need, clock: Clock, random: () => number) {
    this.need = need;
    this.#clock = clock;
    this.scopes = need.scopes;
    this.backoff = new Backoff(clock, random);
  }

  /** Whether nothing speaks against asking now. */
  get isIdle(): boolean {
    return this.flight === undefined && this.latched === undefined && this.backoff.dueIn() === 0;
  }

  /** Whether nothing is lost with it: neither how often its token was refused, nor what was asked for in vain. */
  get isForgettable(): boolean {
    const areFull = Array.from(this.#buckets.values()).every((bucket) => bucket.isFull);
    return this.isIdle && areFull && this.#vain.size === 0;
  }

  /** Draws on what refusals of `origin` may cause (T11). */
  mayRefreshFor(origin: string): boolean {
    const bucket = this.#buckets.get(origin) ?? new Bucket(this.#clock);
    this.#buckets.set(origin, bucket);
    return bucket.draw();
  }

  /** Whether some server has refused so many tokens that no more are fetched for it. */
  get isRefused(): boolean {
    return Array.from(this.#buckets.values()).some((bucket) => bucket.isEmpty);
  }

  isVain(scopes: readonly string[]): boolean {
    return this.#vain.has(scopes.join(' '));
  }

  addVain(scopes: readonly string[]): void {
    this.#vain.add(scopes.join(' '));
  }

  /** What a step-up has added is not to be had any more: an elevation is often shorter than the session (T13). */
  narrow(): void {
    this.addVain(this.scopes);
    this.scopes = this.need.scopes;
  }

  /** Something changed: the next request may ask at once. */
  unlatch(): void {
    this.latched = undefined;
    this.#vain.clear();
    this.backoff.reset();
  }

  /** Forgets the token. Whose it was stays known: the same user may come back. */
  drop(): void {
    this.current = undefined;
    this.suspect = false;
  }

  /** Forgets the token, its user and what was asked for on top. */
  forget(): void {
    this.drop();
    this.subject = undefined;
    this.scopes = this.need.scopes;
  }
}
