/**
 * `fetch-valet/stores/redis`: a session in Redis, shared by the programs of several machines.
 *
 * @module
 */
import type { SharedStore } from './contracts.ts';
import { sharedStore } from './shared-store.ts';
import { createRedisStore, type RedisClient, type RedisStoreOptions } from './stores/redis.ts';

export type { SharedStore, TokenStore } from './contracts.ts';
export type { IoRedisClient, NodeRedisClient, RedisClient, RedisStoreOptions } from './stores/redis.ts';

/**
 * Keeps a session in Redis, through the client of `redis` or `ioredis` that a program has already. Redis compares and
 * swaps as one step, so machines whose clocks differ share one session.
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions): SharedStore {
  return sharedStore(createRedisStore(client, options));
}
