import type { SessionDocument } from '../contracts.ts';

/**
 * Which logins of this client are still to be stored. What is written is what is at hand then, so a later login may
 * go along with an earlier one's write. Written again, it would put back a refresh token that others have redeemed
 * (T14); and after a sign-out there is nothing at hand.
 */
export class StoredLogins {
  #all = 0;
  /** The last login that needs no write any more. */
  #done = 0;
  /** The epoch of the last claim that was tried. */
  #claimed: number | undefined;
  #written: SessionDocument | undefined;
  /** How many logins each document holds that was tried: an earlier one may be stored in the end. */
  readonly #held = new WeakMap<SessionDocument, number>();

  /** A login, by its number. */
  add(): number {
    return ++this.#all;
  }

  /** Whether a login is stored, or was followed by a sign-out. */
  isDone(login: number): boolean {
    return this.#done >= login;
  }

  /** Returns whether a login was still on its way. */
  signedOut(): boolean {
    const isPending = this.#done < this.#all;
    this.#done = this.#all;
    return isPending;
  }

  /** `document` holds every login so far. */
  writing(document: SessionDocument): SessionDocument {
    this.#written = document;
    this.#held.set(document, this.#all);
    return document;
  }

  written(document: SessionDocument): void {
    this.#done = Math.max(this.#done, this.#held.get(document) ?? 0);
  }

  /** `document` is stored with a claim, and perhaps with a refresh token that was at hand. */
  claiming(document: SessionDocument): void {
    this.#claimed = document.epoch;
  }

  /** Whether `document` came of the last login or claim that was written, even if nobody heard that it was stored. */
  isOwn(document: SessionDocument | undefined): boolean {
    if (document !== undefined && document.epoch === this.#claimed) return true;
    const own = this.#written;
    return own !== undefined && own.epoch === document?.epoch && own.userId === document.userId;
  }
}
