/** CPU time of a GET that is read as JSON, with nothing of the network in it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CONTENDERS, type GetJson, PLAIN_KY, WRAPPER } from './contenders.ts';
import { cpuMicros, interleave, median, ratio, type Samples } from './measure.ts';
import { CLIENT_FETCH, CLIENT_VERB } from './ours.ts';
import { printBudget, printTable, showRatio, showSpread } from './table.ts';
import { freshWorld } from './world.ts';

const named = new Map(CONTENDERS.map(({ name, connect }) => [name, connect]));
const REQUESTS = 1000;
/** Requests between two turns of the event loop: without any, abort signals and timers pile up as they never do. */
const TURN = 50;
const ORIGIN = 'https://api.example.com';
const PATH = '/v1/orders/1';
const ANSWER = JSON.stringify({ id: 1, name: 'a small order', items: [1, 2, 3] });

/** Builds the `Request` that a real `fetch` builds: whoever hands over a `Request` pays for a second one. */
export const memoryFetch: typeof fetch = (input, init) => {
  void new Request(input, init);
  return Promise.resolve(new Response(ANSWER, { headers: { 'content-type': 'application/json' } }));
};

export async function benchInMemory(): Promise<void> {
  const network = globalThis.fetch;
  globalThis.fetch = memoryFetch;
  try {
    // First each beside its yardstick alone, as in a program with one client. With many, code that they share is
    // compiled for all of them at once, and the last table tells what that costs.
    const fetches = await compare('fetch', [WRAPPER, CLIENT_FETCH], 50);
    const verbs = await compare('verbs', [PLAIN_KY, CLIENT_VERB], 40);
    const all = await compare('all', [...named.keys()], 60);
    const budget = (samples: Samples, where: string): void => {
      if (samples !== verbs)
        printBudget(
          `${CLIENT_FETCH}, CPU, ${where}`,
          ratio(samples, CLIENT_FETCH, WRAPPER).median,
          1.1,
          ' × wrapper',
        );
      if (samples !== fetches)
        printBudget(
          `${CLIENT_VERB}, CPU, ${where}`,
          ratio(samples, CLIENT_VERB, PLAIN_KY).median,
          1,
          ' × plain ky',
        );
    };
    budget(fetches, 'alone');
    budget(verbs, 'alone');
    budget(all, 'beside all others');
  } finally {
    globalThis.fetch = network;
  }
}

async function compare(title: string, contenders: readonly string[], rounds: number): Promise<Samples> {
  const gets = new Map(contenders.map((name) => [name, named.get(name)?.(freshWorld(ORIGIN, memoryFetch))]));
  const yardsticks = [WRAPPER, PLAIN_KY].filter((name) => gets.has(name));
  // The same once more: how far from 1.00 these come is what a ratio can be trusted to.
  for (const name of yardsticks) {
    gets.set(`${name}, again (A/A)`, named.get(name)?.(freshWorld(ORIGIN, memoryFetch)));
  }
  const names = [...gets.keys()];
  await interleave(names, 5, (name) => cpuPerRequest(gets.get(name)));
  const samples = await interleave(names, rounds, (name) => cpuPerRequest(gets.get(name)));

  const rows = names.map((name) => {
    const ratios = yardsticks.map((yardstick) => ratio(samples, name, yardstick));
    const micros = median(samples.get(name) ?? []).toFixed(1);
    return [name, micros, ...ratios.flatMap((each) => [showRatio(each), showSpread(each)])];
  });
  const head = yardsticks.flatMap((name) => [
    `× ${name === WRAPPER ? 'wrapper' : 'plain ky'}`,
    'half of rounds',
  ]);
  printTable(
    `CPU per GET + JSON, in memory: ${title} (${rounds} interleaved rounds of ${REQUESTS})`,
    ['', 'µs', ...head],
    rows,
  );
  return samples;
}

async function cpuPerRequest(get: GetJson | undefined): Promise<number> {
  if (get === undefined) return Number.NaN;
  // What the one before left behind is not this one's to clean up.
  globalThis.gc?.({ type: 'minor' });
  const start = cpuMicros();
  await sendMany(get, REQUESTS);
  return (cpuMicros() - start) / REQUESTS;
}

/** One request after another. */
export async function sendMany(get: GetJson, requests: number): Promise<void> {
  for (let count = 0; count < requests; count += TURN) {
    for (let turn = 0; turn < TURN; turn++) await get(PATH);
    await nextTurn();
  }
}
