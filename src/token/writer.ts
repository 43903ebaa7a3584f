import { alarm, elapsed, moment } from '../clock.ts';
import type { Host, SessionDocument } from '../contracts.ts';
import type { TokenError } from '../errors.ts';
import { isSameWrite } from './document.ts';
import type { Sight, Vault } from './vault.ts';

/** Milliseconds that a sign-in or a sign-out waits for its store. */
const PATIENCE = 5000;
/** How often a closed client tries. */
const LAST_TRIES = 5;
/** So often a write is tried again at once when somebody else was faster. */
const PATIENT_CONFLICTS = 3;
/** Of so many writes without an answer it is looked whether they were stored. */
const MOST_UNHEARD = 16;
const RETRY_LEAST = 100;
const RETRY_MOST = 500;

/** Makes the next document, or `undefined`: there is nothing to write any more. */
export type Change = (sight: Sight) => SessionDocument | undefined;

export interface WriterParts {
  readonly host: Host;
  readonly vault: Vault;
  written(document: SessionDocument): void;
  failed(error: TokenError): void;
}

/** Stores changes one after another, each again and again until it is stored or pointless. */
export class Writer {
  readonly #parts: WriterParts;
  #last: Promise<unknown> = Promise.resolve();
  #pending = 0;
  /** Why the last attempt failed. */
  #failure: TokenError | undefined;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** Whether something is not stored yet. */
  get isPending(): boolean {
    return this.#pending > 0;
  }

  /** Whether nothing follows what is being written. */
  get isLast(): boolean {
    return this.#pending === 1;
  }

  /** Resolves when everything so far is stored. */
  get idle(): Promise<unknown> {
    return this.#last;
  }

  write(change: Change): Promise<void> {
    if (this.#parts.vault.store.readOnly === true) return Promise.resolve();
    this.#pending++;
    const written = this.#last
      .then(() => this.#write(change))
      .finally(() => {
        this.#pending--;
      });
    this.#last = written.catch(() => {});
    return written;
  }

  /**
   * Waits a while. A store that does not answer by then is told of the change later all the same.
   *
   * Rejects with a `TokenError` `STORE_UNAVAILABLE`.
   */
  async writeInTime(change: Change): Promise<void> {
    const { host, vault } = this.#parts;
    const written = this.write(change);
    let cancel = (): void => {};
    const late = new Promise<'late'>((resolve) => {
      cancel = alarm(host.clock, PATIENCE, () => resolve('late'), true);
    });
    const outcome = await Promise.race([written, late]).finally(() => cancel());
    if (outcome === 'late') throw this.#failure ?? vault.late();
  }

  async #write(change: Change): Promise<void> {
    const { host, vault } = this.#parts;
    let unheard: readonly Tried[] = [];
    let conflicts = 0;
    this.#failure = undefined;
    const start = moment(host.clock);
    // Nobody waits any longer than this, so it keeps no process alive either (rule T9).
    const wait = (ms: number): Promise<void> => pause(host, ms, elapsed(host.clock, start) < PATIENCE);
    // What a client has redeemed before it was closed is stored all the same, if the store takes it.
    for (let tries = 0; !host.signal.aborted || tries < LAST_TRIES; tries++) {
      try {
        const sight = await vault.look();
        // An answer may have been lost on the way, and yet it was stored.
        const stored = unheard.find((tried) => isStored(sight.document, tried));
        if (stored) {
          this.#parts.written(stored.next);
          return;
        }
        const next = change(sight);
        if (next === undefined) return;
        const before = unheard;
        unheard = [...before.slice(1 - MOST_UNHEARD), { base: sight.document, next }];
        if (await vault.swap(sight.document, next)) {
          this.#parts.written(next);
          return;
        }
        // Perhaps it was one of the earlier ones that was faster.
        unheard = before;
        // Many write at once, or the store takes nothing: without a pause nobody else would have a turn.
        if (++conflicts > PATIENT_CONFLICTS) await wait(RETRY_LEAST * host.random());
      } catch (error) {
        this.#failure = error as TokenError;
        this.#parts.failed(this.#failure);
        await wait(RETRY_LEAST + (RETRY_MOST - RETRY_LEAST) * host.random());
      }
    }
  }
}

/** A write whose answer was lost. */
interface Tried {
  readonly base: SessionDocument | undefined;
  readonly next: SessionDocument;
}

/** Whether it was stored all the same, and perhaps somebody has gone on from there. */
function isStored(document: SessionDocument | undefined, { base, next }: Tried): boolean {
  if (document === undefined || isSameWrite(document, next)) return document !== undefined;
  const isLater = document.epoch === next.epoch && document.version > next.version;
  // An end is that of the session before: a login would not have been refused at once.
  if (document.state !== next.state) return false;
  // As long as the refresh token from before is there, nobody has.
  return isLater && document.refreshToken !== base?.refreshToken;
}

/** Resolves after `ms`, or when the client is closed. */
export function pause({ clock, signal }: Host, ms: number, keepAlive = true): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = alarm(clock, ms, done, keepAlive);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
