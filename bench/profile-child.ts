/** Profiles one contender in a process of its own, and prints whose code the time was spent in, as JSON. */
import { readFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import { CONTENDERS } from './contenders.ts';
import { memoryFetch, sendMany } from './in-memory.ts';
import { cpuMicros } from './measure.ts';
import { freshWorld } from './world.ts';

const WARM_UP = 30_000;
const REQUESTS = 100_000;

const [wanted] = process.argv.slice(2);
const contender = CONTENDERS.find(({ name }) => name === wanted);
if (contender === undefined) throw new Error(`there is no contender ${wanted}`);

globalThis.fetch = memoryFetch;
const get = contender.connect(freshWorld('https://api.example.com', memoryFetch));
await sendMany(get, WARM_UP);

// First without the profiler, which costs time itself: it is asked for shares only.
const start = cpuMicros();
await sendMany(get, REQUESTS);
const micros = (cpuMicros() - start) / REQUESTS;

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: 200 });
await session.post('Profiler.start');
await sendMany(get, REQUESTS);
const { profile } = await session.post('Profiler.stop');
session.disconnect();

console.log(JSON.stringify({ micros, shares: [...sharesOf(profile)] }));

/** The share of all samples that each owner has. */
function sharesOf({ nodes, samples = [] }: Profiler.Profile): ReadonlyMap<string, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const ownerOf = (id: number): string => {
    const frame = byId.get(id)?.callFrame;
    if (frame === undefined) return 'the engine itself';
    // What the engine does for somebody, such as `Map.set`, is that somebody's.
    const isBuiltIn = frame.url === '' && !frame.functionName.startsWith('(');
    const parent = parents.get(id);
    return isBuiltIn && parent !== undefined ? ownerOf(parent) : owner(frame);
  };
  const counts = new Map<string, number>();
  for (const id of samples) {
    const name = ownerOf(id);
    if (name !== 'nobody') counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return new Map([...counts].map(([name, count]) => [name, count / total]));
}

function owner({ functionName, url, lineNumber }: Profiler.ProfileNode['callFrame']): string {
  if (functionName === '(idle)') return 'nobody';
  if (functionName === '(garbage collector)') return 'garbage collection';
  if (url.startsWith('node:')) return 'the platform';
  if (url.includes('/ky/')) return 'ky';
  if (url.includes('/dist/')) return `src/${sourceOf(url, lineNumber)}`;
  if (url.includes('/node_modules/')) return 'other packages';
  return url === '' ? 'the engine itself' : 'the benchmark';
}

/** The file of ours that a line of the built package comes from: the bundler writes its name above it. */
function sourceOf(url: string, line: number): string {
  const above = readFileSync(fileURLToPath(url), 'utf8')
    .split('\n')
    .slice(0, line + 1)
    .findLast((text) => text.startsWith('// src/'));
  return above?.slice('// src/'.length) ?? 'unknown';
}
