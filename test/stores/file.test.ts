import { execFile } from 'node:child_process';
import * as platformFiles from 'node:fs/promises';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { createFileStore, type FileStoreOptions } from '../../src/stores/file.ts';
import type { Files } from '../../src/stores/private-file.ts';
import { fileStore } from '../../src/stores-node.ts';
import {
  describeForeignContent,
  describeTokenStore,
  documentOf,
  type StorePlace,
} from '../contracts/token-store.ts';
import { describeTokenStoreProcesses } from '../contracts/token-store-processes.ts';
import { valetErrorOf } from '../support/thrown.ts';

const later = documentOf({ version: documentOf().version + 1 });

describeTokenStore('a file', place, { tells: false, proves: true });
describeForeignContent('a file', place);
describeTokenStoreProcesses('a file', async () => {
  const path = join(await makeFolder(), 'session.json');
  const { href: module } = new URL('../../src/stores/file.ts', import.meta.url);
  return { store: createFileStore(path), program: { module, name: 'createFileStore', args: [path] } };
});

test('only its owner can read or write it, and nothing else stays in the folder', async () => {
  const folder = await makeFolder();
  const { swap } = createFileStore(join(folder, 'session.json'));
  await swap(undefined, documentOf());
  expect((await stat(join(folder, 'session.json'))).mode & 0o777).toBe(0o600);
  await swap(documentOf(), later);
  expect((await stat(join(folder, 'session.json'))).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['session.json']);
});

test('the new text and its name are brought to the disk', async () => {
  const folder = await makeFolder();
  const synced: string[] = [];
  const watched: Pick<Files, 'open' | 'rename'> = {
    async open(path, ...rest) {
      const handle = await open(path, ...rest);
      const sync = handle.sync.bind(handle);
      handle.sync = () => {
        synced.push(String(path).replace(/[\da-f-]{36}/, 'id'));
        return sync();
      };
      return handle;
    },
    async rename(from, to) {
      synced.push('rename');
      await platformFiles.rename(from, to);
    },
  };
  const { swap } = createFileStore(join(folder, 's'), {}, { files: { ...platformFiles, ...watched } });
  await swap(undefined, documentOf());
  expect(synced).toEqual([join(folder, 's.id.tmp'), 'rename', folder]);
});

test.each([0o640, 0o620, 0o604, 0o602, 0o666, 0o610])(
  'a file with a mode such as %i (decimal) is refused, and stays as it is',
  async (mode) => {
    const path = join(await makeFolder(), 'session.json');
    await writeFile(path, JSON.stringify(documentOf()));
    await chmod(path, mode);
    const { read, swap } = createFileStore(path);
    await expect(read()).rejects.toThrow('chmod 600');
    await expect(swap(documentOf(), later)).rejects.toThrow('chmod 600');
    expect(await readFile(path, 'utf8')).toBe(JSON.stringify(documentOf()));
    await chmod(path, 0o600);
    expect(await swap(documentOf(), later)).toBe(true);
  },
);

test('a file of another user is refused', async () => {
  const path = join(await makeFolder(), 'session.json');
  await writeFile(path, JSON.stringify(documentOf()), { mode: 0o600 });
  const files: Files = {
    ...platformFiles,
    async open(...given) {
      const handle = await open(...given);
      const found = await handle.stat();
      return Object.assign(handle, { stat: async () => Object.assign(found, { uid: found.uid + 1 }) });
    },
  };
  const { read, swap } = createFileStore(path, {}, { files });
  await expect(read()).rejects.toThrow('another user');
  await expect(swap(documentOf(), later)).rejects.toThrow('another user');
});

test.each(['a file', 'nothing'])('a link to %s is refused, and stays', async (target) => {
  const folder = await makeFolder();
  const [path, elsewhere] = [join(folder, 'session.json'), join(folder, 'elsewhere.json')];
  const text = JSON.stringify(documentOf());
  if (target === 'a file') await writeFile(elsewhere, text, { mode: 0o600 });
  await symlink(elsewhere, path);
  const { read, swap } = createFileStore(path);
  await expect(read()).rejects.toThrow('symbolic link');
  await expect(swap(documentOf(), later)).rejects.toThrow('symbolic link');
  await expect(swap(undefined, later)).rejects.toThrow('symbolic link');
  expect((await lstat(path)).isSymbolicLink()).toBe(true);
  if (target === 'a file') expect(await readFile(elsewhere, 'utf8')).toBe(text);
});

test('a folder and a pipe are refused at once', async () => {
  const folder = await makeFolder();
  await expect(createFileStore(folder).read()).rejects.toThrow('no file');
  const pipe = join(folder, 'pipe');
  await promisify(execFile)('mkfifo', ['-m', '600', pipe]);
  await expect(createFileStore(pipe).read()).rejects.toThrow('no file');
});

test('what is larger than any session is foreign', async () => {
  const path = join(await makeFolder(), 'session.json');
  const text = JSON.stringify({ ...documentOf(), idToken: 'x'.repeat(2 ** 20) });
  await writeFile(path, text, { mode: 0o600 });
  const { read, swap } = createFileStore(path);
  expect(await read()).toBe('too large');
  expect(await swap(documentOf(), later)).toBe(false);
  expect(await readFile(path, 'utf8')).toBe(text);
});

test('a missing folder is made for a session, and for nobody else', async () => {
  const folder = await makeFolder();
  const { read, swap } = createFileStore(join(folder, 'a/b/session.json'));
  expect(await read()).toBeUndefined();
  expect(await readdir(folder)).toEqual([]);
  expect(await swap(undefined, documentOf())).toBe(true);
  expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o700);
  expect(await read()).toEqual(documentOf());
});

test('files of others beside it stay', async () => {
  const folder = await makeFolder();
  const others = ['session.json.tmp', 'session.json.bak.tmp', 'other.json.lock', 'session.json.old'];
  for (const name of others) await writeFile(join(folder, name), name);
  await mkdir(join(folder, 'more'));
  await createFileStore(join(folder, 'session.json')).swap(undefined, documentOf());
  expect((await readdir(folder)).sort()).toEqual([...others, 'more', 'session.json'].sort());
});

test('a read-only store writes nothing', async () => {
  const folder = await makeFolder();
  const { readOnly, swap } = createFileStore(join(folder, 'session.json'), { readOnly: true });
  expect(readOnly).toBe(true);
  expect(await swap(undefined, documentOf())).toBe(false);
  expect(await readdir(folder)).toEqual([]);
});

test.each([
  ['no path', undefined, {}],
  ['an empty path', '', {}],
  ['a path that only a shell understands', '~/session.json', {}],
  ['a misspelt option', join(homedir(), 's'), { readonly: true }],
])('fileStore() refuses %s', async (_, path, options) => {
  const make = () => fileStore(path as string, options as FileStoreOptions);
  expect(await valetErrorOf(make)).toMatchObject({ code: 'INVALID_OPTION' });
});

async function place(): Promise<StorePlace> {
  const folder = await makeFolder();
  const path = join(folder, 'session.json');
  return {
    open: () => createFileStore(path),
    content: {
      put: (text) => writeFile(path, text, { mode: 0o600 }),
      get: () => readFile(path, 'utf8').catch(() => undefined),
    },
  };
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fetch-valet-file-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('an empty file is nobody’s: somebody has just made it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fetch-valet-empty-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'session.json');
  await writeFile(path, '', { mode: 0o600 });
  const { store } = fileStore(path);
  expect(await store.read()).toBeUndefined();
  expect(await store.swap(undefined, documentOf())).toBe(true);
  expect(await store.read()).toMatchObject({ userId: 'ada' });
});
