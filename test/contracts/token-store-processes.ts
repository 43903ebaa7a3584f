import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { Awaitable, TokenStore } from '../../src/contracts.ts';
import { documentOf } from './token-store.ts';

/** How another process opens a store: by a function that a module exports. */
export interface StoreProgram {
  /** `import.meta.resolve()`d, or the `href` of a file. */
  readonly module: string;
  readonly name: string;
  /** JSON. An empty place of its own for every test. */
  readonly args: readonly unknown[];
}

const COUNTER = fileURLToPath(new URL('counter.ts', import.meta.url));
const PROCESSES = 4;
const TIMES = 40;
/** Processes start slowly on a machine that is busy. */
const LONG = { timeout: 60_000 };

/** What a store promises that several processes share (rule T14). `make` is called for each test. */
export function describeTokenStoreProcesses(
  name: string,
  make: () => Awaitable<{ readonly store: TokenStore; readonly program: StoreProgram }>,
): void {
  test(`${name}: what several processes count up together is not lost`, LONG, async () => {
    const { store, program } = await make();
    const counters = await Promise.all(Array.from({ length: PROCESSES }, async () => start(program)));
    await Promise.all(counters.map((counter) => counter.count()));
    expect(await store.read()).toMatchObject({ epoch: PROCESSES * TIMES });
  });

  test(`${name}: a process that was killed is known to be gone, and one that runs is not`, LONG, async () => {
    const { store, program } = await make();
    const [alive, dead] = [await start(program), await start(program)];
    await store.swap(
      undefined,
      documentOf({ claim: { id: '1', owner: dead.owner, at: documentOf().version } }),
    );
    expect(await store.ownerGone?.(dead.owner)).toBe(false);
    dead.process.kill('SIGKILL');
    await once(dead.process, 'exit');
    expect(await store.ownerGone?.(dead.owner)).toBe(true);
    expect(await store.ownerGone?.(alive.owner)).toBe(false);
  });
}

/** A process that has opened the store. */
interface Counter {
  readonly process: ChildProcess;
  readonly owner: string;
  /** Counts up. Resolves when it is done. */
  count(): Promise<unknown>;
}

async function start({ module, name, args }: StoreProgram): Promise<Counter> {
  const counter = fork(COUNTER, [module, name, JSON.stringify(args), String(TIMES)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  onTestFinished(() => void counter.kill('SIGKILL'));
  const answer = async (): Promise<unknown> => {
    const end = new AbortController();
    const { signal } = end;
    const [said] = (await Promise.race([
      once(counter, 'message', { signal }),
      once(counter, 'exit', { signal }).then(([code]) => {
        throw new Error(`a process with ${name}() of ${module} ended with ${code}: its output says why`);
      }),
    ]).finally(() => end.abort())) as unknown[];
    return said;
  };
  const { owner = '' } = (await answer()) as { owner?: string };
  return {
    process: counter,
    owner,
    count() {
      counter.send('count');
      return answer();
    },
  };
}
