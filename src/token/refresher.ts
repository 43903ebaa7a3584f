import type { Host, SessionUser, TokenReason, TokenSource } from '../contracts.ts';
import type { ValetError } from '../errors.ts';
import { ownOf } from '../options.ts';
import { Asker, type Errand } from './asker.ts';
import type { Answer } from './call-provider.ts';
import { judgeError } from './failure.ts';
import { Flight, type Outcome, Turn } from './flight.ts';
import { followUp } from './follow-up.ts';
import type { Lease } from './lease.ts';
import type { SessionState } from './session-state.ts';
import type { Sharing } from './sharing.ts';
import type { Slot } from './slot.ts';
import { Verdict } from './verdict.ts';
import type { Wallet } from './wallet.ts';

export interface RefresherParts<User extends SessionUser> {
  readonly host: Host;
  readonly source: TokenSource;
  readonly state: SessionState<User>;
  readonly wallet: Wallet<User>;
  readonly deadline: number;
  /** Where the session is shared: who may redeem its refresh token (T14). */
  readonly sharing: Sharing | undefined;
}

/** Refreshes one at a time in the whole session, each with the newest refresh token (rule T4). */
export class Refresher<User extends SessionUser> {
  readonly #host: Host;
  readonly #wallet: Wallet<User>;
  readonly #verdict: Verdict<User>;
  readonly #sharing: Sharing | undefined;
  readonly #asker: Asker<User>;
  /** Whose turn it is: the next call is made with the refresh token that this one leaves. */
  #turn: Turn | undefined;

  constructor({ host, source, state, wallet, deadline, sharing }: RefresherParts<User>) {
    this.#host = host;
    this.#wallet = wallet;
    this.#verdict = new Verdict(host, state, wallet);
    this.#sharing = sharing;
    this.#asker = new Asker(host, source, wallet, deadline);
  }

  /** Why nothing is asked until something changes: the session ended, or the user signed out. */
  get latched(): ValetError | undefined {
    return this.#verdict.latched;
  }

  /** The refresh of the slot that is under way, or a new one as soon as it is due and its turn has come. */
  start(slot: Slot, reason: TokenReason, given: Errand = {}): Flight {
    if (slot.flight) return slot.flight;
    const isRejected = reason === 'rejected';
    const errand = ownOf(given);
    // What a step-up asks for is in no cache.
    const { rejected, forced = isRejected || reason === 'scope', scopes = slot.scopes } = errand;
    const before = slot.current?.token.value;
    const refused = isRejected ? rejected : undefined;
    const flight = new Flight({ reason, rejected: refused, forced, scopes, before });
    // A closed client asks nobody any more, whatever is left to be asked.
    if (this.#host.signal.aborted) {
      flight.land('superseded');
      return flight;
    }
    slot.flight = flight;
    // Whatever breaks on the way, a clock or a random source of the user's: nobody waits for ever.
    this.#fly(slot, flight, errand).catch((error: unknown) => {
      if (slot.flight === flight) slot.flight = undefined;
      flight.land(this.#verdict.fail(slot, judgeError(error, this.#host.redactor), flight));
    });
    return flight;
  }

  /** Whatever is under way is of no use any more; who waits for it looks again. `why`: nothing is asked until it is gone. */
  supersede(why?: ValetError): void {
    const flights = this.#wallet.slots.map((slot) => {
      const { flight } = slot;
      slot.flight = undefined;
      return flight;
    });
    this.unlatch(why);
    for (const flight of flights) flight?.land('superseded');
  }

  /** As `supersede`, but what redeems the refresh token of a shared session goes on: its answer is stored (T14). */
  close(): void {
    const redeeming = this.#wallet.slots.filter(({ flight }) => flight?.isRedeeming === true);
    const flights = redeeming.map(({ flight }) => flight);
    for (const slot of redeeming) slot.flight = undefined;
    this.supersede();
    for (const [index, slot] of redeeming.entries()) {
      slot.flight = flights[index];
      slot.flight?.free();
    }
  }

  /**
   * The source changed. A refresh under way goes on, since its answer may bring the only refresh token that is
   * still good (T4), but it is asked once more afterwards.
   */
  overtake(): void {
    this.unlatch();
    for (const { flight } of this.#wallet.slots) if (flight) flight.overtaken = true;
  }

  /** Something changed: the next request may ask at once. */
  unlatch(why?: ValetError): void {
    this.#verdict.unlatch(why);
  }

  /** One refresh. What comes after a sign-in, a sign-out or a close belongs to nobody (T8). */
  async #fly(slot: Slot, flight: Flight, errand: Errand): Promise<void> {
    await slot.backoff.due();
    while (this.#turn) await this.#turn.done;
    if (slot.flight !== flight) return;
    if (slot.backoff.dueIn() > 0) {
      // Meanwhile the issuer has asked for a pause: whoever waits decides anew (T6).
      slot.flight = undefined;
      flight.failure = slot.backoff.failure;
      flight.land('failed');
      return;
    }
    const turn = new Turn();
    this.#turn = turn;
    try {
      await this.#work(slot, flight, errand);
    } finally {
      this.#turn = undefined;
      turn.end();
      // What has gone on after the close and failed listens for the network again.
      if (this.#host.signal.aborted) this.unlatch();
    }
  }

  async #work(slot: Slot, flight: Flight, errand: Errand): Promise<void> {
    const lease = this.#sharing && (await this.#claim(slot, flight));
    if (lease === 'done') return;
    flight.isRedeeming = lease?.refreshToken !== undefined;
    // The session may have ended while it waited for its turn.
    const answer = this.latched ? undefined : await this.#asker.ask(slot, flight, errand, lease);
    if (slot.flight !== flight) {
      // Nothing comes of it. A refresh token that is on its way stays claimed, or is gone from the store.
      if (lease && !flight.isRedeeming) await this.#sharing?.release(lease);
      return;
    }
    if (lease) await this.#landShared(slot, flight, errand, answer, lease);
    else this.#land(slot, flight, errand, answer);
  }

  /** The right to ask, where the session is shared; `'done'`: somebody else has refreshed, or it cannot be had. */
  async #claim(slot: Slot, flight: Flight): Promise<Lease | 'done' | undefined> {
    if (this.latched) return undefined;
    const claimed = await this.#sharing?.claim(slot, flight);
    if (claimed?.kind === 'lease') return claimed.lease;
    if (claimed?.kind === 'gone' || slot.flight !== flight) return 'done';
    slot.flight = undefined;
    const outcome = claimed?.kind === 'failure' ? this.#verdict.fail(slot, claimed.failure, flight) : 'token';
    flight.land(outcome);
    return 'done';
  }

  /** As `#land`, and what came of it is stored before the next one has its turn. */
  async #landShared(
    slot: Slot,
    flight: Flight,
    errand: Errand,
    told: Answer | undefined,
    lease: Lease,
  ): Promise<void> {
    let answer = told;
    if (told?.kind === 'failure' && told.failure.kind === 'final') {
      const judged = await this.#sharing?.appeal(lease, slot, flight, told.failure);
      if (slot.flight !== flight) return;
      if (judged === 'served') {
        slot.flight = undefined;
        flight.land('token');
        return;
      }
      if (judged) answer = { kind: 'failure', failure: judged };
    }
    const outcome = this.#land(slot, flight, errand, answer);
    await this.#sharing?.settle(lease, slot, answer, outcome);
  }

  #land(slot: Slot, flight: Flight, errand: Errand, answer: Answer | undefined): Outcome {
    // It is over before anybody is told: a listener that wants another one gets another one.
    slot.flight = undefined;
    if (answer === undefined) return flight.land('failed');
    const again = followUp(slot, flight, errand, answer, this.#wallet);
    if (again) {
      this.start(slot, flight.reason, again);
      return flight.land('superseded');
    }
    const outcome = flight.land(this.#verdict.take(slot, answer, flight));
    // Two names for one user, or another user who came without a word: the token that told who it is knows.
    const { home } = this.#wallet;
    const isAskable = this.latched === undefined && home.latched === undefined;
    if (outcome === 'token' && home.suspect && isAskable) this.start(home, 'initial');
    return outcome;
  }
}
