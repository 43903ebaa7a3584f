import { elapsed, moment } from '../clock.ts';
import type { Clock, SessionDocument } from '../contracts.ts';
import { hasSession } from './document.ts';
import type { Sight } from './vault.ts';

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

  /** A sign-out, now. Returns whether what is stored is meant by it; `epoch`: that of the session seen last. */
  signedOut(clock: Clock): (sight: Sight, epoch: number | undefined) => boolean {
    const wasPending = this.#done < this.#all;
    this.#done = this.#all;
    const since = moment(clock);
    return ({ document, now }, epoch) => {
      // A refresh token that nobody has redeemed yet would sign the user in again. Who began with the same tokens
      // as a login that was on its way finds nothing, and has to be told.
      if (!hasSession(document) && document?.refreshToken === undefined && !wasPending) return false;
      // That login would have taken the place of what was there by then, and so does its end.
      const isBefore = wasPending && (document?.epoch ?? 0) <= now - elapsed(clock, since);
      return epoch === undefined || document?.epoch === epoch || isBefore || this.#isOwn(document);
    };
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
  #isOwn(document: SessionDocument | undefined): boolean {
    if (document !== undefined && document.epoch === this.#claimed) return true;
    const own = this.#written;
    return own !== undefined && own.epoch === document?.epoch && own.userId === document.userId;
  }
}
