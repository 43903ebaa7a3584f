import type { TokenStore } from '../contracts.ts';
import { checkKeys, invalidOption } from '../options.ts';
import { createProcessOwner } from './process-owner.ts';
import { isVersionOf, parseStored } from './stored-text.ts';

/** A client of `redis` (node-redis), a cluster or a pool of it. */
export interface NodeRedisClient {
  get(key: string): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** A client or a cluster of `ioredis`. It is told by its method `defineCommand`. */
export interface IoRedisClient {
  get(key: string): Promise<unknown>;
  eval(script: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  defineCommand(name: string, definition: { lua: string }): void;
}

/** A connected client: its options say where Redis is, whether over TLS, and how to reconnect. */
export type RedisClient = NodeRedisClient | IoRedisClient;

/** Options of `redisStore()`. */
export interface RedisStoreOptions {
  /** Names the session, such as the id of a login: two logins of one user are two sessions. */
  readonly key: string;
  /** Stands before the key: `fetch-valet:` unless said otherwise. */
  readonly prefix?: string;
  /**
   * Milliseconds after which a session that nobody refreshes is forgotten: the life of a refresh token. Left out, it
   * is kept until somebody removes it.
   */
  readonly ttl?: number;
  /** Read the session and never redeem its refresh token, nor write anything. */
  readonly readOnly?: boolean;
}

/**
 * A store in Redis, for programs of several machines. Without an entry in common, or with one that Redis evicts,
 * sessions end: give it a database that keeps what it is told.
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function createRedisStore(client: RedisClient, options: RedisStoreOptions): TokenStore {
  const { key, prefix = 'fetch-valet:', ttl = 0, readOnly = false } = checkOptions(client, options);
  const name = `${prefix}${key}`;
  const run = runnerOf(client, name);
  const readText = async (): Promise<string | undefined> => {
    try {
      const text = await client.get(name);
      if (text === null || typeof text === 'string') return text ?? undefined;
      throw new TypeError(
        'the client answers with something else than text: give one without a type mapping',
      );
    } catch (error) {
      // A list or a hash under this name is something foreign, and no bad moment.
      if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return error.message;
      throw error;
    }
  };
  return {
    read: async () => parseStored(await readText()),
    async swap(expected, next) {
      if (readOnly) return false;
      const text = await readText();
      if (!isVersionOf(parseStored(text), expected)) return false;
      const life = String(Math.ceil(ttl));
      const swapped = await run(SWAP, [
        text === undefined ? '0' : '1',
        text ?? '',
        JSON.stringify(next),
        life,
      ]);
      return Number(swapped) === 1;
    },
    async now() {
      const [seconds, microseconds] = Array.from((await run(TIME, [])) as ArrayLike<unknown>, Number);
      return (seconds ?? Number.NaN) * 1000 + Math.floor((microseconds ?? Number.NaN) / 1000);
    },
    ...createProcessOwner(),
    readOnly,
  };
}

/** Stores, if what is there is to the letter what was read. A text under another version is another text. */
const SWAP = `
local stored = redis.call('GET', KEYS[1])
if stored ~= (ARGV[1] == '1' and ARGV[2]) then return 0 end
if ARGV[4] == '0' then redis.call('SET', KEYS[1], ARGV[3])
else redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4]) end
return 1`;

/** A script as well: a cluster knows by the key which of its machines has the session, and the clock of it. */
const TIME = `return redis.call('TIME')`;

type Run = (script: string, values: string[]) => Promise<unknown>;

function runnerOf(client: RedisClient, key: string): Run {
  if ('defineCommand' in client) return (script, values) => client.eval(script, 1, key, ...values);
  return (script, values) => client.eval(script, { keys: [key], arguments: values });
}

function checkOptions(client: RedisClient, options: RedisStoreOptions): RedisStoreOptions {
  const methods: Partial<RedisClient> = client ?? {};
  if (typeof methods.get !== 'function' || typeof methods.eval !== 'function')
    throw invalidOption('redisStore() takes a client of node-redis or of ioredis.');
  const known = checkKeys('redisStore()', options ?? {}, ['key', 'prefix', 'ttl', 'readOnly']);
  const { key, prefix = '', ttl = 1 } = known;
  if (typeof key !== 'string' || key === '' || typeof prefix !== 'string')
    throw invalidOption(
      'redisStore() takes a key, which names the session: redisStore(client, { key: loginId }).',
    );
  if (typeof ttl !== 'number' || !(ttl >= 1 && Number.isSafeInteger(Math.ceil(ttl))))
    throw invalidOption('The ttl of redisStore() is a number of milliseconds, 1 or more.');
  return known;
}
