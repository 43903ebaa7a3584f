import { alarm } from '../clock.ts';
import type { Clock, TokenReason } from '../contracts.ts';
import type { Failure } from './failure.ts';

/** What a refresh came to. `superseded`: a sign-in, a sign-out or a close made it pointless. */
export type Outcome = 'token' | 'nobody' | 'failed' | 'superseded';

/** What a refresh is for. */
export interface FlightPlan {
  readonly reason: TokenReason;
  /** The token whose 401 it answers. */
  readonly rejected: string | undefined;
  /** Whether its token must not come from a cache. */
  readonly forced: boolean;
  /** What the token is asked with. */
  readonly scopes: readonly string[];
  /** The token in use when it started. */
  readonly before: string | undefined;
}

/**
 * One refresh under way, shared by all who need its token. It never rejects: who waited looks at the state
 * afterwards, so there is no rejection that could be unhandled (T4).
 */
export class Flight implements FlightPlan {
  readonly reason: TokenReason;
  readonly rejected: string | undefined;
  readonly forced: boolean;
  readonly scopes: readonly string[];
  readonly before: string | undefined;
  /** When the provider was asked, on the monotonic clock; `undefined`: it was not, as yet. */
  start: number | undefined;
  /** The first answer looked expired: the next one must not come from a cache. */
  insists = false;
  /** It redeems the refresh token of a shared session: what it brings is for the others, too. */
  isRedeeming = false;
  /** The source changed while it was under way: its answer may be of the state before. */
  overtaken = false;
  /** Why it failed. */
  failure: Failure | undefined;
  readonly done: Promise<Outcome>;
  readonly #controller = new AbortController();
  #land: (outcome: Outcome) => void = () => {};

  constructor({ reason, rejected, forced, scopes, before }: FlightPlan) {
    this.reason = reason;
    this.rejected = rejected;
    this.forced = forced;
    this.scopes = scopes;
    this.before = before;
    this.done = new Promise((resolve) => {
      this.#land = resolve;
    });
  }

  /** Aborts when its answer is of no use any more. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  land(outcome: Outcome): Outcome {
    if (outcome === 'superseded') this.#controller.abort();
    this.#land(outcome);
    return outcome;
  }

  /** Nobody here waits for it any more, and it goes on. */
  free(): void {
    this.#land('superseded');
  }

  /**
   * The outcome, or `timeout` after `patience` ms, or `superseded` once the caller's `signal` aborts: the waiting
   * ends, the refresh goes on.
   */
  wait(clock: Clock, patience: number, signal?: AbortSignal): Promise<Outcome | 'timeout'> {
    return new Promise((resolve) => {
      const leave = (): void => end('superseded');
      const end = (outcome: Outcome | 'timeout'): void => {
        cancel();
        signal?.removeEventListener('abort', leave);
        resolve(outcome);
      };
      // A script whose request waits for a token must not end before it is told how that went.
      const cancel = alarm(clock, patience, () => end('timeout'), true);
      signal?.addEventListener('abort', leave);
      // What it waits for may have aborted it by now, and then no event comes.
      if (signal?.aborted === true) leave();
      void this.done.then(end);
    });
  }
}

/** The time of one call: whoever waits for the next one waits for its end. */
export class Turn {
  readonly done: Promise<void>;
  end: () => void = () => {};

  constructor() {
    this.done = new Promise((resolve) => {
      this.end = resolve;
    });
  }
}
