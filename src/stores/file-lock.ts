import { dirname } from 'node:path';
import { systemRandom } from '../clock.ts';
import type { Clock } from '../contracts.ts';
import { type Files, type FoundFile, isError, readPrivate } from './private-file.ts';

/** Shorter than what a store has for an answer. */
const WAIT = 2000;
const POLL = 20;
/** Locks are held for milliseconds. One that is older is forgotten, if it has also been watched for a while. */
const FORGOTTEN = 10_000;
const WATCH = 1000;
/** What file systems without hard links say. */
const NO_LINKS = ['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

export interface FileLockParts {
  readonly path: string;
  readonly files: Files;
  /** Names a file beside it that the next holder removes, should it stay behind. */
  readonly nameDraft: () => string;
  readonly clock: Clock;
  /** Names us, and tells whether somebody with such a name has died. */
  readonly owner: string;
  readonly ownerGone: (owner: string) => boolean;
}

/** One turn at what the lock guards. */
export interface Turn {
  /** Whether nobody has taken the lock away meanwhile: a process may stand still for long. */
  readonly isOurs: () => Promise<boolean>;
  end(): Promise<void>;
}

/**
 * A lock file with the name of its holder in it. One whose holder has died is removed at once, and one that nobody
 * can tell about after ten seconds. So a holder that stood still may have lost it: it asks `isOurs` before the step
 * that counts.
 */
export class FileLock {
  readonly #parts: FileLockParts;
  #count = 0;
  #seen: (FoundFile & { readonly since: number }) | undefined;

  constructor(parts: FileLockParts) {
    this.#parts = parts;
  }

  /** Waits for its turn, for two seconds at most. */
  async take(): Promise<Turn> {
    const { clock } = this.#parts;
    const text = `${this.#parts.owner} ${++this.#count}`;
    const end = clock.monotonic() + WAIT;
    for (;;) {
      const found = await this.#find();
      if (found === undefined && (await this.#create(text))) return this.#turn(text);
      if (found !== undefined && this.#isOver(found)) await this.#remove(found.text);
      else if (clock.monotonic() >= end) throw this.#busy(found);
      else if (found !== undefined) await pause(clock, POLL * (0.5 + systemRandom()));
    }
  }

  #turn(text: string): Turn {
    return {
      isOurs: async () => (await this.#find())?.text === text,
      end: () => this.#remove(text),
    };
  }

  /** A lock is there with the name of its holder in it, or it is not there: whoever dies in between leaves none. */
  async #create(text: string): Promise<boolean> {
    const { files, path, nameDraft } = this.#parts;
    const draft = nameDraft();
    if (!(await this.#write(draft, text))) return false;
    try {
      await files.link(draft, path);
      return true;
    } catch (error) {
      if (isError(error, ...NO_LINKS)) return await this.#write(path, text);
      // Somebody was faster, and may have cleaned up.
      if (isError(error, 'EEXIST', 'ENOENT')) return false;
      throw error;
    } finally {
      await files.unlink(draft).catch(() => {});
    }
  }

  async #write(path: string, text: string): Promise<boolean> {
    const { files } = this.#parts;
    const handle = await files.open(path, 'wx', 0o600).catch(async (error: unknown) => {
      if (isError(error, 'ENOENT')) await files.mkdir(dirname(path), { recursive: true, mode: 0o700 });
      else if (!isError(error, 'EEXIST')) throw error;
      return undefined;
    });
    try {
      await handle?.writeFile(text);
    } catch (error) {
      // The disk is full.
      await files.unlink(path).catch(() => {});
      throw error;
    } finally {
      await handle?.close();
    }
    return handle !== undefined;
  }

  #find(): Promise<FoundFile | undefined> {
    return readPrivate(this.#parts.files, this.#parts.path);
  }

  #isOver({ text, modified }: FoundFile): boolean {
    const { clock } = this.#parts;
    const now = clock.monotonic();
    if (this.#seen?.text !== text || this.#seen.modified !== modified)
      this.#seen = { text, modified, since: now };
    if (this.#parts.ownerGone(text.slice(0, text.lastIndexOf(' ')))) return true;
    const watched = now - this.#seen.since;
    return watched > FORGOTTEN || (watched >= WATCH && clock.now() - modified > FORGOTTEN);
  }

  /** Removes the lock, if it is still the one with this text. */
  async #remove(text: string): Promise<void> {
    const { files, path } = this.#parts;
    if ((await this.#find())?.text !== text) return;
    await files.unlink(path).catch((error: unknown) => {
      if (!isError(error, 'ENOENT')) throw error;
    });
  }

  #busy(found: FoundFile | undefined): Error {
    const [, pid = 'unknown'] = found?.text.split(' ') ?? [];
    return new Error(
      `${this.#parts.path} is held by the process ${pid}: remove it if nothing uses the session any more`,
    );
  }
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimeout(resolve, ms, true);
  });
}
