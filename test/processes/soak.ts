/** `npm run soak`: eight processes share one session for a minute each, and one table says how it went. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { Fleet, type Places, type Tally } from './fleet.ts';
import { startIssuer } from './issuer.mjs';

const SIZE = 8;
const SECONDS = Number(process.argv[2] ?? 60);

interface Trial {
  readonly name: string;
  readonly isRedis?: boolean;
  /** Kills a random program every two seconds. */
  readonly kills?: boolean;
  /** Restarts Redis in the middle, and then takes it away for ten seconds. */
  readonly outage?: boolean;
}

const trials: readonly Trial[] = [
  { name: 'file' },
  { name: 'file, kills', kills: true },
  { name: 'Redis', isRedis: true },
  { name: 'Redis, kills', isRedis: true, kills: true },
  { name: 'Redis, restart and outage', isRedis: true, outage: true },
];

async function run(trial: Trial): Promise<Tally & { readonly late: number }> {
  const issuer = await startIssuer();
  const redis = trial.isRedis === true ? await startRedis() : undefined;
  const folder = await mkdtemp(join(tmpdir(), 'fetch-valet-soak-'));
  const fleet = new Fleet(issuer, placesOf(redis, folder));
  try {
    await fleet.launch(SIZE);
    const end = performance.now() + SECONDS * 1000;
    const wait = (seconds: number): Promise<void> => {
      const until = performance.now() + seconds * 1000;
      return fleet.until(`${seconds} s`, () => performance.now() >= until, seconds * 2000 + 1000);
    };
    if (trial.outage === true) await disturb(redis, wait);
    while (performance.now() < end) {
      await wait(2);
      if (trial.kills === true) fleet.kill();
    }
    await fleet.untilAllAnswer();
    const tally = fleet.tally();
    const at = await fleet.signOut();
    await wait(3);
    return { ...tally, late: issuer.sent.filter(({ begun }) => begun >= at + 1000).length };
  } finally {
    await fleet.close();
    await redis?.close();
    await issuer.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function disturb(
  redis: RedisServer | undefined,
  wait: (seconds: number) => Promise<void>,
): Promise<void> {
  await wait(SECONDS / 4);
  await redis?.kill();
  await redis?.start();
  await wait(SECONDS / 4);
  await redis?.kill();
  await wait(10);
  await redis?.start();
}

function placesOf(redis: RedisServer | undefined, folder: string): Places {
  if (redis === undefined) return [{ kind: 'file', path: join(folder, 'session.json') }];
  const { port } = redis;
  return [
    { kind: 'node-redis', port },
    { kind: 'ioredis', port },
  ];
}

const rows: Record<string, string | number>[] = [];
for (const trial of trials) {
  console.log(`${trial.name}: ${SIZE} processes, ${SECONDS} s …`);
  const { seconds, others, refreshes, ...counted } = await run(trial);
  // Tokens of two seconds are refreshed in the last fifth of their life.
  const perLifetime = Math.round((refreshes / (seconds / 2)) * 100) / 100;
  rows.push({
    trial: trial.name,
    seconds: Math.round(seconds),
    refreshes,
    'per 2 s': perLifetime,
    ...counted,
    others: others.join(' '),
  });
}
console.table(rows);
process.exitCode = rows.some(({ losses, late }) => losses !== 0 || late !== 0) ? 1 : 0;
