import type { SessionDocument } from '../contracts.ts';

/**
 * Which logins of this client are stored. What is written is what is at hand then, so a later login may go along
 * with an earlier one's write. Written again, it would put back a refresh token that others have redeemed (T14).
 */
export class StoredLogins {
  #all = 0;
  #stored = 0;
  #writing: { readonly document: SessionDocument; readonly all: number } | undefined;

  /** A login, by its number. */
  add(): number {
    return ++this.#all;
  }

  has(login: number): boolean {
    return this.#stored >= login;
  }

  /** `document` holds every login so far. */
  writing(document: SessionDocument): SessionDocument {
    this.#writing = { document, all: this.#all };
    return document;
  }

  written(document: SessionDocument): void {
    if (this.#writing?.document === document) this.#stored = this.#writing.all;
  }
}
