import { type Moment, moment } from '../clock.ts';
import type { EndedSession, Host, Need, SessionDocument, SessionUser, StoredToken } from '../contracts.ts';
import type { Answer } from './call-provider.ts';
import { readClaims } from './claims.ts';
import { phaseOf, Skew } from './freshness.ts';
import { type HeldToken, looksExpired, receive } from './held-token.ts';
import { subjectOf, type UserReader } from './identity.ts';
import { KnownUser } from './known-user.ts';
import { redactGrant } from './secrets.ts';
import type { SessionState } from './session-state.ts';
import type { Slot } from './slot.ts';
import { PLAIN_NEED, Slots } from './slots.ts';
import { fromStored, toStored } from './stored-token.ts';
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
  /** What it was asked with. */
  readonly scopes?: readonly string[];
  /** Whether it came from a login: then nothing of the user before may stay. */
  readonly login?: boolean;
}

/** What a session document says of one token and its user. */
export interface StoredParts {
  readonly userId: string | undefined;
  readonly idToken: string | undefined;
  readonly refreshToken: string | undefined;
  readonly token: StoredToken | undefined;
}

/** The tokens at hand, a slot for each audience and set of scopes, and whose they are. It asks nobody. */
export class Wallet<User extends SessionUser> {
  /** The newest refresh token that a token response brought. The slots share it (T4). */
  refreshToken: string | undefined;
  /** The source said that its state changed, and has not been asked since: nor is what others stored believed. */
  #isInDoubt = false;
  readonly #host: Host;
  readonly #state: SessionState<User>;
  readonly #options: WalletOptions<User>;
  readonly #skew = new Skew();
  readonly #slots: Slots;
  readonly #known: KnownUser<User>;
  #idToken: string | undefined;

  constructor(host: Host, state: SessionState<User>, options: WalletOptions<User>) {
    this.#host = host;
    this.#state = state;
    this.#options = options;
    this.#slots = new Slots(host.clock, () => host.random());
    this.#known = new KnownUser(options.user, () => host.random());
  }

  get slots(): readonly Slot[] {
    return this.#slots.all;
  }

  /** The slot that stands for the session: the one that told of the user, else what the client asks for. */
  get home(): Slot {
    return this.#known.home ?? this.slotFor(this.#host.need ?? PLAIN_NEED);
  }

  slotFor(need: Need): Slot {
    return this.#slots.get(need, this.#known.home);
  }

  /** The token in use, unless it has ended, was refused, or may be somebody else's. */
  usable({ current, suspect }: Slot, rejected?: string): HeldToken | undefined {
    if (current === undefined || suspect || current.token.value === rejected) return undefined;
    return phaseOf(this.#host.clock, current) === 'ended' ? undefined : current;
  }

  hasScope(scope: string): boolean {
    return this.#slots.isGranted(scope);
  }

  isFresh(held: HeldToken): boolean {
    return phaseOf(this.#host.clock, held) === 'fresh';
  }

  remember(grant: Grant): void {
    redactGrant(this.#host.redactor, grant);
    this.#idToken = grant.idToken ?? this.#idToken;
    this.refreshToken = grant.refreshToken ?? this.refreshToken;
  }

  /** A rotated refresh token counts from its receipt, whatever becomes of the access token beside it. */
  keep(refreshToken: string | undefined): void {
    if (refreshToken === undefined) return;
    redactGrant(this.#host.redactor, { refreshToken });
    this.refreshToken = refreshToken;
  }

  /** Whether an answer looks expired on arrival (T2). */
  isStale(slot: Slot, answer: Answer): boolean {
    if (answer.kind !== 'grant') return false;
    this.#skew.learn(answer.grant, readClaims(answer.grant.value), answer.received.wall);
    try {
      return looksExpired(answer.grant, slot.current, this.#skew, this.#host.clock);
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
  commit(slot: Slot, grant: Grant, receipt: Receipt): void {
    const { clock } = this.#host;
    const { received = moment(clock), forced, login = false } = receipt;
    const { scopes: asked = login ? slot.need.scopes : slot.scopes } = receipt;
    const { refreshAhead } = this.#options;
    this.#skew.learn(grant, readClaims(grant.value), received.wall);
    const identity = this.#known.find(slot, grant, login);
    const epoch = this.#state.epochOf(identity.user);
    const isSwitch = epoch !== this.#state.epoch;
    const current = login ? undefined : slot.current;
    const at = { grant, received, epoch, current, forced, asked };
    const held = receive({ ...at, skew: this.#skew, clock, refreshAhead, random: this.#host.random() });
    // From here on nothing throws: tokens that cannot be used leave everything as it was.
    if (login) this.refreshToken = undefined;
    if (login) slot.forget();
    if (login || isSwitch) {
      this.#idToken = undefined;
      this.#slots.forgetAllBut(slot);
    }
    this.remember(grant);
    slot.current = held;
    slot.suspect = false;
    this.#isInDoubt = false;
    this.#known.note(slot, identity);
    // Last: who hears of the user may send a request at once, and must get this token.
    this.#state.signedIn(identity.user, login);
  }

  get secrets(): EndedSession {
    const accessToken = this.#known.home?.current?.token.value;
    return { accessToken, refreshToken: this.refreshToken, idToken: this.#idToken };
  }

  /** What a document says of the user and of the token in `slot`. */
  stored(slot: Slot, now: number): StoredParts {
    const token = slot.current && toStored(slot.current, slot.need, this.#host.clock, now);
    return { userId: this.#state.user?.id, idToken: this.#idToken, refreshToken: this.refreshToken, token };
  }

  /** Takes over what another tab or process has stored. `now` is the store's time. Returns the slots with new tokens. */
  adopt({ tokens, idToken, refreshToken, userId = '' }: SessionDocument, now: number): readonly Slot[] {
    const adopted: Slot[] = [];
    const { clock, redactor } = this.#host;
    const { refreshAhead } = this.#options;
    const identity = this.#known.adopt(this.#state.user, userId, { value: tokens[0]?.token ?? '', idToken });
    const epoch = this.#state.epochOf(identity.user);
    if (epoch !== this.#state.epoch) this.#slots.forgetAllBut();
    for (const stored of tokens) {
      redactGrant(redactor, { value: stored.token });
      const slot = this.slotFor(stored.need);
      if (slot.current?.token.value !== stored.token) {
        slot.current = fromStored(stored, { clock, now, epoch, refreshAhead, random: this.#host.random() });
        slot.subject = subjectOf(stored.token);
        slot.suspect = this.#isInDoubt;
        adopted.push(slot);
      }
      this.#known.home ??= slot;
    }
    redactGrant(redactor, { refreshToken, idToken });
    this.#idToken = idToken;
    this.refreshToken = refreshToken;
    this.#state.signedIn(identity.user);
    return adopted;
  }

  /** What is held may be another user's, and so may be what others have stored. */
  doubt(): void {
    this.#isInDoubt = true;
    for (const slot of this.slots) slot.suspect = true;
  }

  /** Forgets the tokens. Whose they were and what they were granted stays known. */
  drop(): void {
    this.#slots.drop();
    this.refreshToken = undefined;
  }

  /** Forgets the tokens and the user. */
  forget(): void {
    this.#slots.forgetAllBut();
    this.refreshToken = undefined;
    this.#idToken = undefined;
    this.#known.forget();
    this.#state.signedOut();
  }
}
