import type { Challenge, Host, SessionUser, TokenReason, TokenSource } from '../contracts.ts';
import { SessionError, type ValetError } from '../errors.ts';
import { Backoff } from './backoff.ts';
import { type Answer, callProvider } from './call-provider.ts';
import { type Failure, judgeError } from './failure.ts';
import { Flight, type Outcome } from './flight.ts';
import type { SessionState } from './session-state.ts';
import type { Wallet } from './wallet.ts';

/** What a refresh is about. */
export interface Errand {
  /** The token whose 401 it answers. */
  readonly rejected?: string | undefined;
  /** The URL that the token is for. */
  readonly resource?: string | undefined;
  /** What the server said with the 401. */
  readonly challenge?: Challenge | undefined;
  /** Do not take an answer from a cache. */
  readonly forced?: boolean;
  /** How often it has been asked again because a change of the source overtook it. */
  readonly followUps?: number;
}

/** A source that tells of a change whenever it is asked would be asked for ever. */
const MOST_FOLLOW_UPS = 3;

/**
 * Refreshes one at a time, and decides what an answer means for the session: a token, nobody, ended, wrongly
 * configured, or a bad moment (rules T4, T6).
 */
export class Refresher<User extends SessionUser> {
  readonly backoff: Backoff;
  /** The refresh under way. */
  flight: Flight | undefined;
  /** Why nothing is asked until something changes: the session ended, or the configuration is wrong. */
  latched: ValetError | undefined;
  readonly #host: Host;
  readonly #source: TokenSource;
  readonly #state: SessionState<User>;
  readonly #wallet: Wallet<User>;
  readonly #deadline: number;

  constructor(
    host: Host,
    source: TokenSource,
    state: SessionState<User>,
    wallet: Wallet<User>,
    deadline: number,
  ) {
    this.#host = host;
    this.#source = source;
    this.#state = state;
    this.#wallet = wallet;
    this.#deadline = deadline;
    this.backoff = new Backoff(host.clock, () => host.random());
  }

  /** Whether nothing speaks against asking now. */
  get isIdle(): boolean {
    return this.flight === undefined && this.latched === undefined && this.backoff.dueIn() === 0;
  }

  /** The refresh under way, or a new one as soon as it is due. */
  start(reason: TokenReason, errand: Errand = {}): Flight {
    if (this.flight) return this.flight;
    const isRejected = reason === 'rejected';
    const { rejected, forced = isRejected } = errand;
    const flight = new Flight(reason, isRejected ? rejected : undefined, forced);
    this.flight = flight;
    // Whatever breaks on the way, a clock or a random source of the user's: nobody waits for ever.
    this.#fly(flight, errand).catch((error: unknown) => {
      if (this.flight === flight) this.flight = undefined;
      flight.land(this.#fail(judgeError(error, this.#host.redactor), flight));
    });
    return flight;
  }

  /** Whatever is under way is of no use any more; who waits for it looks again. `why`: nothing is asked until it is gone. */
  supersede(why?: ValetError): void {
    const { flight } = this;
    this.flight = undefined;
    this.unlatch(why);
    flight?.land('superseded');
  }

  /**
   * The source changed. A refresh under way goes on, since its answer may bring the only refresh token that is
   * still good (T4), but it is asked once more afterwards.
   */
  overtake(): void {
    this.unlatch();
    if (this.flight) this.flight.overtaken = true;
  }

  /** Something changed: the next request may ask at once. */
  unlatch(why?: ValetError): void {
    this.latched = why;
    this.backoff.reset();
  }

  /** One refresh. What comes after a sign-in, a sign-out or a close belongs to nobody (T8). */
  async #fly(flight: Flight, errand: Errand): Promise<void> {
    const { forced } = flight;
    await this.backoff.due();
    if (this.flight !== flight) return;
    const { clock, events } = this.#host;
    const start = clock.monotonic();
    events.emit('refresh', { reason: flight.reason });
    // A listener may have signed out just now, or closed the client: then nobody is asked.
    if (this.flight !== flight) return;
    // What changed before the question is in the answer.
    flight.overtaken = false;
    let answer = await this.#call(flight, forced, errand);
    const stale = this.flight === flight && !forced && this.#wallet.isStale(answer);
    if (stale) answer = await this.#call(flight, true, errand);
    if (this.flight !== flight) return;
    // It is over before anybody is told: a listener that wants another one gets another one.
    this.flight = undefined;
    const { followUps = 0 } = errand;
    if (flight.overtaken && followUps < MOST_FOLLOW_UPS) {
      // A refresh token that was refused is refused for good, whoever is signed in now (T6).
      if (answer.kind === 'failure' && answer.failure.kind === 'final') this.#wallet.refreshToken = undefined;
      this.start(flight.reason, { ...errand, forced, followUps: followUps + 1 });
      flight.land('superseded');
      return;
    }
    flight.land(this.#take(answer, flight, forced || stale, Math.round(clock.monotonic() - start)));
  }

  async #call(flight: Flight, forceRefresh: boolean, { resource, challenge }: Errand): Promise<Answer> {
    const { refreshToken } = this.#wallet;
    const answer = await callProvider({
      host: this.#host,
      provider: (context) => this.#source.getToken(context),
      context: {
        reason: flight.reason,
        forceRefresh,
        scopes: [],
        ...(flight.rejected !== undefined && { rejectedToken: flight.rejected }),
        ...(refreshToken !== undefined && { refreshToken }),
        ...(resource !== undefined && { resource }),
        ...(challenge !== undefined && { challenge }),
      },
      deadline: this.#deadline,
      signal: flight.signal,
    });
    if (this.flight !== flight) return answer;
    if (answer.kind === 'grant') this.#wallet.remember(answer.grant);
    if (answer.kind === 'failure') this.#wallet.keep(answer.refreshToken);
    return answer;
  }

  #take(answer: Answer, flight: Flight, forced: boolean, ms: number): Outcome {
    if (answer.kind === 'nobody') {
      this.backoff.reset();
      this.#wallet.forget();
      return 'nobody';
    }
    if (answer.kind === 'failure') return this.#fail(answer.failure, flight);
    try {
      this.#wallet.commit(answer.grant, { received: answer.received, forced });
    } catch (error) {
      return this.#fail(judgeError(error, this.#host.redactor), flight);
    }
    this.backoff.reset();
    const lifetime = this.#wallet.current?.lifetime;
    const { reason } = flight;
    this.#host.events.emit('refreshed', { reason, ms, ...(lifetime !== undefined && { lifetime }) });
    return 'token';
  }

  #fail(failure: Failure, flight: Flight): Outcome {
    const { code, retryable, message } = failure.error;
    flight.failure = failure;
    if (failure.kind === 'temporary') this.backoff.failed(failure);
    else this.#latch(failure);
    const retryAfter = failure.kind === 'temporary' ? this.backoff.dueIn() : undefined;
    this.#host.events.emit('refreshfailed', {
      reason: flight.reason,
      code,
      retryable,
      message,
      ...(retryAfter !== undefined && { retryAfter }),
    });
    return 'failed';
  }

  #latch({ kind, error }: Failure): void {
    const hadUser = this.#state.user !== undefined;
    this.backoff.reset();
    this.latched = error;
    if (kind === 'final') {
      this.#wallet.drop();
      // Where nobody ever was signed in, there is no session that could end.
      if (!hadUser) this.latched = new SessionError('SIGNED_OUT', { cause: error });
      this.#state.ended(error);
    } else if (!hadUser) {
      this.#state.signedOut();
    }
  }
}
