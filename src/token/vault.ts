import { alarm, type Moment, moment } from '../clock.ts';
import type { Awaitable, Host, SessionDocument, TokenProof, TokenStore } from '../contracts.ts';
import { TokenError } from '../errors.ts';
import { Binding } from './binding.ts';
import { readDocument } from './document.ts';

/** Milliseconds that a store has for an answer: IndexedDB may never give one. */
const PATIENCE = 3000;

/** What was stored when it was read, and the store's time after that. */
export interface Sight {
  readonly document: SessionDocument | undefined;
  readonly now: number;
  /** Our own time when we asked for the store's: who slept since then does not know it any more. */
  readonly since: Moment;
}

/**
 * A store that answers in time or fails, and whose content has been checked. What is none of ours is treated as
 * absent and left alone: then this session is kept in memory.
 *
 * Every method rejects with a `TokenError` `STORE_UNAVAILABLE`.
 */
export class Vault {
  readonly store: TokenStore;
  readonly #host: Host;
  readonly #binding: Binding;
  readonly #hasKey: boolean;
  #hasWorked = false;
  /** Some browsers let a page read that nothing is there, and never write. */
  #hasHeld = false;
  /** Why the document is kept in memory instead. */
  #instead: 'foreign' | 'refused' | undefined;
  #memory: SessionDocument | undefined;

  constructor(host: Host, store: TokenStore, proof?: TokenProof) {
    this.#host = host;
    this.store = store;
    this.#binding = new Binding(proof);
    this.#hasKey = proof !== undefined;
  }

  async look(): Promise<Sight> {
    const raw = await this.#ask(() => this.store.read());
    const since = moment(this.#host.clock);
    if (this.#instead === 'refused') return { document: this.#memory, now: since.wall, since };
    this.#hasHeld ||= raw !== undefined;
    const stored = readDocument(raw);
    if (raw !== undefined && stored === undefined) this.#keepInMemory('foreign', FOREIGN);
    else this.#instead = undefined;
    const now = await this.#ask(() => this.store.now());
    if (now !== undefined && !Number.isFinite(now))
      throw unavailable(new Error('its now() answers no number'));
    const document = this.#instead ? this.#memory : await this.#withKey(() => this.#binding.read(stored));
    return { document, now: now ?? since.wall, since };
  }

  /** Whether who made a claim has provably died. What cannot be told is no proof. */
  async isGone(owner: string): Promise<boolean> {
    try {
      return (await this.#ask(async () => this.store.ownerGone?.(owner))) === true;
    } catch {
      return false;
    }
  }

  /** `false`: somebody else was faster. */
  async swap(expected: SessionDocument | undefined, next: SessionDocument): Promise<boolean> {
    if (this.#instead === undefined) {
      const bound = await this.#withKey(() => this.#binding.write(expected, next));
      if (bound === undefined) return true;
      const swapped = await this.#ask(() => this.store.swap(expected, bound), this.#hasHeld);
      this.#hasHeld ||= swapped === true;
      if (this.#instead === undefined) return swapped === true;
    }
    this.#memory = next;
    return true;
  }

  /** The error for who cannot wait for it any longer. */
  late(): TokenError {
    return unavailable(new Error('it has not taken what happened here'));
  }

  async #ask<T>(ask: () => Awaitable<T>, hasWorked = this.#hasWorked): Promise<T | undefined> {
    if (this.#instead === 'refused') return undefined;
    try {
      const answer = await this.#inTime(ask);
      this.#hasWorked = true;
      return answer;
    } catch (error) {
      if (this.store.optional === true && !hasWorked) {
        this.#keepInMemory('refused', REFUSED);
        return undefined;
      }
      throw unavailable(this.#host.redactor.copy(error));
    }
  }

  /** Keys are kept in a store of their own, which may hang as well. */
  #withKey<T>(ask: () => Promise<T>): Promise<T> {
    if (!this.#hasKey) return ask();
    return this.#inTime(ask, 'The DPoP key').catch((error: unknown) => {
      throw unavailable(this.#host.redactor.copy(error));
    });
  }

  #inTime<T>(ask: () => Awaitable<T>, who = 'The store'): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`${who} has not answered within ${PATIENCE} ms.`));
      const cancel = alarm(this.#host.clock, PATIENCE, late);
      Promise.resolve().then(ask).then(resolve, reject).finally(cancel);
    });
  }

  #keepInMemory(why: 'foreign' | 'refused', message: string): void {
    if (this.#instead === why) return;
    this.#instead = why;
    const code = why === 'foreign' ? 'STORE_FOREIGN' : 'STORE_UNAVAILABLE';
    this.#host.events.emit('warning', { code, message });
  }
}

const FOREIGN =
  'The store holds something that is no session document of this version of fetch-valet. It is left as it is, and ' +
  'this session is kept in memory: other tabs and processes do not see it. Use another key, or remove it.';
const REFUSED =
  'The store cannot be used here, as in some private windows. This session is kept in memory: it ends with the page. ' +
  'Outside of browsers fileStore() keeps one.';

function unavailable(cause: Error): TokenError {
  return new TokenError('STORE_UNAVAILABLE', {
    message:
      `The session store failed: ${(cause.message || cause.name).replace(/\.$/, '')}. ` +
      'Until it works again no refresh token is redeemed. It is tried again; check the store if it keeps failing.',
    cause,
    retryable: true,
  });
}
