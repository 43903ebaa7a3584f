import { elapsed, moment } from '../clock.ts';
import type {
  AccessToken,
  Awaitable,
  CredentialQuery,
  Host,
  SessionUser,
  TokenReason,
  TokenSource,
} from '../contracts.ts';
import { ConfigError, SessionError } from '../errors.ts';
import { isAboutToken } from './about-token.ts';
import { timedOut } from './call-provider.ts';
import { again } from './failure.ts';
import type { Flight, Outcome } from './flight.ts';
import { phaseOf } from './freshness.ts';
import { Refresher } from './refresher.ts';
import type { SessionState } from './session-state.ts';
import type { Grant } from './token-response.ts';
import { Wallet, type WalletOptions } from './wallet.ts';

export interface ManagerOptions<User extends SessionUser> extends WalletOptions<User> {
  readonly deadline?: number | undefined;
}

const DEADLINE = 10_000;

/**
 * Keeps one session's access token alive: fresh → sent at once; expiring → sent while one refresh runs; ended →
 * waited for. It asks the provider once at a time, and only a final refusal ends the session (rules T1–T10).
 */
export class TokenManager<User extends SessionUser> {
  readonly #host: Host;
  readonly #state: SessionState<User>;
  readonly #wallet: Wallet<User>;
  readonly #refresher: Refresher<User>;
  readonly #deadline: number;
  #settling = false;

  constructor(host: Host, source: TokenSource, state: SessionState<User>, options: ManagerOptions<User>) {
    this.#host = host;
    this.#state = state;
    this.#deadline = options.deadline ?? DEADLINE;
    this.#wallet = new Wallet(host, state, options);
    this.#refresher = new Refresher(host, source, state, this.#wallet, this.#deadline);
  }

  get scopes(): ReadonlySet<string> {
    return this.#wallet.current?.scopes ?? new Set();
  }

  /** The token to send: synchronously while one is at hand that has not ended (T1, T3). */
  credential(query: CredentialQuery<AccessToken>): Awaitable<AccessToken> {
    const { flight } = this.#refresher;
    if (query.rejected !== undefined && !isAboutToken(query.challenge)) return query.rejected;
    const { current, suspect } = this.#wallet;
    if (query.rejected !== undefined || flight?.rejected !== undefined || current === undefined || suspect)
      return this.#obtain(query);
    // Asked once: reading two clocks is a good part of what a fresh token costs.
    const phase = phaseOf(this.#host.clock, current);
    if (phase === 'ended') return this.#obtain(query);
    // In the background, so nobody waits for it and nobody is told but by events.
    if (flight === undefined && phase === 'expiring' && this.#refresher.isIdle) {
      this.#refresher.start('expiring');
    }
    return current.token;
  }

  /** Gets a fresh token now, whatever was latched before. */
  async refresh(): Promise<void> {
    this.#checkOpen();
    this.#refresher.unlatch();
    const { backoff } = this.#refresher;
    const before = this.#wallet.current?.token.value;
    const start = (): Flight => this.#refresher.start(this.#reasonFor(undefined), { forced: true });
    for (let flight: Flight | undefined = start(); flight !== undefined; ) {
      const outcome: Outcome | 'timeout' = await flight.wait(this.#host.clock, this.#deadline);
      this.#checkOpen();
      const { failure, forced } = flight;
      if (failure) throw again(this.#refresher.latched ?? failure.error, backoff.dueIn() || undefined);
      // A sign-in brought a token, or a sign-out none; a source that changed is being asked anew.
      if (outcome === 'superseded') flight = this.#refresher.flight;
      else {
        this.#throwUnlessToken(outcome);
        // Joined a refresh that was content with a cache: past it now.
        flight = !forced && this.#wallet.current?.token.value === before ? start() : undefined;
      }
    }
    if (this.#refresher.latched) throw again(this.#refresher.latched);
  }

  /** Starts with a refresh token alone: the first request buys an access token with it. */
  resume(refreshToken: string): void {
    this.#wallet.keep(refreshToken);
  }

  /** Takes tokens. Those of a login are fresh, whatever our clock says: never a logout for a wrong clock. */
  signIn(grant: Grant, fresh = true): void {
    this.#checkOpen();
    this.#refresher.supersede();
    this.#wallet.commit(grant, { forced: fresh, login: true });
  }

  /** Forgets everything, and asks nobody until a sign-in: refetching views must not sign the user in again. */
  signOut(): void {
    this.#refresher.supersede(new SessionError('SIGNED_OUT'));
    this.#wallet.forget();
  }

  /** The source's own sign-in state changed: what is held may be another user's (T8). */
  changed(): void {
    if (this.#host.signal.aborted) return;
    // Many sources tell their state as soon as they are listened to, and construction asks nobody.
    const wasAsked = this.#state.snapshot.status !== 'loading' || this.#refresher.flight !== undefined;
    this.#wallet.suspect = true;
    this.#refresher.overtake();
    if (wasAsked) this.#refresher.start('initial');
  }

  close(): void {
    this.#refresher.supersede();
  }

  /** Asks until it is known whether somebody is signed in: for `session.ready`. */
  async settle(): Promise<void> {
    if (this.#settling) return;
    this.#settling = true;
    while (this.#state.snapshot.status === 'loading' && !this.#host.signal.aborted) {
      await this.#refresher.start('initial').done;
    }
    this.#settling = false;
  }

  /** Waits for a token: for the refresh under way, else for a new one (T4, T5). */
  async #obtain(query: CredentialQuery<AccessToken>): Promise<AccessToken> {
    const start = moment(this.#host.clock);
    const left = (): number => this.#deadline - elapsed(this.#host.clock, start);
    const rejected = query.rejected?.value;
    let answered = false;
    let rounds = 0;
    for (;;) {
      // For a caller that has gone nothing more is asked.
      query.signal?.throwIfAborted();
      this.#checkOpen();
      this.#checkEpoch(query);
      const held = this.#wallet.usable(rejected);
      // While a refresh answers a 401 of this very token, sending it once more would only get another 401.
      if (held !== undefined && this.#refresher.flight?.rejected !== held.token.value) return held.token;
      // The provider insists on the refused token: there is nothing better to send.
      if (answered && query.rejected !== undefined && this.#wallet.current?.token.value === rejected)
        return query.rejected;
      // Whatever happened meanwhile, and however often: a request waits no longer than this.
      if (rounds++ > 0 && left() <= 0) throw timedOut(this.#deadline);
      this.#throwIfHopeless(left());
      const flight = this.#refresher.start(this.#reasonFor(rejected), {
        rejected,
        resource: query.resource,
        challenge: query.challenge,
      });
      const outcome = await flight.wait(this.#host.clock, left());
      if (outcome === 'failed') this.#throwIfPointless();
      else if (outcome !== 'superseded') this.#throwUnlessToken(outcome);
      answered = outcome === 'token' && flight.rejected === rejected;
    }
  }

  #reasonFor(rejected: string | undefined): TokenReason {
    const { current } = this.#wallet;
    if (current === undefined) return 'initial';
    return rejected !== undefined && current.token.value === rejected ? 'rejected' : 'expiring';
  }

  #checkOpen(): void {
    if (this.#host.signal.aborted) throw new ConfigError('CLIENT_CLOSED');
  }

  /** A request of an older epoch gets nothing of this one (T8). */
  #checkEpoch({ epoch }: CredentialQuery): void {
    if (epoch !== undefined && epoch !== this.#state.epoch) throw new SessionError('SESSION_CHANGED');
  }

  #throwUnlessToken(outcome: Outcome | 'timeout'): void {
    if (outcome === 'timeout') throw timedOut(this.#deadline);
    if (outcome === 'nobody') throw new SessionError('SIGNED_OUT');
  }

  /** Fails at once where no attempt will be made within `patience` (T6). */
  #throwIfHopeless(patience: number): void {
    const { latched, backoff } = this.#refresher;
    if (latched) throw again(latched);
    const { failure } = backoff;
    const wait = backoff.dueIn();
    if (failure !== undefined && wait > 0 && (!failure.waitable || wait > patience))
      throw again(failure.error, wait);
  }

  #throwIfPointless(): void {
    const { failure } = this.#refresher.backoff;
    if (failure?.waitable === false) throw again(failure.error, this.#refresher.backoff.dueIn());
  }
}
