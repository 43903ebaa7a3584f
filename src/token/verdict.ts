import type { Host, SessionUser } from '../contracts.ts';
import { SessionError, type ValetError } from '../errors.ts';
import type { RefreshEvent } from '../events.ts';
import type { Answer } from './call-provider.ts';
import { type Failure, judgeError, nothingFor, refuseOne } from './failure.ts';
import type { Flight, Outcome } from './flight.ts';
import { lifeOf } from './freshness.ts';
import type { SessionState } from './session-state.ts';
import type { Slot } from './slot.ts';
import { covers } from './step-up.ts';
import type { Wallet } from './wallet.ts';

/**
 * What an answer of the provider means for the session: a token, nobody, ended, wrongly configured, or a bad
 * moment (rule T6). Only a final one ends it.
 */
export class Verdict<User extends SessionUser> {
  /** Why nothing is asked until something changes: the session ended, or the user signed out. */
  latched: ValetError | undefined;
  readonly #host: Host;
  readonly #state: SessionState<User>;
  readonly #wallet: Wallet<User>;

  constructor(host: Host, state: SessionState<User>, wallet: Wallet<User>) {
    this.#host = host;
    this.#state = state;
    this.#wallet = wallet;
  }

  unlatch(why?: ValetError): void {
    this.latched = why;
    for (const slot of this.#wallet.slots) slot.unlatch();
  }

  take(slot: Slot, answer: Answer, flight: Flight): Outcome {
    if (answer.kind === 'nobody') {
      slot.backoff.reset();
      const { home } = this.#wallet;
      // Nothing for a further audience or more scopes says nothing of a session that has something (T12, T13).
      const isFurther = slot !== home || flight.reason === 'scope';
      const hasMore = this.#wallet.usable(home) !== undefined || this.#wallet.refreshToken !== undefined;
      if (isFurther && hasMore) return this.fail(slot, nothingFor(), flight);
      this.#wallet.forget();
      return 'nobody';
    }
    if (answer.kind === 'failure') return this.fail(slot, answer.failure, flight);
    const { reason, scopes } = flight;
    try {
      const forced = flight.forced || flight.insists;
      this.#wallet.commit(slot, answer.grant, { received: answer.received, forced, scopes });
    } catch (error) {
      return this.fail(slot, judgeError(error, this.#host.redactor), flight);
    }
    slot.backoff.reset();
    if (reason === 'scope') this.#noteStepUp(slot, scopes);
    const now = this.#host.clock.monotonic();
    const ms = Math.round(now - (flight.start ?? now));
    this.#host.events.emit('refreshed', {
      ...about(slot, flight),
      ...lifeOf(slot.current),
      ms,
    });
    return 'token';
  }

  /** What was granted is asked for from now on; what was not is not asked for again (T13). */
  #noteStepUp(slot: Slot, scopes: readonly string[]): void {
    if (covers(slot.current?.scopes ?? [], scopes)) slot.scopes = scopes;
    else slot.addVain(scopes);
  }

  fail(slot: Slot, told: Failure, flight: Flight): Outcome {
    const isFurther =
      flight.reason === 'scope' || (slot !== this.#wallet.home && this.#state.user !== undefined);
    const failure = told.wantsUser && isFurther ? refuseOne(told.wantsUser, told.error) : told;
    flight.failure = failure;
    if (failure.kind === 'temporary') this.#backOff(slot, failure);
    else if (failure.kind === 'final') this.#end(failure.error);
    else if (flight.reason === 'scope') slot.addVain(flight.scopes);
    else this.#refuse(slot, failure.error);
    const { code, retryable, message } = failure.error;
    const retryAfter = failure.kind === 'temporary' ? slot.backoff.dueIn() : undefined;
    this.#host.events.emit('refreshfailed', {
      ...about(slot, flight),
      code,
      retryable,
      message,
      ...(retryAfter !== undefined && { retryAfter }),
    });
    return 'failed';
  }

  /** What an issuer asks for holds for all that would be asked of it. */
  #backOff(slot: Slot, failure: Failure): void {
    const slots = failure.retryAfter === undefined ? [slot] : this.#wallet.slots;
    for (const each of slots) each.backoff.failed(failure);
  }

  #end(error: SessionError): void {
    const hadUser = this.#state.user !== undefined;
    this.unlatch();
    // Where nobody ever was signed in, there is no session that could end.
    this.latched = hadUser ? error : new SessionError('SIGNED_OUT', { cause: error });
    this.#wallet.drop();
    this.#state.ended(error);
  }

  #refuse(slot: Slot, error: ValetError): void {
    slot.backoff.reset();
    slot.latched = error;
    if (this.#state.user === undefined) this.#state.signedOut();
  }
}

/** What events say of a refresh. */
export function about({ need }: Slot, { reason, scopes }: Flight): RefreshEvent {
  const { audience } = need;
  return { reason, ...(audience !== undefined && { audience }), ...(scopes.length > 0 && { scopes }) };
}
