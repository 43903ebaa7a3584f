import { elapsed, moment } from '../clock.ts';
import type { AccessToken, CredentialQuery, Host, SessionUser, TokenReason } from '../contracts.ts';
import { ConfigError, SessionError } from '../errors.ts';
import { isAboutToken } from './about-token.ts';
import type { Errand } from './asker.ts';
import { explainRefusals } from './bucket.ts';
import { timedOut } from './call-provider.ts';
import type { Flight, Outcome } from './flight.ts';
import type { Refresher } from './refresher.ts';
import { repeatError } from './repeat-error.ts';
import type { SessionState } from './session-state.ts';
import type { Slot } from './slot.ts';
import { covers, stepUpScopes, union } from './step-up.ts';
import type { Wallet } from './wallet.ts';

type Query = CredentialQuery<AccessToken>;

export interface WaiterParts<User extends SessionUser> {
  readonly host: Host;
  readonly state: SessionState<User>;
  readonly wallet: Wallet<User>;
  readonly refresher: Refresher<User>;
  readonly deadline: number;
  /** Scopes that a 403 may cause to be asked for. */
  readonly stepUp: ReadonlySet<string>;
  readonly scheme: string | undefined;
}

/** Waits for a token on behalf of a request: for the refresh under way, else for a new one (rules T4, T5, T13). */
export class Waiter<User extends SessionUser> {
  readonly #host: Host;
  readonly #state: SessionState<User>;
  readonly #wallet: Wallet<User>;
  readonly #refresher: Refresher<User>;
  readonly #deadline: number;
  readonly #stepUp: ReadonlySet<string>;
  readonly #scheme: string | undefined;

  constructor({ host, state, wallet, refresher, deadline, stepUp, scheme }: WaiterParts<User>) {
    this.#host = host;
    this.#state = state;
    this.#wallet = wallet;
    this.#refresher = refresher;
    this.#deadline = deadline;
    this.#stepUp = stepUp;
    this.#scheme = scheme;
  }

  /** Another token in place of one that was refused; or that one again, where the refusal is not about it (T5, T13). */
  replace(query: Query & { readonly rejected: AccessToken }): Promise<AccessToken> {
    const isAbout = isAboutToken(query.challenge, this.#scheme);
    return isAbout ? this.obtain(query) : Promise.resolve(query.rejected);
  }

  /** A token that has not ended and is not the rejected one; or that one again: there is nothing better. */
  obtain(query: Query): Promise<AccessToken> {
    const rejected = query.rejected?.value;
    let answered = false;
    let paid = false;
    return this.#wait(query, (slot) => {
      const held = this.#wallet.usable(slot, rejected);
      // While a refresh answers a 401 of this very token, sending it once more would only get another 401.
      if (held !== undefined && slot.flight?.rejected !== held.token.value) return held.token;
      // The provider insists on the refused token: there is nothing better to send.
      if (answered && query.rejected !== undefined && slot.current?.token.value === rejected)
        return query.rejected;
      const reason = reasonFor(slot, rejected);
      return {
        reason,
        errand: { rejected },
        mayStart: () => {
          if (reason !== 'rejected' || slot.flight !== undefined || paid) return true;
          paid = slot.mayRefreshFor(new URL(query.resource).origin);
          return paid;
        },
        landed: (flight, outcome) => {
          answered = outcome === 'token' && flight.rejected === rejected;
        },
      };
    });
  }

  /** A token with the scopes that a 403 asks for; or the refused one: then the 403 stands (T13). */
  stepUp(query: Query & { readonly rejected: AccessToken }): Promise<AccessToken> {
    const { rejected } = query;
    const wanted = stepUpScopes(query.challenge, this.#stepUp);
    if (wanted.length === 0) return Promise.resolve(rejected);
    return this.#wait(query, (slot) => {
      const held = this.#wallet.usable(slot);
      if (held !== undefined && covers(held.scopes, wanted)) {
        return held.token.value === rejected.value ? rejected : held.token;
      }
      const scopes = union(slot.scopes, slot.current?.scopes ?? [], wanted);
      if (slot.isVain(scopes)) return rejected;
      return { reason: 'scope', errand: { scopes } };
    });
  }

  /** A new token for a slot, past every cache: for `session.refresh()`. */
  async refresh(slot: Slot): Promise<void> {
    const { backoff } = slot;
    const before = slot.current?.token.value;
    const start = (): Flight => this.#refresher.start(slot, reasonFor(slot), { forced: true });
    for (let flight: Flight | undefined = start(); flight !== undefined; ) {
      const outcome: Outcome | 'timeout' = await flight.wait(this.#host.clock, this.#deadline);
      this.checkOpen();
      const { failure, forced } = flight;
      const why = this.#refresher.latched ?? slot.latched;
      if (failure) throw repeatError(why ?? failure.error, backoff.dueIn() || undefined);
      // A sign-in brought a token, or a sign-out none; a source that changed is being asked anew.
      if (outcome === 'superseded') flight = slot.flight;
      else {
        throwUnlessToken(outcome, flight, this.#deadline);
        // Joined a refresh that was content with a cache: past it now.
        flight = !forced && slot.current?.token.value === before ? start() : undefined;
      }
    }
    const why = this.#refresher.latched ?? slot.latched;
    if (why) throw repeatError(why);
  }

  checkOpen(): void {
    if (this.#host.signal.aborted) throw new ConfigError('CLIENT_CLOSED');
  }

  /** One round for each refresh that lands, until `look` finds an answer. */
  async #wait(query: Query, look: (slot: Slot) => AccessToken | Wish): Promise<AccessToken> {
    const start = moment(this.#host.clock);
    const left = (): number => this.#deadline - elapsed(this.#host.clock, start);
    for (let rounds = 0; ; rounds++) {
      // For a caller that has gone nothing more is asked.
      query.signal?.throwIfAborted();
      this.checkOpen();
      // A request of an older epoch gets nothing of this one (T8).
      if (query.epoch !== undefined && query.epoch !== this.#state.epoch)
        throw new SessionError('SESSION_CHANGED');
      const slot = this.#wallet.slotFor(query);
      const found = look(slot);
      if ('value' in found) return found;
      // Whatever happened meanwhile, and however often: a request waits no longer than this.
      if (rounds > 0 && left() <= 0) throw timedOut(this.#deadline);
      this.#throwIfHopeless(slot, left());
      if (found.mayStart?.() === false) return this.#surface(query);
      const { resource, challenge } = query;
      const isJoining = slot.flight !== undefined;
      const flight = this.#refresher.start(slot, found.reason, { ...found.errand, resource, challenge });
      const outcome = await flight.wait(this.#host.clock, left(), query.signal);
      if (outcome === 'failed') this.#throwIfPointless(slot);
      // Whoever asked before knew nothing of this challenge: it may tell where a token comes from.
      else if (outcome === 'nobody' && isJoining && challenge !== undefined) continue;
      else if (outcome !== 'superseded') throwUnlessToken(outcome, flight, this.#deadline);
      found.landed?.(flight, outcome);
    }
  }

  /** Too many refusals: the 401 is the caller's (T11). */
  #surface(query: Query): AccessToken {
    const rejected = query.rejected as AccessToken;
    this.#host.events.emit('warning', {
      code: 'TOO_MANY_REFUSALS',
      message: explainRefusals(new URL(query.resource).origin),
    });
    return rejected;
  }

  /** Fails at once where no attempt will be made within `patience` (T6). */
  #throwIfHopeless({ backoff, latched }: Slot, patience: number): void {
    const why = this.#refresher.latched ?? latched;
    if (why) throw repeatError(why);
    const { failure } = backoff;
    const wait = backoff.dueIn();
    if (failure !== undefined && wait > 0 && (!failure.waitable || wait > patience))
      throw repeatError(failure.error, wait);
  }

  #throwIfPointless({ backoff }: Slot): void {
    if (backoff.failure?.waitable === false) throw repeatError(backoff.failure.error, backoff.dueIn());
  }
}

/** A refresh that a request needs. */
interface Wish {
  readonly reason: TokenReason;
  readonly errand: Errand;
  /** Asked last, where nothing else speaks against it: it draws on what refusals may cause (T11). */
  mayStart?(): boolean;
  landed?(flight: Flight, outcome: Outcome | 'timeout'): void;
}

function reasonFor({ current }: Slot, rejected?: string): TokenReason {
  if (current === undefined) return 'initial';
  return rejected !== undefined && current.token.value === rejected ? 'rejected' : 'expiring';
}

function throwUnlessToken(outcome: Outcome | 'timeout', { start }: Flight, deadline: number): void {
  if (outcome === 'timeout') throw timedOut(deadline, start !== undefined);
  if (outcome === 'nobody') throw new SessionError('SIGNED_OUT');
}
