import { elapsed, type Moment, moment } from '../clock.ts';
import type { SessionDocument, SessionUser, TokenStore } from '../contracts.ts';
import { SessionError, type TokenError } from '../errors.ts';
import { tellOfAdopted } from './adopted.ts';
import { CLEAN, following, hasSession, nextEpoch, OVER } from './document.ts';
import type { SharingParts } from './sharing.ts';
import type { Slot } from './slot.ts';
import { StoredLogins } from './stored-logins.ts';
import { type Sight, Vault } from './vault.ts';
import { type Change, Writer } from './writer.ts';

/** Milliseconds that a look stays good where the store does not tell of changes. */
const LOOK_AGAIN = 500;
/** A store that tells of a change whenever it is read would be read for ever. */
const MOST_FOLLOW_UPS = 3;

/** One session in a store, as this client sees it: takes over what others store, and stores what happens here (T14). */
export class SharedSession<User extends SessionUser> {
  readonly vault: Vault;
  readonly #parts: SharingParts<User>;
  readonly #writer: Writer;
  #seen: SessionDocument | undefined;
  #lookedAt: Moment | undefined;
  #looking: Promise<void> | undefined;
  /** How often somebody else may have stored something, and how much of that has been looked at. */
  #told = 0;
  #heard = 0;
  /** How many looks in a row were told of something while they were reading. */
  #followUps = 0;
  #isTold = false;
  /** Whether it has a session of its own, without having seen one. */
  #hasBegun = false;
  readonly #logins = new StoredLogins();

  constructor(parts: SharingParts<User>, store: TokenStore) {
    const { host, proof } = parts;
    this.#parts = parts;
    this.vault = new Vault(host, store, proof);
    this.#writer = new Writer({
      host,
      vault: this.vault,
      written: (document) => this.note(document),
      failed: (error) => this.#tell(error),
    });
    const off = store.subscribe?.(() => {
      this.#told++;
      void this.look();
    });
    host.signal.addEventListener('abort', () => off?.());
  }

  /** Whether a request has to look first what others have stored. */
  get isDue(): boolean {
    // A closed client looks at nothing any more, so a look would be due for ever.
    if (this.#lookedAt === undefined || this.isPending || this.#parts.host.signal.aborted) return false;
    if (this.vault.store.subscribe && this.#followUps <= MOST_FOLLOW_UPS) return this.#heard < this.#told;
    return elapsed(this.#parts.host.clock, this.#lookedAt) >= LOOK_AGAIN;
  }

  /** The epoch of what takes the place of `document`. Where that is gone, it is the same session all the same. */
  epochAfter(document: SessionDocument | undefined, now: number): number {
    const lost = document === undefined ? this.#seen?.epoch : undefined;
    return lost ?? nextEpoch(document, now);
  }

  /** Whether something that happened here is not stored yet. */
  get isPending(): boolean {
    return this.#writer.isPending;
  }

  /** Whether nothing else that happened here follows what is being stored. */
  get isLastWrite(): boolean {
    return this.#writer.isLast;
  }

  /** Takes over what others have stored. All who look at once share it. Never rejects: tokens at hand are used. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      // Told of something while it was reading. After a few times the next use looks, as if it told nothing.
      const isTold = this.#heard < this.#told;
      this.#followUps = isTold ? this.#followUps + 1 : 0;
      const isEnough = this.#followUps > MOST_FOLLOW_UPS || this.#parts.host.signal.aborted;
      if (isTold && !isEnough) void this.look();
    });
    return this.#looking;
  }

  /** Takes over what is newer than what was seen last. */
  take({ document, now, since }: Sight): void {
    const { clock } = this.#parts.host;
    this.#lookedAt = moment(clock);
    this.#isTold = false;
    const seen = this.#seen;
    // Something that is gone is no sign-out: that leaves a document behind.
    if (document === undefined || (seen !== undefined && document.version <= seen.version)) return;
    this.#seen = document;
    const { wallet, state } = this.#parts;
    const isOther = seen !== undefined && seen.epoch !== document.epoch;
    if (document.state === 'signed-in') {
      if (isOther || seen?.state === 'ended') this.#parts.supersede();
      // The same user, but signed out in between: what was asked before then is not answered now (T8).
      if (isOther && state.user?.id === document.userId) wallet.forget();
      // A machine that slept on the store's answer must not take tokens for younger than they are.
      tellOfAdopted(this.#parts.host, wallet.adopt(document, now + elapsed(clock, since)));
    } else if (document.state === 'none') {
      wallet.keep(document.refreshToken);
    } else if (seen !== undefined || this.#hasBegun) {
      this.#leave(document.state, isOther);
    }
  }

  /** What was stored from here has been seen here. */
  note(document: SessionDocument): void {
    this.#lookedAt = moment(this.#parts.host.clock);
    this.#logins.written(document);
    if (this.#seen === undefined || document.version > this.#seen.version) this.#seen = document;
  }

  /** Stores a login; or what this client began with, unless somebody has signed in since it looked: that is newer. */
  signedIn(slot: Slot, isLogin: boolean): Promise<void> {
    const { wallet } = this.#parts;
    const seen = this.#seen;
    const login = this.#logins.add();
    this.#hasBegun ||= !isLogin;
    let isLate = false;
    const written = this.#writer.writeInTime(({ document, now }) => {
      // What a client began with was judged by what it had seen: a login or a sign-out since then is newer, and
      // whoever redeems a refresh token is to find it as it was.
      const isClaimed = document?.claim !== undefined && document.refreshToken !== undefined;
      const isNewer = (document?.state ?? 'none') !== 'none' && document?.version !== seen?.version;
      isLate = !isLogin && (isClaimed || isNewer);
      if (isLate || this.#logins.isDone(login)) return undefined;
      const { token, ...parts } = wallet.stored(slot, now);
      const isSame = hasSession(document) && document?.userId === parts.userId;
      const epoch = isSame && document ? document.epoch : nextEpoch(document, now);
      const tokens = token ? [token] : [];
      const signedIn = { ...parts, ...CLEAN, state: 'signed-in', epoch, tokens } as const;
      return this.#logins.writing(following(document, signedIn, now));
    });
    return isLogin ? written : written.then(() => (isLate ? this.look() : undefined));
  }

  /** Leaves word that the user has signed out; not where another one is signed in by now. */
  signedOut(): Promise<void> {
    const epoch = this.#seen?.epoch;
    // Who began with the same tokens finds nothing, and has to be told.
    const wasPending = this.#logins.signedOut();
    return this.#writer.writeInTime(({ document, now }) => {
      // A refresh token that nobody has redeemed yet would sign the user in again.
      const isEmpty = !hasSession(document) && document?.refreshToken === undefined && !wasPending;
      const isOther = epoch !== undefined && document?.epoch !== epoch && !this.#logins.isOwn(document);
      if (isEmpty || isOther) return undefined;
      return following(document, { ...OVER, state: 'signed-out', epoch: nextEpoch(document, now) }, now);
    });
  }

  write(change: Change): Promise<void> {
    return this.#writer.write(change);
  }

  async #look(): Promise<void> {
    // What happened here comes first: what is stored is older.
    await this.#writer.idle;
    if (this.#parts.host.signal.aborted) return;
    const told = this.#told;
    try {
      const sight = await this.vault.look();
      if (!this.isPending) this.take(sight);
    } catch (error) {
      // Looked at again after a while: a store that is down must not hold up every request.
      this.#lookedAt = moment(this.#parts.host.clock);
      this.#tell(error as TokenError);
    } finally {
      // Only now: what is sent meanwhile would still be the old user's.
      this.#heard = told;
    }
  }

  #leave(to: 'signed-out' | 'ended', isOther: boolean): void {
    const { wallet, state } = this.#parts;
    if (to === 'signed-out') {
      this.#parts.supersede(new SessionError('SIGNED_OUT'));
      wallet.forget();
    } else if (!isOther && state.user !== undefined) {
      const error = new SessionError('SESSION_ENDED');
      this.#parts.supersede(error);
      wallet.drop();
      state.ended(error);
    }
  }

  /** Once until it works again. */
  #tell({ message }: Error): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#parts.host.events.emit('warning', { code: 'STORE_UNAVAILABLE', message });
  }
}
