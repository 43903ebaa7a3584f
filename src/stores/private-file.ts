import { constants } from 'node:fs';
import type * as platformFiles from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';

/** What is asked of the file system. */
export type Files = Pick<typeof platformFiles, 'link' | 'mkdir' | 'open' | 'readdir' | 'rename' | 'unlink'>;

export interface FoundFile {
  readonly text: string;
  readonly modified: number;
}

/** More is no session. */
const MOST_BYTES = 1_048_576;
/** Stands for the text of a file that is larger: no JSON, so that it is left alone. */
const TOO_LARGE = 'too large';
const OTHERS = 0o077;
// A link is not followed, and a pipe does not keep us waiting. Windows has neither flag.
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
const READ = (O_RDONLY ?? 0) | O_NOFOLLOW | O_NONBLOCK;

/** Reads a file that only its owner can. Rejects where somebody else can, with what to do about it. */
export async function readPrivate(files: Files, path: string): Promise<FoundFile | undefined> {
  const handle = await files.open(path, READ).catch((error: unknown) => {
    if (isError(error, 'ENOENT')) return undefined;
    if (isError(error, 'ELOOP', 'EMLINK'))
      throw new Error(`${path} is a symbolic link: name the file itself`, { cause: error });
    throw error;
  });
  if (handle === undefined) return undefined;
  try {
    const found = await handle.stat();
    checkPrivate(path, found);
    const text = found.size > MOST_BYTES ? TOO_LARGE : await handle.readFile('utf8');
    return { text, modified: found.mtimeMs };
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file as a whole: what is there is the old text or the new one, whenever the machine stops. `mayStore` is
 * asked last. `false`: it said no, or `temporary` is gone.
 */
export async function replacePrivate(
  files: Files,
  { path, temporary }: { readonly path: string; readonly temporary: string },
  text: string,
  mayStore: () => Promise<boolean>,
): Promise<boolean> {
  let isStored = false;
  try {
    await createPrivate(files, temporary, text);
    if (!(await mayStore())) return false;
    await files.rename(temporary, path);
    isStored = true;
  } catch (error) {
    if (isError(error, 'ENOENT') && !(await mayStore())) return false;
    throw error;
  } finally {
    if (!isStored) await files.unlink(temporary).catch(() => {});
  }
  await syncFolder(files, dirname(path));
  return true;
}

/** Writes a file that must not be there yet, and brings it to the disk. */
async function createPrivate(files: Files, path: string, text: string): Promise<void> {
  const handle = await files.open(path, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function isError(error: unknown, ...codes: readonly string[]): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && codes.includes(code);
}

function checkPrivate(
  path: string,
  found: { readonly mode: number; readonly uid: number; isFile(): boolean },
): void {
  if (!found.isFile()) throw new Error(`${path} is no file: name one`);
  // Windows has no such modes and owners: there the folder decides who may read.
  const us = process.geteuid?.();
  if (us === undefined) return;
  if (found.uid !== us)
    throw new Error(`${path} belongs to another user (${found.uid}): remove it or run as that user`);
  if ((found.mode & OTHERS) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    throw new Error(`${path} can be read or written by other users (mode ${mode}): run chmod 600 on it`);
  }
}

/** So that a new name outlives a power failure. Not every system lets a folder be opened for this. */
async function syncFolder(files: Files, folder: string): Promise<void> {
  try {
    const handle = await files.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // What was renamed is there all the same.
  }
}
