import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { SharedStore, TokenStore } from '../../src/contracts.ts';
import { fileStore } from '../../src/stores-node.ts';
import { redisStore } from '../../src/stores-redis.ts';

/** Where the programs share their session, in words that fit a command line. */
export type Place =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'node-redis' | 'ioredis'; readonly port: number };

export interface OpenStore {
  readonly store: SharedStore;
  close(): void;
}

/** The store of one program, once it is there. Clients of Redis are set up as for a server: they reconnect, and do not queue. */
export async function openStore(place: Place, key = 'session'): Promise<OpenStore> {
  const options = { key, ttl: 3_600_000 };
  if (place.kind === 'file') return { store: fileStore(place.path), close: () => {} };
  if (place.kind === 'ioredis') {
    const client = new Redis(place.port, '127.0.0.1', {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 200,
    });
    client.on('error', () => {});
    if (client.status !== 'ready') await new Promise((resolve) => client.once('ready', resolve));
    return { store: redisStore(client, options), close: () => client.disconnect() };
  }
  const client = createClient({
    socket: { host: '127.0.0.1', port: place.port, reconnectStrategy: () => 200 },
    disableOfflineQueue: true,
  });
  client.on('error', () => {});
  await client.connect();
  return { store: redisStore(client, options), close: () => client.destroy() };
}

/** The same without what shares a session through it. */
export async function openTokenStore(place: Place, key: string): Promise<TokenStore> {
  const { store } = await openStore(place, key);
  return store.store;
}
