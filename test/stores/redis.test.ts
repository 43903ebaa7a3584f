import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createRedisStore, type RedisClient, type RedisStoreOptions } from '../../src/stores/redis.ts';
import { redisStore } from '../../src/stores-redis.ts';
import {
  describeForeignContent,
  describeTokenStore,
  documentOf,
  type StorePlace,
} from '../contracts/token-store.ts';
import { describeTokenStoreProcesses } from '../contracts/token-store-processes.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { valetErrorOf } from '../support/thrown.ts';

let server: RedisServer;
let admin: Redis;
let places = 0;

beforeAll(async () => {
  server = await startRedis();
  admin = new Redis(server.port, '127.0.0.1');
});

afterAll(async () => {
  admin.disconnect();
  await server.close();
});

/** What the two usual clients are called, and how they are made and closed. */
const clients: readonly (readonly [string, () => Promise<{ client: RedisClient; close: () => void }>])[] = [
  [
    'node-redis',
    async () => {
      const client = await createClient({ url: server.url }).connect();
      return { client, close: () => client.destroy() };
    },
  ],
  [
    'ioredis',
    async () => {
      const client = new Redis(server.port, '127.0.0.1', { lazyConnect: true });
      await client.connect();
      return { client, close: () => client.disconnect() };
    },
  ],
];

for (const [name, connect] of clients) {
  const make = (): StorePlace => {
    const key = `place-${++places}`;
    const closes: (() => void)[] = [];
    return {
      async open() {
        const { client, close } = await connect();
        closes.push(close);
        return createRedisStore(client, { key });
      },
      content: {
        put: (text) => admin.set(`fetch-valet:${key}`, text),
        get: async () => (await admin.get(`fetch-valet:${key}`)) ?? undefined,
      },
      close() {
        for (const close of closes) close();
      },
    };
  };
  describeTokenStore(`Redis through ${name}`, make, { tells: false, proves: true });
  describeForeignContent(`Redis through ${name}`, make);
  describeTokenStoreProcesses(`Redis through ${name}`, async () => {
    const key = `place-${++places}`;
    const { href: module } = new URL('../processes/place.ts', import.meta.url);
    const args = [{ kind: name, port: server.port }, key];
    return { store: await store({ key }), program: { module, name: 'openTokenStore', args } };
  });

  const store = async (options: RedisStoreOptions) => {
    const { client, close } = await connect();
    onTestFinished(close);
    return createRedisStore(client, options);
  };

  test(`a session is kept under its prefix, for good unless it has a life (${name})`, async () => {
    const { swap } = await store({ key: `ada-${name}`, prefix: 'app:' });
    await swap(undefined, documentOf());
    expect(await admin.pttl(`app:ada-${name}`)).toBe(-1);
  });

  test(`each write begins the life of a session anew (${name})`, async () => {
    const key = `bob-${name}`;
    const { read, swap } = await store({ key, ttl: 60_000 });
    await swap(undefined, documentOf());
    const first = await admin.pttl(`fetch-valet:${key}`);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThanOrEqual(60_000);
    await admin.pexpire(`fetch-valet:${key}`, 1000);
    await swap(documentOf(), documentOf({ version: documentOf().version + 1 }));
    expect(await admin.pttl(`fetch-valet:${key}`)).toBeGreaterThan(1000);
    // As if its life were over.
    await admin.pexpire(`fetch-valet:${key}`, 0);
    expect(await read()).toBeUndefined();
  });

  test(`its time is that of Redis (${name})`, async () => {
    const { now } = await store({ key: 'any' });
    const timeOf = async (): Promise<number> => {
      const [seconds, microseconds] = (await admin.time()).map(Number);
      return (seconds ?? 0) * 1000 + Math.floor((microseconds ?? 0) / 1000);
    };
    const before = await timeOf();
    const between = await now();
    expect(between).toBeGreaterThanOrEqual(before);
    expect(between).toBeLessThanOrEqual(await timeOf());
  });

  test(`a list under its name is foreign, and stays (${name})`, async () => {
    const key = `list-${name}`;
    await admin.rpush(`fetch-valet:${key}`, 'a');
    const { read, swap } = await store({ key });
    expect(await read()).toMatch(/^WRONGTYPE/);
    expect(await swap(undefined, documentOf())).toBe(false);
    expect(await admin.lrange(`fetch-valet:${key}`, 0, -1)).toEqual(['a']);
  });

  test(`a change between the look and the swap is not overwritten (${name})`, async () => {
    const key = `raced-${name}`;
    const { client, close } = await connect();
    onTestFinished(close);
    const other = JSON.stringify(documentOf({ userId: 'mallory' }));
    // Somebody else writes, the same version even, after the text was read and before the script runs.
    const raced = Object.create(client, {
      get: {
        value: async (name: string) => {
          const text = await client.get(name);
          await admin.set(name, other);
          return text;
        },
      },
    }) as RedisClient;
    const { swap } = createRedisStore(raced, { key });
    expect(await swap(undefined, documentOf({ version: 5 }))).toBe(false);
    await admin.set(`fetch-valet:${key}`, JSON.stringify(documentOf()));
    expect(await swap(documentOf(), documentOf({ version: documentOf().version + 1 }))).toBe(false);
    expect(await admin.get(`fetch-valet:${key}`)).toBe(other);
  });

  test(`a read-only store writes nothing (${name})`, async () => {
    const { readOnly, swap } = await store({ key: `page-${name}`, readOnly: true });
    expect(readOnly).toBe(true);
    expect(await swap(undefined, documentOf())).toBe(false);
    expect(await admin.exists(`fetch-valet:page-${name}`)).toBe(0);
  });
}

test('a server that is gone is an error, not an empty store', async () => {
  const gone = await startRedis();
  onTestFinished(gone.close);
  const client = new Redis(gone.port, '127.0.0.1', { maxRetriesPerRequest: 0, enableOfflineQueue: false });
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  const { now, read, swap } = createRedisStore(client, { key: 'any' });
  await client.ping().catch(() => {});
  await gone.kill();
  await expect(read()).rejects.toThrow();
  await expect(swap(undefined, documentOf())).rejects.toThrow();
  await expect(now()).rejects.toThrow();
});

test('a client that answers with bytes is told so', async () => {
  const client = { get: () => Promise.resolve(Buffer.from('{}')), eval: () => Promise.resolve(1) };
  await expect(createRedisStore(client, { key: 'any' }).read()).rejects.toThrow('type mapping');
});

test.each([
  ['no client', undefined, { key: 'a' }],
  ['something else', { get: () => {} }, { key: 'a' }],
  ['no options', { get: () => {}, eval: () => {} }, undefined],
  ['an empty key', { get: () => {}, eval: () => {} }, { key: '' }],
  ['a life of nothing', { get: () => {}, eval: () => {} }, { key: 'a', ttl: 0 }],
  ['a life for ever', { get: () => {}, eval: () => {} }, { key: 'a', ttl: Number.POSITIVE_INFINITY }],
  ['a misspelt option', { get: () => {}, eval: () => {} }, { key: 'a', readonly: true }],
])('redisStore() refuses %s', async (_, client, options) => {
  const make = () => redisStore(client as unknown as RedisClient, options as unknown as RedisStoreOptions);
  expect(await valetErrorOf(make)).toMatchObject({ code: 'INVALID_OPTION' });
});
