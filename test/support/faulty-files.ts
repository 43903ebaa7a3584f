import type { FileHandle } from 'node:fs/promises';
import * as platformFiles from 'node:fs/promises';
import type { Files } from '../../src/stores/private-file.ts';

/** What happens at one step: it fails, or the program ends there, or it stands still until it is let go. */
export interface Fault {
  readonly at: number;
  readonly kind: 'error' | 'crash' | 'freeze';
}

export interface FaultyFiles {
  readonly files: Files;
  /** How many steps there were. */
  readonly steps: number;
  /** When it stands still. Never, where it does not. */
  readonly isFrozen: Promise<void>;
  thaw(): void;
}

const NO_LINKS = Object.assign(new Error('not supported'), { code: 'EPERM' });

/** A real file system with one fault. A write that fails has written half. */
export function createFaultyFiles(fault?: Fault, hasLinks = true): FaultyFiles {
  const freeze = Promise.withResolvers<void>();
  const thaw = Promise.withResolvers<void>();
  let steps = 0;
  const step = async <Result>(run: () => Promise<Result>, half?: () => Promise<unknown>): Promise<Result> => {
    steps++;
    if (fault?.kind === 'crash' && steps > fault.at) throw new Error('this program has ended');
    if (steps !== fault?.at) return run();
    if (fault.kind === 'freeze') {
      freeze.resolve();
      await thaw.promise;
      return run();
    }
    await half?.();
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  };
  const handleOf = (handle: FileHandle) => ({
    stat: () => step(() => handle.stat()),
    readFile: (encoding: 'utf8') => step(() => handle.readFile(encoding)),
    sync: () => step(() => handle.sync()),
    // What a program that ends has open is closed.
    close: async () => {
      try {
        await step(async () => {});
      } finally {
        await handle.close();
      }
    },
    writeFile: (text: string) =>
      step(
        () => handle.writeFile(text),
        () => handle.writeFile(text.slice(0, text.length / 2)),
      ),
  });
  const { link, mkdir, open, readdir, rename, unlink } = platformFiles;
  const files = {
    link: (...given: Parameters<typeof link>) =>
      step(() => (hasLinks ? link(...given) : Promise.reject(NO_LINKS))),
    mkdir: (...given: Parameters<typeof mkdir>) => step(() => mkdir(...given)),
    open: (...given: Parameters<typeof open>) => step(async () => handleOf(await open(...given))),
    readdir: (path: string) => step(() => readdir(path)),
    rename: (...given: Parameters<typeof rename>) => step(() => rename(...given)),
    unlink: (...given: Parameters<typeof unlink>) => step(() => unlink(...given)),
  };
  return {
    files: files as unknown as Files,
    get steps() {
      return steps;
    },
    isFrozen: freeze.promise,
    thaw: () => thaw.resolve(),
  };
}
