import { systemClock } from '../clock.ts';
import { heldLocks, type Locks, takeLock } from './web-lock.ts';

/** Milliseconds after which every process has seen what another has written. */
const MARK_FOR = 2000;

/**
 * Which version was stored last, told by the name of a Web Lock. A browser hands what one page writes to web storage
 * to the processes of the others a little later than the lock that it was written under: by the lock alone, in
 * Chromium one of ten swaps under load is made from an old document and undoes a new one.
 */
export class VersionMarks {
  readonly #locks: Locks;
  readonly #prefix: string;
  #release = (): void => {};

  constructor(locks: Locks, prefix: string) {
    this.#locks = locks;
    this.#prefix = `${prefix}:version:`;
  }

  /** The newest version that was lately stored, as far as its page still lives; -1: none. */
  async newest(): Promise<number> {
    const names = await heldLocks(this.#locks);
    const marks = names.filter((name) => name.startsWith(this.#prefix));
    return Math.max(-1, ...marks.map((name) => Number(name.slice(this.#prefix.length))));
  }

  /** Marks a version that is about to be stored. Returns the function that takes it back. */
  async mark(version: number): Promise<() => void> {
    const release = await takeLock(this.#locks, this.#prefix + version);
    this.#release();
    this.#release = release;
    systemClock.setTimeout(release, MARK_FOR);
    return release;
  }
}
