import { systemClock } from '../clock.ts';
import type { SessionDocument } from '../contracts.ts';
import { heldLocks, type Locks, takeLock } from './web-lock.ts';

/** What a dead owner stored last is seen by all after this time. */
const SETTLE = 100;

/**
 * Proof that whoever claimed a session lives: a Web Lock, which ends with its page, also when that crashes. It is
 * held only while a claim may be stored, so that a page without one is free to rest in the back-forward cache.
 */
export class WebOwner {
  readonly name: string;
  readonly #locks: Locks;
  readonly #prefix: string;
  #held: Promise<() => void> | undefined;
  /** Claims that are being stored. */
  #claiming = 0;

  constructor(locks: Locks, prefix: string) {
    this.name = crypto.randomUUID();
    this.#locks = locks;
    this.#prefix = `${prefix}:owner:`;
  }

  /** Stores `next` by `swap`, with the lock taken before a claim of ours is stored and let go after it is gone. */
  async around(next: SessionDocument, swap: () => Promise<boolean>): Promise<boolean> {
    const isClaim = this.#isOurs(next);
    if (isClaim) this.#claiming++;
    try {
      if (isClaim) await this.#hold();
      const swapped = await swap();
      if (swapped && !isClaim) this.#letGo();
      return swapped;
    } finally {
      if (isClaim) this.#claiming--;
    }
  }

  /** What is stored has been read: a claim of ours may not be there any more. */
  saw(stored: unknown): void {
    if (!this.#isOurs(stored as Partial<SessionDocument> | undefined)) this.#letGo();
  }

  async isGone(owner: string): Promise<boolean> {
    if (await this.#isHeld(owner)) return false;
    await new Promise<void>((resolve) => void systemClock.setTimeout(resolve, SETTLE));
    return !(await this.#isHeld(owner));
  }

  #isOurs(document: Partial<SessionDocument> | null | undefined): boolean {
    return document?.claim?.owner === this.name;
  }

  async #isHeld(owner: string): Promise<boolean> {
    return (await heldLocks(this.#locks)).includes(this.#prefix + owner);
  }

  async #hold(): Promise<void> {
    this.#held ??= takeLock(this.#locks, this.#prefix + this.name);
    const held = this.#held;
    try {
      await held;
    } catch (error) {
      if (this.#held === held) this.#held = undefined;
      throw error;
    }
  }

  #letGo(): void {
    if (this.#claiming > 0) return;
    const held = this.#held;
    this.#held = undefined;
    held?.then((release) => release()).catch(() => {});
  }
}
