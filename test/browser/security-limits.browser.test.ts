/** What no library can keep from happening in a page: the threat model says so, and this is how it shows. */
import { expect, test } from 'vitest';
import { apiKey, bearer, Client } from '../../src/index.ts';
import { createRoom } from './room.ts';

const KEY = 'key-0123456789abcdef';
const quiet = { debug: () => {}, warn: () => {} };

test.each([307, 308])(
  'after a %i the browser posts the body to the other origin, if not the token',
  async (status) => {
    const room = createRoom();
    using client = new Client(bearer(KEY), { baseUrl: room.api, logger: quiet });

    await client.fetch(room.to(`${room.other}/echo`, status), { method: 'POST', body: 'the body' });

    const [arrived] = await room.seen('other');
    expect(arrived?.body).toBe('the body');
    expect(await room.all('other')).not.toContain(KEY);
  },
);

test('the timings of a page hold URLs with their keys', async () => {
  const room = createRoom();
  using client = new Client(apiKey(KEY, { in: 'query' }), { baseUrl: room.api, logger: quiet });
  const timed = new Promise<string[]>((resolve) => {
    const observer = new PerformanceObserver((list) => {
      const names = list.getEntries().map(({ name }) => name);
      if (names.some((name) => name.startsWith(room.api))) {
        observer.disconnect();
        resolve(names);
      }
    });
    observer.observe({ type: 'resource' });
  });

  await (await client.fetch('echo')).text();

  expect((await timed).join()).toContain(KEY);
});

test('a wrapper around the platform’s fetch is called with the credential, one around ours is not', async () => {
  const room = createRoom();
  const seen: Record<'above' | 'below', string[]> = { above: [], below: [] };
  const watch =
    (where: 'above' | 'below', fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
    (input, init) => {
      const request = new Request(input, init);
      seen[where].push(`${request.url} ${JSON.stringify([...request.headers])}`);
      return fetch(input, init);
    };
  const platform = globalThis.fetch;
  using client = new Client(KEY, { baseUrl: room.api, logger: quiet });
  globalThis.fetch = watch('below', platform);
  try {
    await watch('above', client.fetch)(`${room.api}/echo`);
  } finally {
    globalThis.fetch = platform;
  }

  expect(seen.below.join()).toContain(KEY);
  expect(seen.above).toHaveLength(1);
  expect(seen.above.join()).not.toContain(KEY);
});

test('an answer to a key in a header may be kept, and shown to the next key', async () => {
  const room = createRoom();
  const names: string[] = [];
  for (const cache of [undefined, 'no-store'] as const) {
    for (const owner of ['ada', 'ben']) {
      using client = new Client(bearer(`key-of-${owner}-0123456789`), { baseUrl: room.api, logger: quiet });
      const response = await client.fetch('me', cache === undefined ? {} : { cache });
      names.push(((await response.json()) as { name: string }).name);
    }
  }

  expect(names).toEqual(['ada', 'ada', 'ada', 'ben']);
});
