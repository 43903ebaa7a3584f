import type {
  AccessToken,
  Awaitable,
  CredentialQuery,
  EndedSession,
  Host,
  SessionUser,
  SharedStore,
  TokenSource,
} from '../contracts.ts';
import { SessionError, type ValetError } from '../errors.ts';
import { phaseOf } from './freshness.ts';
import { Pace } from './pace.ts';
import { Refresher } from './refresher.ts';
import { redactGrant } from './secrets.ts';
import type { SessionState } from './session-state.ts';
import type { Share, Sharing } from './sharing.ts';
import type { Grant } from './token-response.ts';
import { Waiter } from './waiter.ts';
import { Wallet, type WalletOptions } from './wallet.ts';

export interface ManagerOptions<User extends SessionUser> extends WalletOptions<User> {
  readonly deadline?: number | undefined;
  readonly stepUp?: readonly string[] | undefined;
  /** What the token is sent with, where that is not `Bearer`: a 401 that names it is about the token (T13). */
  readonly scheme?: string | undefined;
  readonly store?: SharedStore | undefined;
}

const DEADLINE = 10_000;

/**
 * Keeps the access tokens of one session alive: fresh → sent at once; expiring → sent while one refresh runs;
 * ended → waited for. It asks the provider once at a time, and only a final refusal ends the session (rules
 * T1–T13).
 */
export class TokenManager<User extends SessionUser> {
  readonly #host: Host;
  readonly #state: SessionState<User>;
  readonly #wallet: Wallet<User>;
  readonly #refresher: Refresher<User>;
  readonly #waiter: Waiter<User>;
  readonly #sharing: Sharing | undefined;
  readonly #pace: Pace;
  /** What to start with, where the store holds no session. */
  #initial: (() => boolean) | undefined;
  #settling = false;
  #logins = 0;

  constructor(host: Host, source: TokenSource, state: SessionState<User>, options: ManagerOptions<User>) {
    const deadline = options.deadline ?? DEADLINE;
    const wallet = new Wallet(host, state, options);
    const supersede = (why?: ValetError): void => this.#refresher.supersede(why);
    const begin = (): boolean => this.#begin();
    const share = options.store?.share as Share | undefined;
    const sharing = share?.({ host, state, wallet, proof: source.proof, supersede, begin });
    const refresher = new Refresher({ host, source, state, wallet, deadline, sharing });
    this.#host = host;
    this.#state = state;
    this.#wallet = wallet;
    this.#refresher = refresher;
    this.#sharing = sharing;
    this.#pace = new Pace(host.clock);
    const { scheme } = options;
    const stepUp = new Set(options.stepUp);
    this.#waiter = new Waiter({ host, state, wallet, refresher, deadline, stepUp, scheme });
  }

  /** Whether others may have stored something since. */
  get isStale(): boolean {
    return this.#sharing?.isDue === true;
  }

  hasScope(scope: string): boolean {
    return this.#wallet.hasScope(scope);
  }

  /** What a source may have to revoke. */
  get secrets(): EndedSession {
    return this.#wallet.secrets;
  }

  /** The token to send: synchronously while one is at hand that has not ended (T1, T3). */
  credential(query: CredentialQuery<AccessToken>): Awaitable<AccessToken> {
    if (this.#sharing?.isDue === true) return this.#sharing.look().then(() => this.credential(query));
    this.#sharing?.lookAside();
    if (query.rejected !== undefined) return this.#waiter.replace({ ...query, rejected: query.rejected });
    const slot = this.#wallet.slotFor(query);
    const { current, flight } = slot;
    if (flight?.rejected !== undefined || current === undefined || slot.suspect)
      return this.#waiter.obtain(query);
    // Asked once: reading two clocks is a good part of what a fresh token costs.
    const phase = phaseOf(this.#host.clock, current);
    if (phase === 'ended') return this.#waiter.obtain(query);
    // In the background, so nobody waits for it and nobody is told but by events.
    if (flight === undefined && phase === 'expiring' && slot.isIdle && this.#refresher.latched === undefined)
      this.#refresher.start(slot, 'expiring');
    return current.token;
  }

  /** A token that may do more, after a 403; or the refused one (T13). */
  stepUp(query: CredentialQuery<AccessToken>): Awaitable<AccessToken> {
    const { rejected } = query;
    if (rejected === undefined) return this.credential(query);
    return this.#waiter.stepUp({ ...query, rejected });
  }

  /** Whether so many tokens were refused that this one is not replaced for another refusal (T11). */
  isRefused({ value }: AccessToken): boolean {
    return this.#wallet.slots.some((slot) => slot.current?.token.value === value && slot.isRefused);
  }

  /**
   * Who has just started looks first whom there is to sign out. `undefined`: that is known, or nowhere stored.
   * `false`: somebody has signed in meanwhile, and that is newer than the sign-out.
   */
  firstLook(): Promise<boolean> | undefined {
    const isKnown = this.#state.snapshot.status !== 'loading';
    // What is still to be stored was made of what is stored, and a store that is down takes it some time or never.
    if (isKnown || this.#sharing === undefined || this.#sharing.isPending) return undefined;
    const logins = this.#logins;
    return this.#sharing.look().then(() => this.#logins === logins);
  }

  /** Gets fresh tokens now, whatever was latched before: for the session, and for each audience in use. */
  async refresh(): Promise<void> {
    this.#waiter.checkOpen();
    this.#refresher.unlatch();
    const { home } = this.#wallet;
    const others = this.#wallet.slots.filter((slot) => slot !== home && slot.current !== undefined);
    for (const slot of [home, ...others]) {
      // One that was given up meanwhile, since nobody used it, is out of reach of sign-ins and sign-outs.
      if (slot === home || this.#wallet.slots.includes(slot)) await this.#waiter.refresh(slot);
    }
  }

  /** Starts with what is at hand: with a refresh token alone, the first request buys an access token with it. */
  start(initial: Grant | string): void {
    const isGrant = typeof initial !== 'string';
    redactGrant(this.#host.redactor, isGrant ? initial : { refreshToken: initial });
    this.#initial = () => {
      if (isGrant) this.signIn(initial, false).catch(() => {});
      else this.#wallet.keep(initial);
      return isGrant;
    };
    // A stored session is newer than what the program was started with.
    if (!this.#sharing) this.#begin();
  }

  /**
   * Takes tokens. Those of a login are fresh, whatever our clock says: never a logout for a wrong clock.
   *
   * @throws `TokenError` `TOKEN_INVALID`, at once; it rejects where the store does not take them
   */
  signIn(grant: Grant, fresh = true): Promise<void> {
    this.#waiter.checkOpen();
    const { home } = this.#wallet;
    this.#refresher.supersede();
    this.#wallet.commit(home, grant, { forced: fresh, login: true });
    this.#initial = undefined;
    if (fresh) this.#logins++;
    return this.#sharing?.signedIn(home, fresh) ?? Promise.resolve();
  }

  /** Forgets everything, and asks nobody until a sign-in: refetching views must not sign the user in again. */
  signOut(): Promise<void> {
    this.#initial = undefined;
    this.#refresher.supersede(new SessionError('SIGNED_OUT'));
    this.#wallet.forget();
    return this.#sharing?.signedOut() ?? Promise.resolve();
  }

  /** The source's own sign-in state changed: what is held may be another user's (T8). A login is taken at once. */
  async changed(isAtHand: boolean): Promise<void> {
    if (this.#host.signal.aborted) return;
    // Many sources tell their state as soon as they are listened to, and construction asks nobody.
    const { home, slots } = this.#wallet;
    const wasAsked =
      this.#state.snapshot.status !== 'loading' || slots.some((slot) => slot.flight !== undefined);
    this.#wallet.doubt();
    this.#refresher.overtake();
    if (!wasAsked && !isAtHand) return;
    if (isAtHand || home.flight !== undefined || this.#pace.mayAsk()) this.#refresher.start(home, 'initial');
    // One that was under way is followed by another. After a close one may go on that nobody waits for (T14).
    const { signal } = this.#host;
    for (let { flight } = home; flight !== undefined && !signal.aborted; flight = home.flight)
      await flight.done;
  }

  close(): void {
    this.#refresher.close();
    this.#state.close();
  }

  /** Asks until it is known whether somebody is signed in: for `session.ready`. */
  async settle(): Promise<void> {
    if (this.#settling) return;
    this.#settling = true;
    while (this.#state.snapshot.status === 'loading' && !this.#host.signal.aborted) {
      await this.#refresher.start(this.#wallet.home, 'initial').done;
    }
    this.#settling = false;
  }

  #begin(): boolean {
    const initial = this.#initial;
    this.#initial = undefined;
    // Who is known by now has been heard of since: that is newer.
    return this.#state.snapshot.status === 'loading' && initial?.() === true;
  }
}
