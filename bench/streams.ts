/** Memory that a streamed body takes: growth of RSS in a fresh process each. */
import { run, startServer } from './child.ts';
import { median, quantile } from './measure.ts';
import { printBudget, printTable } from './table.ts';

const MIB = 1024 * 1024;
const BYTES = 256 * MIB;
const REPEATS = 2;
const LIMIT = 30_000;

const RAW_UP = "up fetch, redirect: 'error'";
const RAW_DOWN = 'down fetch';
const CASES = [
  'up fetch',
  RAW_UP,
  "up ky, redirect: 'error'",
  "up ky, redirect: 'error', retry: 0",
  'up createFetch, stream',
  'up client.fetch, stream',
  'up client.fetch, () => stream',
  'up client.fetch, () => stream, 401 first',
  'up client.post, stream',
  'up client.post, () => stream',
  'up client.post, () => stream, 401 first',
  RAW_DOWN,
  'down ky',
  'down client.fetch',
  'down client.get',
] as const;
export type StreamCase = (typeof CASES)[number];

export async function benchStreams(): Promise<void> {
  using server = await startServer();
  const grown = new Map<StreamCase, number[]>(CASES.map((name) => [name, []]));
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const name of CASES) {
      const text = await run('stream-child.ts', [name, server.origin, String(BYTES)], LIMIT);
      grown.get(name)?.push(Number(text) / MIB);
    }
  }
  const of = (name: StreamCase): number => median(grown.get(name) ?? []);
  const rows = CASES.map((name) => {
    const values = grown.get(name) ?? [];
    return [name, of(name).toFixed(0), `${quantile(values, 0).toFixed(0)}–${quantile(values, 1).toFixed(0)}`];
  });
  printTable(`${BYTES / MIB} MiB streamed, growth of memory`, ['', 'MiB', `range of ${REPEATS}`], rows);
  for (const name of CASES.filter((each) => each.startsWith('up c'))) {
    printBudget(name, of(name), of(RAW_UP) + 64, ' MiB', 0);
  }
  for (const name of CASES.filter((each) => each.startsWith('down c'))) {
    printBudget(name, of(name), of(RAW_DOWN) + 40, ' MiB', 0);
  }
}
