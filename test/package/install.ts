/**
 * Packs the package and installs the tarball in a folder of its own, as a user does. `inject('project')` tells a
 * test where it is. The programs of `consumer/` are in there too.
 */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { buildWhenStale } from '../../tools/setup.mjs';
import { run } from './command.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of a project that has installed the package. */
    project: string;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await buildWhenStale();
  const folder = await mkdtemp(join(tmpdir(), 'fetch-valet-'));
  const packed = await npm(root, 'pack', '--json', '--pack-destination', folder);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await npm(folder, 'install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, filename));
  await cp(fileURLToPath(new URL('consumer', import.meta.url)), folder, { recursive: true });
  project.provide('project', folder);
  return () => rm(folder, { recursive: true, force: true });
}

export async function npm(cwd: string, ...args: readonly string[]): Promise<string> {
  const caller = process.env.npm_execpath;
  const ended = caller?.endsWith('npm-cli.js')
    ? await run(cwd, process.execPath, caller, ...args)
    : await run(cwd, 'npm', ...args);
  if (ended.code === 0) return ended.stdout;
  throw new Error(`npm ${args[0]} ended with ${ended.code}:\n${ended.stdout}${ended.stderr}`);
}
