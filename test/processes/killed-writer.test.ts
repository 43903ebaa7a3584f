import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createFileStore } from '../../src/stores/file.ts';
import { following, readDocument } from '../../src/token/document.ts';

const WRITER = fileURLToPath(new URL('writer.ts', import.meta.url));
const KILLS = 10;

test('whenever a writer is killed, a whole session is there and the next one goes on', {
  timeout: 90_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fetch-valet-killed-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'session.json');
  const store = createFileStore(path);
  let last = 0;
  for (let kill = 1; kill <= KILLS; kill++) {
    const writer = fork(WRITER, [path], { execArgv: ['--disable-warning=ExperimentalWarning'] });
    onTestFinished(() => void writer.kill('SIGKILL'));
    // It was killed a while after something was stored, in the midst of something else.
    for (let stored = 0; stored < kill; stored++) [last] = (await once(writer, 'message')) as [number];
    for (let i = 0; i < 40 * kill; i++) await readdir(folder);
    writer.kill('SIGKILL');
    await once(writer, 'exit');
    const document = readDocument(await store.read());
    expect(document?.version).toBeGreaterThanOrEqual(last);
    // The session, a lock, and what one program was about to rename.
    expect((await readdir(folder)).length).toBeLessThanOrEqual(3);
  }
  const document = readDocument(await store.read());
  expect(await store.swap(document, following(document, { idToken: undefined }, 0))).toBe(true);
  expect(await readdir(folder)).toEqual(['session.json']);
});
