import { type Moment, moment } from '../clock.ts';
import type { Host, SessionUser } from '../contracts.ts';
import type { Answer } from './call-provider.ts';
import { readClaims } from './claims.ts';
import { phaseOf, Skew } from './freshness.ts';
import { type HeldToken, looksExpired, receive } from './held-token.ts';
import { type Identity, identify, type UserReader } from './identity.ts';
import type { SessionState } from './session-state.ts';
import type { Grant } from './token-response.ts';

export interface WalletOptions<User extends SessionUser> {
  readonly refreshAhead?: number | undefined;
  readonly user?: UserReader<User> | undefined;
}

/** How a grant came. */
export interface Receipt {
  readonly received?: Moment;
  /** Whether the provider was told not to answer from a cache. */
  readonly forced: boolean;
  /** Whether it came from a login: then nothing of the user before may stay. */
  readonly login?: boolean;
}

/** The tokens at hand and whose they are. It asks nobody. */
export class Wallet<User extends SessionUser> {
  current: HeldToken | undefined;
  /** The newest refresh token that a token response brought. */
  refreshToken: string | undefined;
  /** The source said that its state changed: what is held may be another user's. */
  suspect = false;
  readonly #host: Host;
  readonly #state: SessionState<User>;
  readonly #options: WalletOptions<User>;
  readonly #skew = new Skew();
  #identity: Identity<User> | undefined;
  #freshIds = 0;

  constructor(host: Host, state: SessionState<User>, options: WalletOptions<User>) {
    this.#host = host;
    this.#state = state;
    this.#options = options;
  }

  /** The token in use, unless it has ended, was refused, or may be somebody else's. */
  usable(rejected: string | undefined): HeldToken | undefined {
    const held = this.current;
    if (held === undefined || this.suspect || held.token.value === rejected) return undefined;
    return phaseOf(this.#host.clock, held) === 'ended' ? undefined : held;
  }

  remember(grant: Grant): void {
    const { redactor } = this.#host;
    redactor.add('access_token', grant.value);
    if (grant.idToken !== undefined) redactor.add('id_token', grant.idToken);
    this.keep(grant.refreshToken);
  }

  /** A rotated refresh token counts from its receipt, whatever becomes of the access token beside it. */
  keep(refreshToken: string | undefined): void {
    if (refreshToken === undefined) return;
    this.#host.redactor.add('refresh_token', refreshToken);
    this.refreshToken = refreshToken;
  }

  /** Whether an answer looks expired on arrival (T2). */
  isStale(answer: Answer): boolean {
    if (answer.kind !== 'grant') return false;
    this.#skew.learn(answer.grant, readClaims(answer.grant.value), answer.received.wall);
    try {
      return looksExpired(answer.grant, this.current, this.#skew, this.#host.clock);
    } catch {
      // A token that contradicts itself is refused by `commit`.
      return false;
    }
  }

  /**
   * Takes a token into use and tells of its user.
   *
   * @throws `TokenError` `TOKEN_INVALID` where it cannot be used
   */
  commit(grant: Grant, { received = moment(this.#host.clock), forced, login = false }: Receipt): void {
    const { clock } = this.#host;
    const { refreshAhead, user: reader } = this.#options;
    this.#skew.learn(grant, readClaims(grant.value), received.wall);
    // A source that changed may hand out another user's token, but the same token is the same user's.
    const isDoubtful = this.suspect && grant.value !== this.current?.token.value;
    const known = login || isDoubtful ? undefined : this.#identity;
    const identity = identify(grant, known, reader, () => this.#freshId());
    const epoch = this.#state.epochOf(identity.user);
    const current = login ? undefined : this.current;
    const at = { grant, received, epoch, current, forced };
    const held = receive({ ...at, skew: this.#skew, clock, refreshAhead, random: this.#host.random() });
    // From here on nothing throws: tokens that cannot be used leave everything as it was.
    if (login) this.refreshToken = undefined;
    this.remember(grant);
    this.current = held;
    this.#identity = identity;
    this.suspect = false;
    // Last: who hears of the user may send a request at once, and must get this token.
    this.#state.signedIn(identity.user);
  }

  /** Forgets the tokens. */
  drop(): void {
    this.current = undefined;
    this.refreshToken = undefined;
    this.suspect = false;
  }

  /** Forgets the tokens and the user. */
  forget(): void {
    this.drop();
    this.#identity = undefined;
    this.#state.signedOut();
  }

  #freshId(): string {
    const random = Math.floor(this.#host.random() * 2 ** 48).toString(36);
    return `session-${++this.#freshIds}-${random}`;
  }
}
