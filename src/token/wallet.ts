import { type Moment, moment } from '../clock.ts';
import type { Host, Need, SessionUser } from '../contracts.ts';
import type { Answer } from './call-provider.ts';
import { readClaims } from './claims.ts';
import { phaseOf, Skew } from './freshness.ts';
import { type HeldToken, looksExpired, receive } from './held-token.ts';
import { type Identity, identify, type UserReader } from './identity.ts';
import type { SessionState } from './session-state.ts';
import { Slot } from './slot.ts';
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

const NO_NEED: Need = { scopes: [] };

/** The tokens at hand, a slot for each audience and set of scopes, and whose they are. It asks nobody. */
export class Wallet<User extends SessionUser> {
  /** The newest refresh token that a token response brought. The slots share it (T4). */
  refreshToken: string | undefined;
  readonly #host: Host;
  readonly #state: SessionState<User>;
  readonly #options: WalletOptions<User>;
  readonly #skew = new Skew();
  readonly #plain: Slot;
  readonly #slots = new Map<string, Slot>();
  #identity: Identity<User> | undefined;
  /** The slot whose token told who the user is. */
  #home: Slot | undefined;
  #freshIds = 0;

  constructor(host: Host, state: SessionState<User>, options: WalletOptions<User>) {
    this.#host = host;
    this.#state = state;
    this.#options = options;
    this.#plain = this.#add(NO_NEED);
  }

  get slots(): readonly Slot[] {
    return Array.from(this.#slots.values());
  }

  /** The slot that stands for the session: the one that told of the user, else what the client asks for. */
  get home(): Slot {
    return this.#home ?? this.slotFor(this.#host.need ?? NO_NEED);
  }

  slotFor(need: Need): Slot {
    if (need.audience === undefined && need.scopes.length === 0) return this.#plain;
    return this.#slots.get(keyOf(need)) ?? this.#add(need);
  }

  /** The token in use, unless it has ended, was refused, or may be somebody else's. */
  usable({ current, suspect }: Slot, rejected?: string): HeldToken | undefined {
    if (current === undefined || suspect || current.token.value === rejected) return undefined;
    return phaseOf(this.#host.clock, current) === 'ended' ? undefined : current;
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
    const identity = this.#identify(slot, grant, login);
    const epoch = this.#state.epochOf(identity.user);
    const isSwitch = epoch !== this.#state.epoch;
    const current = login ? undefined : slot.current;
    const at = { grant, received, epoch, current, forced, asked };
    const held = receive({ ...at, skew: this.#skew, clock, refreshAhead, random: this.#host.random() });
    // From here on nothing throws: tokens that cannot be used leave everything as it was.
    if (login) this.refreshToken = undefined;
    if (login) slot.forget();
    if (login || isSwitch) this.#forgetOthers(slot);
    this.remember(grant);
    slot.current = held;
    slot.suspect = false;
    this.#noteUser(slot, identity);
    // Last: who hears of the user may send a request at once, and must get this token.
    this.#state.signedIn(identity.user);
  }

  /** Forgets the tokens. */
  drop(): void {
    for (const slot of this.#slots.values()) slot.drop();
    this.refreshToken = undefined;
  }

  /** Forgets the tokens and the user. */
  forget(): void {
    this.#forgetOthers();
    this.refreshToken = undefined;
    this.#identity = undefined;
    this.#home = undefined;
    this.#state.signedOut();
  }

  #add(need: Need): Slot {
    // An audience for each record of a table must not fill the memory.
    for (const [key, slot] of this.#slots) {
      const isOver = slot.current === undefined || phaseOf(this.#host.clock, slot.current) === 'ended';
      if (!isOver || !slot.isIdle || slot === this.#plain || slot === this.#home) continue;
      // What it listens to would stay for good.
      slot.unlatch();
      this.#slots.delete(key);
    }
    const slot = new Slot(need, this.#host.clock, () => this.#host.random());
    // An issuer that asked for a wait is not asked for something else meanwhile (T6).
    const { backoff } = this.slots.find((one) => one.backoff.isAskedFor) ?? slot;
    if (backoff.failure) slot.backoff.failed({ ...backoff.failure, retryAfter: backoff.dueIn() });
    this.#slots.set(keyOf(need), slot);
    return slot;
  }

  #identify(slot: Slot, grant: Grant, login: boolean): Identity<User> {
    // A source that changed may hand out another user's token, but the same token is the same user's. What an
    // issuer calls the user for one audience says nothing of the others.
    const isToldApart = slot !== this.#home && slot.subject !== undefined;
    const isDoubtful = slot.suspect && grant.value !== slot.current?.token.value && !isToldApart;
    const known =
      login || isDoubtful || this.#identity === undefined
        ? undefined
        : { ...this.#identity, subject: slot.subject };
    const isHome = known === undefined || slot === this.#home;
    return identify(grant, { known, reader: this.#options.user, isHome, fresh: () => this.#freshId() });
  }

  #noteUser(slot: Slot, identity: Identity<User>): void {
    const home = this.#home;
    const isSame = home !== undefined && identity.user === this.#identity?.user;
    // One user under two names, or a source that changed and did not tell: asking again for the first one tells.
    if (isSame && slot.subject === undefined && differ(identity.subject, home.subject)) home.suspect = true;
    slot.subject = identity.subject;
    this.#identity = identity;
    if (!isSame) this.#home = slot;
  }

  #forgetOthers(kept?: Slot): void {
    for (const slot of this.#slots.values()) if (slot !== kept) slot.forget();
  }

  #freshId(): string {
    const random = Math.floor(this.#host.random() * 2 ** 48).toString(36);
    return `session-${++this.#freshIds}-${random}`;
  }
}

function keyOf({ audience, scopes }: Need): string {
  return JSON.stringify([audience, ...scopes]);
}

function differ(one: unknown, other: unknown): boolean {
  return one !== undefined && other !== undefined && one !== other;
}
