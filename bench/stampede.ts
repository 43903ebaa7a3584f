/** 10 000 requests that are started at once, with a token that the server does not take any more. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Contender, REFRESHING, WRAPPER } from './contenders.ts';
import { cpuMicros, interleave, median, ratio } from './measure.ts';
import { CLIENT_VERB, OURS_WITH_TOKEN } from './ours.ts';
import { printBudget, printTable, showRatio, showSpread } from './table.ts';
import type { Issued, World } from './world.ts';

const REQUESTS = 10_000;
const ROUNDS = 9;
const NEW_TOKEN = 'n'.repeat(300);
/** What a token endpoint takes to answer. */
const REFRESH_MS = 20;
const ANSWER = JSON.stringify({ id: 1 });

interface Tally {
  refreshes: number;
  failures: number;
  /** CPU time, in milliseconds. */
  cpu: number;
}

/** The token is past its end, or the server has revoked it: then the first answer is a 401. */
type Trouble = 'expired' | 'revoked';

export async function benchStampede(): Promise<void> {
  await compare('expired', 'an expired token');
  await compare('revoked', 'a token that the server has revoked');
}

async function compare(trouble: Trouble, title: string): Promise<void> {
  const tallies = new Map<string, Tally[]>(REFRESHING.map(({ name }) => [name, []]));
  const byName = new Map(REFRESHING.map((contender) => [contender.name, contender]));
  const names = [...byName.keys()];
  const run = async (name: string): Promise<number> => {
    const tally: Tally = { refreshes: 0, failures: 0, cpu: 0 };
    tallies.get(name)?.push(tally);
    return stampede(byName.get(name), trouble, tally);
  };
  await interleave(names, 1, run);
  const samples = await interleave(names, ROUNDS, run);

  const most = (name: string, of: keyof Tally): number =>
    Math.max(...(tallies.get(name) ?? []).map((tally) => tally[of]));
  const rows = names.map((name) => {
    const toWrapper = ratio(samples, name, WRAPPER);
    const ms = median(samples.get(name) ?? []).toFixed(0);
    const cpu = median((tallies.get(name) ?? []).slice(1).map((tally) => tally.cpu)).toFixed(0);
    const counts = [String(most(name, 'refreshes')), String(most(name, 'failures'))];
    return [name, ...counts, ms, showRatio(toWrapper), showSpread(toWrapper), cpu];
  });
  printTable(
    `${REQUESTS} requests started on ${title} (worst and median of ${ROUNDS} interleaved rounds)`,
    ['', 'refreshes', 'failures', 'ms', '× wrapper', 'half of rounds', 'CPU ms'],
    rows,
  );
  // The budget of time is for expired tokens, and not for verbs: those are measured by ky, elsewhere.
  for (const { name } of OURS_WITH_TOKEN) {
    printBudget(`${name}, refreshes`, most(name, 'refreshes'), 1, '', 0);
    printBudget(`${name}, failures`, most(name, 'failures'), 0, '', 0);
    if (trouble === 'expired' && name !== CLIENT_VERB)
      printBudget(`${name}, time`, ratio(samples, name, WRAPPER).median, 1.5, ' × wrapper');
  }
}

/** Milliseconds until all are answered. */
async function stampede(contender: Contender | undefined, trouble: Trouble, tally: Tally): Promise<number> {
  if (contender === undefined) return Number.NaN;
  const network = globalThis.fetch;
  globalThis.fetch = serverTaking(NEW_TOKEN);
  try {
    const get = contender.connect(worldWith(trouble, tally, globalThis.fetch));
    globalThis.gc?.();
    const cpu = cpuMicros();
    const start = performance.now();
    const answers = await Promise.allSettled(Array.from({ length: REQUESTS }, () => get('/v1/orders/1')));
    tally.failures = answers.filter(({ status }) => status === 'rejected').length;
    tally.cpu = (cpuMicros() - cpu) / 1000;
    return performance.now() - start;
  } finally {
    globalThis.fetch = network;
  }
}

function worldWith(trouble: Trouble, tally: Tally, memory: typeof fetch): World {
  return {
    origin: 'https://api.example.com',
    memory,
    initial: { value: 'o'.repeat(300), expiresIn: trouble === 'expired' ? -60 : 3600 },
    async issue(): Promise<Issued> {
      tally.refreshes++;
      await sleep(REFRESH_MS);
      return { value: NEW_TOKEN, expiresIn: 3600 };
    },
  };
}

function serverTaking(token: string): typeof fetch {
  return async (input, init) => {
    const { headers } = new Request(input, init);
    // As a network does: the answer comes in a later turn of the event loop.
    await new Promise(setImmediate);
    return headers.get('authorization') === `Bearer ${token}`
      ? new Response(ANSWER, { headers: { 'content-type': 'application/json' } })
      : new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } });
  };
}
