/** Where the time of a request goes: whose code it is spent in. */
import { run } from './child.ts';
import { PLAIN_KY, WRAPPER } from './contenders.ts';
import { CLIENT_FETCH, CLIENT_VERB } from './ours.ts';
import { printTable } from './table.ts';

const PROFILED = [WRAPPER, CLIENT_FETCH, PLAIN_KY, CLIENT_VERB];
const LIMIT = 120_000;
/** Files of ours that take less than this are counted together. */
const WORTH_A_LINE = 0.1;
const REST = 'src/, all other files';

interface Profiled {
  readonly micros: number;
  readonly shares: readonly (readonly [owner: string, share: number])[];
}

export async function benchProfile(): Promise<void> {
  const columns: ReadonlyMap<string, number>[] = [];
  for (const name of PROFILED) {
    const { micros, shares } = JSON.parse(await run('profile-child.ts', [name], LIMIT)) as Profiled;
    columns.push(new Map(shares.map(([owner, share]) => [owner, share * micros])));
  }
  const owners = new Set(columns.flatMap((column) => [...column.keys()]));
  const isSmall = (owner: string): boolean =>
    owner.startsWith('src/') && columns.every((column) => (column.get(owner) ?? 0) < WORTH_A_LINE);
  const small = new Set([...owners].filter(isSmall));
  const totals = columns.map((column) => sum([...column.values()]));
  const rows = [...owners]
    .filter((owner) => !small.has(owner))
    .map((owner) => ({ owner, micros: columns.map((column) => column.get(owner) ?? 0) }))
    .sort((a, b) => sum(b.micros) - sum(a.micros));
  rows.push({
    owner: REST,
    micros: columns.map((column) => sum([...small].map((owner) => column.get(owner) ?? 0))),
  });
  rows.push({ owner: 'all', micros: totals });
  printTable(
    'CPU per GET + JSON, in memory: µs by whose code it is',
    ['', ...PROFILED],
    rows.map(({ owner, micros }) => [owner, ...micros.map((value) => value.toFixed(2))]),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
