import { elapsed } from '../clock.ts';
import type { SessionDocument, SessionUser, TokenStore } from '../contracts.ts';
import { SessionError, type TokenError } from '../errors.ts';
import { tellOfAdopted } from './adopted.ts';
import { CLEAN, following, hasSession, nextEpoch, OVER } from './document.ts';
import { Lookout } from './lookout.ts';
import type { SharingParts } from './sharing.ts';
import type { Slot } from './slot.ts';
import { StoredLogins } from './stored-logins.ts';
import { type Sight, Vault } from './vault.ts';
import { type Change, Writer } from './writer.ts';

/** One session in a store, as this client sees it: takes over what others store, and stores what happens here (T14). */
export class SharedSession<User extends SessionUser> {
  readonly vault: Vault;
  readonly logins: StoredLogins = new StoredLogins();
  readonly #parts: SharingParts<User>;
  readonly #writer: Writer;
  #seen: SessionDocument | undefined;
  #looking: Promise<void> | undefined;
  readonly #lookout: Lookout;
  /** Whether it has a session of its own, without having seen one. */
  #hasBegun = false;

  constructor(parts: SharingParts<User>, store: TokenStore) {
    const { host, proof } = parts;
    this.#parts = parts;
    this.vault = new Vault(host, store, proof);
    this.#lookout = new Lookout(host.clock, store.subscribe !== undefined);
    this.#writer = new Writer({
      host,
      vault: this.vault,
      written: (document) => this.note(document),
      failed: (error) => this.#tell(error),
    });
    const off = store.subscribe?.(() => {
      this.#lookout.news.tell();
      void this.look();
    });
    host.signal.addEventListener('abort', () => off?.());
  }

  /** Whether a request has to look first what others have stored. */
  get isDue(): boolean {
    return this.#mayLook && this.#lookout.isDue;
  }

  /** A store that does not tell and is down: looked at in the background, or each request would wait for it in vain. */
  lookAside(): void {
    if (this.#mayLook && this.#lookout.isDueAside) void this.look();
  }

  /** A closed client looks at nothing any more, so a look would be due for ever. */
  get #mayLook(): boolean {
    return !this.isPending && !this.#parts.host.signal.aborted;
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
      if (this.#lookout.news.mayFollowUp() && !this.#parts.host.signal.aborted) void this.look();
    });
    return this.#looking;
  }

  /** Takes over what is newer than what was seen last; with `isOverruled` also that, in place of what is here. */
  take({ document, now, since }: Sight, isOverruled = false): void {
    const { clock } = this.#parts.host;
    this.#lookout.looked();
    this.#lookout.isDown = false;
    const seen = this.#seen;
    // Something that is gone is no sign-out: that leaves a document behind.
    if (document === undefined || (!isOverruled && document.version <= (seen?.version ?? -1))) return;
    this.#seen = document;
    const { wallet, state } = this.#parts;
    const isOther = seen !== undefined && seen.epoch !== document.epoch;
    if (document.state === 'signed-in') {
      // What is over here may have left no word in the store: there was nothing, or a login was faster.
      const isOver = ['signed-out', 'ended'].includes(state.snapshot.status);
      if (isOther || isOver) this.#parts.supersede();
      // The same user, but signed out in between: what was asked before then is not answered now (T8).
      if (isOther && seen.state !== 'none' && state.user?.id === document.userId) wallet.forget();
      // A machine that slept on the store's answer must not take tokens for younger than they are.
      tellOfAdopted(this.#parts.host, wallet.adopt(document, now + elapsed(clock, since)));
    } else if (document.state === 'none') {
      // Another session is starting, so the one that was here is over.
      if (isOther && seen.state === 'signed-in') this.#leave('signed-out', true);
      wallet.keep(document.refreshToken);
    } else if (seen !== undefined || this.#hasBegun || wallet.refreshToken !== undefined) {
      this.#leave(document.state, isOther);
    }
  }

  /** What was stored from here has been seen here. */
  note(document: SessionDocument): void {
    this.#lookout.looked();
    this.logins.written(document);
    if (this.#seen === undefined || document.version > this.#seen.version) this.#seen = document;
  }

  /** Stores a login; or what this client began with, unless somebody has signed in since it looked: that is newer. */
  signedIn(slot: Slot, isLogin: boolean): Promise<void> {
    const { wallet } = this.#parts;
    const seen = this.#seen;
    const login = this.logins.add();
    this.#hasBegun ||= !isLogin;
    let isLate = false;
    const written = this.#writer.writeInTime(({ document, now }) => {
      // What a client began with was judged by what it had seen: a login or a sign-out since then is newer, and
      // whoever redeems a refresh token is to find it as it was.
      const isClaimed = document?.claim !== undefined && document.refreshToken !== undefined;
      const isNewer = (document?.state ?? 'none') !== 'none' && document?.version !== seen?.version;
      isLate = !isLogin && (isClaimed || isNewer);
      if (isLate || this.logins.isDone(login)) return undefined;
      const { token, ...parts } = wallet.stored(slot, now);
      const isSame = hasSession(document) && document?.userId === parts.userId;
      const epoch = isSame && document ? document.epoch : nextEpoch(document, now);
      const tokens = token ? [token] : [];
      const signedIn = { ...parts, ...CLEAN, state: 'signed-in', epoch, tokens } as const;
      return this.logins.writing(following(document, signedIn, now));
    });
    return isLogin ? written : written.then(() => (isLate ? this.look() : undefined));
  }

  /** Leaves word that the user has signed out; not where another one is signed in by now. */
  signedOut(): Promise<void> {
    const isMeant = this.logins.signedOut(this.#parts.host.clock);
    return this.#writer.writeInTime((sight) => {
      // By now: a refresh from before the sign-out may have begun a session meanwhile.
      if (!isMeant(sight, this.#seen?.epoch)) return undefined;
      const { document, now } = sight;
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
    const { told } = this.#lookout.news;
    try {
      const sight = await this.vault.look();
      // Looked at again when it is stored.
      if (this.isPending) return;
      this.take(sight);
    } catch (error) {
      // Looked at again after a while: a store that is down must not hold up every request.
      this.#lookout.looked();
      this.#tell(error as TokenError);
    }
    // Only now: what is sent meanwhile would still be the old user's.
    this.#lookout.news.heard(told);
  }

  #leave(to: 'signed-out' | 'ended', isOther: boolean): void {
    const { wallet, state } = this.#parts;
    // The end of a session that came after this one's is no end of this one: that was over before.
    if (to === 'signed-out' || (isOther && state.user !== undefined)) {
      this.#parts.supersede(new SessionError('SIGNED_OUT'));
      wallet.forget();
    } else if (state.user !== undefined) {
      const error = new SessionError('SESSION_ENDED');
      this.#parts.supersede(error);
      wallet.drop();
      state.ended(error);
    }
  }

  /** Once until it works again. */
  #tell({ message }: Error): void {
    if (this.#lookout.isDown) return;
    this.#lookout.isDown = true;
    this.#parts.host.events.emit('warning', { code: 'STORE_UNAVAILABLE', message });
  }
}
