import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { Fleet, type Places } from './fleet.ts';
import { startIssuer } from './issuer.mjs';
import type { Place } from './place.ts';

/** Real processes, and an issuer that revokes a session when one of its refresh tokens comes twice. */
const SIZE = 8;
/** Access tokens live for two seconds and are refreshed a fifth early, never earlier. */
const EARLIEST = 1.6;
const LONG = 150_000;

test.each(['file', 'Redis'])(
  'processes that share a %s refresh once per lifetime',
  { timeout: LONG },
  async (kind) => {
    const { fleet } = await launch(kind);
    await fleet.until('five refreshes', () => fleet.issuer.redeemed.length >= 5);
    await fleet.untilAllAnswer();
    const { refreshes, seconds, ...tally } = fleet.tally();
    expect(refreshes).toBeLessThanOrEqual(seconds / EARLIEST + 1);
    expect(tally).toMatchObject({ losses: 0, orphans: 0, others: [] });
    expect(fleet.issuer).toMatchObject({ refused: [], revoked: 0 });
    // Everybody has sent tokens that somebody else was handed.
    const senders = new Set(fleet.issuer.sent.map(({ pid }) => pid));
    expect(senders.size).toBe(SIZE);
  },
);

test.each(['file', 'Redis'])(
  'a session in a %s outlives whoever is killed',
  { timeout: LONG },
  async (kind) => {
    const { fleet } = await launch(kind);
    const { issuer } = fleet;
    for (let round = 0; round < 3; round++) {
      // Whoever has claimed, and has not got anything for it.
      issuer.intercept = (pid) => {
        issuer.intercept = undefined;
        fleet.kill(pid);
        return true;
      };
      await fleet.until('a program died with its claim', () => issuer.intercept === undefined);
      const before = issuer.redeemed.length;
      await fleet.until('another one has refreshed', () => issuer.redeemed.length > before, 20_000);
      fleet.kill();
      await fleet.untilAllAnswer();
    }
    expect(fleet.tally()).toMatchObject({ kills: 6, losses: 0 });
  },
);

test('a session in Redis outlives its restart and its absence', { timeout: LONG }, async () => {
  const { fleet, redis } = await launch('Redis');
  await redis?.kill();
  await redis?.start();
  await fleet.untilAllAnswer();
  await redis?.kill();
  const before = fleet.told('temporary');
  await fleet.until('requests fail', () => fleet.told('temporary') > before + SIZE);
  await redis?.start();
  await fleet.untilAllAnswer();
  expect(fleet.tally()).toMatchObject({ losses: 0, orphans: 0, others: [] });
  expect(fleet.issuer).toMatchObject({ refused: [], revoked: 0 });
});

test.each(['file', 'Redis'])(
  'after a sign-out nothing is sent by who shares a %s',
  { timeout: LONG },
  async (kind) => {
    const { fleet } = await launch(kind);
    const at = await fleet.signOut();
    await fleet.until('all have been told often', () => fleet.told('SIGNED_OUT') > SIZE * 30);
    await fleet.untilAllTell('SIGNED_OUT');
    expect(fleet.issuer.sent.filter(({ begun }) => begun >= at + 1000)).toEqual([]);
    expect(fleet.issuer.refused).toEqual([]);
  },
);

async function launch(kind: string): Promise<{ fleet: Fleet; redis?: RedisServer }> {
  const issuer = await startIssuer();
  onTestFinished(issuer.close);
  const redis = kind === 'Redis' ? await startRedis() : undefined;
  onTestFinished(async () => redis?.close());
  const fleet = new Fleet(issuer, redis ? redisPlaces(redis.port) : [await filePlace()]);
  onTestFinished(() => fleet.close());
  await fleet.launch(SIZE);
  return { fleet, ...(redis && { redis }) };
}

/** Both usual clients at once. */
function redisPlaces(port: number): Places {
  return [
    { kind: 'node-redis', port },
    { kind: 'ioredis', port },
  ];
}

async function filePlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'fetch-valet-processes-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { kind: 'file', path: join(folder, 'session.json') };
}
