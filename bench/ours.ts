/** fetch-valet, as its readme sets it up. */
import { Client } from 'fetch-valet';
import { accessToken, createFetch } from 'fetch-valet/fetch';
import type { Contender } from './contenders.ts';
import { type Issued, KEY, type World } from './world.ts';

const asResponse = ({ value, expiresIn }: Issued) => ({
  accessToken: value,
  expiresAt: Date.now() + expiresIn * 1000,
});

/** A token strategy that begins with the world's token. */
function token({ initial, issue }: World) {
  return accessToken(async () => asResponse(await issue()), { initial: asResponse(initial) });
}

const options = ({ origin }: World) => ({ baseUrl: origin });

export const CLIENT_FETCH = 'client.fetch, token';
export const CLIENT_VERB = 'client.get, token';

const withToken: readonly Contender[] = [
  {
    name: 'createFetch, token',
    connect(world) {
      const send = createFetch(token(world), options(world));
      return async (path) => (await send(path)).json();
    },
  },
  {
    name: CLIENT_FETCH,
    connect(world) {
      const client = new Client(token(world), options(world));
      return async (path) => (await client.fetch(path)).json();
    },
  },
  {
    name: CLIENT_VERB,
    connect(world) {
      const client = new Client(token(world), options(world));
      return (path) => client.get(path).json();
    },
  },
];

const withKey: readonly Contender[] = [
  {
    name: 'createFetch, key',
    connect(world) {
      const send = createFetch(KEY, options(world));
      return async (path) => (await send(path)).json();
    },
  },
  {
    name: 'client.fetch, key',
    connect(world) {
      const client = new Client(KEY, options(world));
      return async (path) => (await client.fetch(path)).json();
    },
  },
  {
    name: 'client.get, key',
    connect(world) {
      const client = new Client(KEY, options(world));
      return (path) => client.get(path).json();
    },
  },
];

export const OURS: readonly Contender[] = [...withToken, ...withKey];
export const OURS_WITH_TOKEN: readonly Contender[] = withToken;
