import type { Challenge, Host, SessionUser, TokenContext, TokenReason, TokenSource } from '../contracts.ts';
import type { ValetError } from '../errors.ts';
import { type Answer, callProvider } from './call-provider.ts';
import { judgeError } from './failure.ts';
import { Flight, Turn } from './flight.ts';
import type { SessionState } from './session-state.ts';
import type { Slot } from './slot.ts';
import { about, Verdict } from './verdict.ts';
import type { Wallet } from './wallet.ts';

/** What a refresh is about. */
export interface Errand {
  /** The token whose 401 it answers. */
  readonly rejected?: string | undefined;
  /** The URL that the token is for. */
  readonly resource?: string | undefined;
  /** What the server said with the 401 or the 403. */
  readonly challenge?: Challenge | undefined;
  /** What to ask with, where it is not what the slot asks with. */
  readonly scopes?: readonly string[];
  /** Do not take an answer from a cache. */
  readonly forced?: boolean;
  /** How often it has been asked again because a change of the source overtook it. */
  readonly followUps?: number;
}

/** A source that tells of a change whenever it is asked would be asked for ever. */
const MOST_FOLLOW_UPS = 3;

/** Refreshes one at a time in the whole session, each with the newest refresh token (rule T4). */
export class Refresher<User extends SessionUser> {
  readonly #host: Host;
  readonly #source: TokenSource;
  readonly #wallet: Wallet<User>;
  readonly #verdict: Verdict<User>;
  readonly #deadline: number;
  /** Whose turn it is: the next call is made with the refresh token that this one leaves. */
  #turn: Turn | undefined;

  constructor(
    host: Host,
    source: TokenSource,
    state: SessionState<User>,
    wallet: Wallet<User>,
    deadline: number,
  ) {
    this.#host = host;
    this.#source = source;
    this.#wallet = wallet;
    this.#verdict = new Verdict(host, state, wallet);
    this.#deadline = deadline;
  }

  /** Why nothing is asked until something changes: the session ended, or the user signed out. */
  get latched(): ValetError | undefined {
    return this.#verdict.latched;
  }

  /** The refresh of the slot that is under way, or a new one as soon as it is due and its turn has come. */
  start(slot: Slot, reason: TokenReason, errand: Errand = {}): Flight {
    if (slot.flight) return slot.flight;
    const isRejected = reason === 'rejected';
    // What a step-up asks for is in no cache.
    const { rejected, forced = isRejected || reason === 'scope', scopes = slot.scopes } = errand;
    const flight = new Flight({ reason, rejected: isRejected ? rejected : undefined, forced, scopes });
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
    }
  }

  async #work(slot: Slot, flight: Flight, errand: Errand): Promise<void> {
    const answer = await this.#ask(slot, flight, errand);
    if (slot.flight !== flight) return;
    // It is over before anybody is told: a listener that wants another one gets another one.
    slot.flight = undefined;
    if (answer === undefined) {
      flight.land('failed');
      return;
    }
    const { followUps = 0 } = errand;
    if (flight.overtaken && followUps < MOST_FOLLOW_UPS) {
      // A refresh token that was refused is refused for good, whoever is signed in now (T6).
      if (answer.kind === 'failure' && answer.failure.kind === 'final') this.#wallet.refreshToken = undefined;
      this.start(slot, flight.reason, { ...errand, forced: flight.forced, followUps: followUps + 1 });
      flight.land('superseded');
      return;
    }
    flight.land(this.#verdict.take(slot, answer, flight));
  }

  /** The provider's answer, asked for once more where it looks expired (T2). `undefined`: nobody was asked. */
  async #ask(slot: Slot, flight: Flight, errand: Errand): Promise<Answer | undefined> {
    // The session ended while it waited for its turn.
    if (this.latched) return undefined;
    const { clock, events } = this.#host;
    flight.start = clock.monotonic();
    events.emit('refresh', about(slot, flight));
    // A listener may have signed out just now, or closed the client: then nobody is asked.
    if (slot.flight !== flight) return undefined;
    // What changed before the question is in the answer.
    flight.overtaken = false;
    const answer = await this.#call(slot, flight, errand);
    if (slot.flight !== flight || flight.forced || !this.#wallet.isStale(slot, answer)) return answer;
    flight.insists = true;
    return this.#call(slot, flight, errand);
  }

  async #call(slot: Slot, flight: Flight, { resource, challenge }: Errand): Promise<Answer> {
    const { refreshToken } = this.#wallet;
    const { audience } = slot.need;
    const context: Omit<TokenContext, 'signal'> = {
      reason: flight.reason,
      forceRefresh: flight.forced || flight.insists,
      scopes: flight.scopes,
      ...(audience !== undefined && { audience }),
      ...(flight.rejected !== undefined && { rejectedToken: flight.rejected }),
      ...(refreshToken !== undefined && { refreshToken }),
      ...(resource !== undefined && { resource }),
      ...(challenge !== undefined && { challenge }),
    };
    const answer = await callProvider({
      host: this.#host,
      provider: (asked) => this.#source.getToken(asked),
      context,
      deadline: this.#deadline,
      signal: flight.signal,
    });
    if (slot.flight !== flight) return answer;
    if (answer.kind === 'grant') this.#wallet.remember(answer.grant);
    if (answer.kind === 'failure') this.#wallet.keep(answer.refreshToken);
    return answer;
  }
}
