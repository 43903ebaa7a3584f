import { expect, test } from 'vitest';
import type { EventName } from '../../src/events.ts';
import { apiKey, Client } from '../../src/index.ts';
import { createManualClock } from '../support/clock.ts';
import { type Answer, createFakeFetch, hang, ok, status } from '../support/fake-fetch.ts';
import { quiet } from '../support/quiet.ts';

const KEY = 'key-0123456789abcdef';
const NAMES: readonly EventName[] = ['request', 'response', 'requestfailed', 'replay'];

function watched(...answers: Answer[]) {
  const clock = createManualClock();
  const fetch = createFakeFetch(...answers);
  const client = new Client(apiKey(KEY, { label: 'weather' }), {
    baseUrl: 'https://api.test',
    logger: quiet,
    runtime: { fetch, clock },
  });
  const told: Record<string, unknown>[] = [];
  for (const name of NAMES) client.on(name, (event) => void told.push({ name, ...event }));
  return { client, clock, told };
}

test('a request is told when it begins and when it is answered', async () => {
  const { client, clock, told } = watched(async (call) => {
    await clock.advance(120);
    return ok(call);
  });

  await client.fetch('/orders?token=secret#top', { method: 'PUT' });

  const begin = { id: 'r1', method: 'PUT', url: 'https://api.test/orders?…', strategy: 'api-key' };
  expect(told).toEqual([
    { name: 'request', ...begin },
    { name: 'response', ...begin, status: 200, ms: 120, replayed: false, credentialId: 'weather' },
  ]);
});

test.each([
  ['a connection that fails', () => Promise.reject(new TypeError('fetch failed')), 'NETWORK'],
  ['an error of ours', status(302, { location: 'ftp://x' }), 'REDIRECT_REFUSED'],
] as const)('%s is told once', async (_, answer, code) => {
  const { client, told } = watched(answer);

  await client.fetch('/').catch(() => {});

  expect(told).toMatchObject([{ name: 'request' }, { name: 'requestfailed', code, replayed: false }]);
  expect(told[1]).not.toHaveProperty('status');
});

test('a strategy that throws at once is told as any other failure', async () => {
  const key = (): never => {
    throw new Error('no vault');
  };
  const client = new Client(apiKey(key), { baseUrl: 'https://api.test', logger: quiet });
  const told: unknown[] = [];
  client.on('request', ({ id }) => told.push(id));
  client.on('requestfailed', ({ id, code }) => told.push([id, code]));

  await client.fetch('/').catch(() => {});

  expect(told).toEqual(['r1', ['r1', 'TOKEN_PROVIDER_FAILED']]);
});

test.each([
  ['no reason', undefined],
  ['an error', new Error('the user went away')],
  ['a text', 'the user went away'],
])('an abort with %s is told as one', async (_, reason) => {
  const { client, told } = watched(hang);
  const controller = new AbortController();

  const answer = client.fetch('/', { signal: controller.signal });
  controller.abort(reason);
  await answer.catch(() => {});

  expect(told).toMatchObject([{ name: 'request' }, { name: 'requestfailed', code: 'ABORTED' }]);
});

test('each try of a verb is told under one name', async () => {
  const { client, told } = watched(status(503), ok);

  await client.get('x', { retry: { limit: 1, delay: () => 0 } });

  expect(told.map(({ name, id }) => `${String(name)} ${String(id)}`)).toEqual([
    'request r1',
    'response r1',
    'request r1',
    'response r1',
  ]);
});

test('a request that was refused before it began is not told as begun', async () => {
  const { client, told } = watched(ok);

  await client.fetch('https://evil.test/').catch(() => {});

  expect(told).toEqual([]);
});

test('where nobody listens no payload is made', async () => {
  const described: string[] = [];
  const strategy = { ...apiKey(KEY), describe: (key: unknown) => described.push(String(key)).toString() };
  const fetch = createFakeFetch(ok);
  const client = new Client(strategy, { baseUrl: 'https://api.test', runtime: { fetch } });

  await client.fetch('/');
  expect(described).toEqual([]);

  const off = client.on('response', () => {});
  await client.fetch('/');
  expect(described).toHaveLength(1);
  off();
  await client.fetch('/');
  expect(described).toHaveLength(1);
});

test('a bare request has no credential to tell of', async () => {
  const { client, told } = watched(ok);

  await client.fetch('/', { auth: false });

  expect(told[1]).not.toHaveProperty('credentialId');
});
