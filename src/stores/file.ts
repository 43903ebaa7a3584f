import { randomUUID } from 'node:crypto';
import * as platformFiles from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { systemClock } from '../clock.ts';
import type { Clock, TokenStore } from '../contracts.ts';
import { checkKeys, invalidOption } from '../options.ts';
import { FileLock } from './file-lock.ts';
import { type Files, isError, readPrivate, replacePrivate } from './private-file.ts';
import { createProcessOwner, type ProcessOwner } from './process-owner.ts';
import { isVersionOf, parseStored } from './stored-text.ts';

/** Options of `fileStore()`. */
export interface FileStoreOptions {
  /** Read the session and never redeem its refresh token, nor write anything. */
  readonly readOnly?: boolean;
}

/** What the platform gives, for tests to replace. */
export interface FileStoreSeams {
  readonly files?: Files;
  readonly clock?: Clock;
  readonly us?: ProcessOwner;
}

/**
 * A store in a file that only its owner can read, for programs of one machine that share a login.
 *
 * Why a swap is one step although a lock can be lost: whoever gets the lock removes what others were about to rename,
 * and then reads. A holder who has lost it meanwhile either renamed before that, and is read, or finds nothing to
 * rename, or sees that the lock is not its own any more.
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function createFileStore(
  path: string,
  options: FileStoreOptions = {},
  { files = platformFiles, clock = systemClock, us = createProcessOwner() }: FileStoreSeams = {},
): TokenStore {
  const { readOnly = false } = checkKeys('fileStore()', options, ['readOnly']);
  const file = checkPath(path);
  const nameDraft = (): string => `${file}.${randomUUID()}${UNFINISHED}`;
  const lock = new FileLock({ path: `${file}.lock`, files, nameDraft, clock, ...us });
  const read = async (): Promise<unknown> => parseStored((await readPrivate(files, file))?.text);
  return {
    read,
    async swap(expected, next) {
      if (readOnly) return false;
      const turn = await lock.take();
      try {
        await removeUnfinished(files, file);
        if (!isVersionOf(await read(), expected)) return false;
        return await replacePrivate(
          files,
          { path: file, temporary: nameDraft() },
          JSON.stringify(next),
          turn.isOurs,
        );
      } finally {
        // What was stored is stored: a lock that stays behind is found to be forgotten.
        await turn.end().catch(() => {});
      }
    },
    now: () => clock.now(),
    owner: us.owner,
    ownerGone: us.ownerGone,
    readOnly,
  };
}

const UNFINISHED = '.tmp';
const UUID = /^\.[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Removes what was written beside `file` and not renamed: nobody else has the lock, so nobody is at it any more. */
async function removeUnfinished(files: Files, file: string): Promise<void> {
  const [folder, name] = [dirname(file), basename(file)];
  const isUnfinished = (other: string): boolean =>
    other.startsWith(name) &&
    other.endsWith(UNFINISHED) &&
    UUID.test(other.slice(name.length, -UNFINISHED.length));
  for (const other of (await files.readdir(folder)).filter(isUnfinished)) {
    await files.unlink(join(folder, other)).catch((error: unknown) => {
      if (!isError(error, 'ENOENT')) throw error;
    });
  }
}

function checkPath(path: unknown): string {
  if (typeof path !== 'string' || path === '') throw invalidOption('fileStore() takes the path of a file.');
  if (path.startsWith('~'))
    throw invalidOption(`fileStore() does not know what "~" stands for: use homedir() of node:os.`);
  return resolve(path);
}
