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
  #writing: { readonly document: SessionDocument; readonly all: number } | undefined;

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
    this.#writing = { document, all: this.#all };
    return document;
  }

  written(document: SessionDocument): void {
    if (this.#writing?.document === document) this.#done = Math.max(this.#done, this.#writing.all);
  }

  /** Whether `document` came of the last login that was written, even if nobody heard that it was stored. */
  isOwn(document: SessionDocument | undefined): boolean {
    const own = this.#writing?.document;
    return own !== undefined && own.epoch === document?.epoch && own.userId === document.userId;
  }
}
