import { expect, test } from 'vitest';
import type { AuthStrategy, FetchLike } from '../../src/contracts.ts';
import { accessToken, apiKey, bearer, Client, combine } from '../../src/index.ts';
import { createManualClock } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { streamOf } from '../support/streams.ts';

const KEY = 'key-0123456789abcdef';

/** A client whose `fetch` only notes that it was called: it adds no listener and parses no URL, as a real one does. */
function createNoting(strategy: AuthStrategy) {
  const targets: (string | URL | Request)[] = [];
  const fetch: FetchLike = async (target) => {
    targets.push(target);
    return new Response();
  };
  const clock = createManualClock();
  const client = new Client(strategy, { baseUrl: 'https://api.test/v1', runtime: { fetch, clock } });
  return { client, clock, targets };
}

const token = () =>
  accessToken(() => createJwt({ sub: 'ann' }), { initial: { token: 'token-0123456789', expiresIn: 3600 } });
const STRATEGIES = [
  ['a key in a header', () => apiKey(KEY)],
  ['a key in the query', () => apiKey(KEY, { in: 'query' })],
  ['a bearer key', () => bearer(KEY)],
  ['a key function that answers at once', () => apiKey(() => KEY)],
  ['a fresh token', token],
  ['a fresh token and a key', () => combine([token(), apiKey(KEY)])],
] as const;

test.each(STRATEGIES)('fetch has been called when client.fetch returns, with %s', async (_, strategy) => {
  const { client, targets } = createNoting(strategy());
  const bodies = ['text', new Uint8Array(9), new Blob(['x']), streamOf(10), () => streamOf(10), null];
  const answers: Promise<Response>[] = [];

  for (const [index, body] of bodies.entries()) {
    answers.push(client.fetch(`/x/${index}`, { method: 'POST', body }));
    expect(targets).toHaveLength(index + 1);
  }
  answers.push(client.fetch(new Request('https://api.test/x')));
  answers.push(client.fetch(new URL('https://api.test/x')));
  answers.push(client.fetch('https://api.test/x'));
  expect(targets).toHaveLength(bodies.length + 3);

  await Promise.all(answers);
});

test('fetch has been called when client.fetch returns, with a Request that has a body', async () => {
  const { client, targets } = createNoting(bearer(KEY));

  const answer = client.fetch(new Request('https://api.test/x', { method: 'POST', body: 'text' }));

  expect(targets).toHaveLength(1);
  await answer;
});

test('fetch has been called when client.fetch returns, with a token that was fetched before', async () => {
  const { client, targets } = createNoting(
    accessToken(async () => ({ token: 'token-0123456789', expiresIn: 3600 })),
  );

  const first = client.fetch('/x');
  expect(targets).toHaveLength(0);
  await first;
  const second = client.fetch('/x');
  expect(targets).toHaveLength(2);

  await second;
});

test.each(STRATEGIES)('no listener is added to the signal of the caller, with %s', async (_, strategy) => {
  const { client } = createNoting(strategy());
  const { signal } = new AbortController();
  const added: unknown[] = [];
  Object.assign(signal, { addEventListener: (type: string) => void added.push(type) });

  await client.fetch('/x', { signal });
  await client.fetch('/x', { signal, method: 'POST', body: 'text' });

  expect(added).toEqual([]);
});

test.each(STRATEGIES)('no timer is set, with %s', async (_, strategy) => {
  const { client, clock } = createNoting(strategy());
  const before = clock.timers;

  const answer = client.fetch('/x');
  expect(clock.timers).toBe(before);
  await answer;
  expect(clock.timers).toBe(before);
});

test.each(STRATEGIES.filter(([name]) => !name.includes('query')))(
  'no URL is parsed for a plain relative path, with %s',
  async (_, strategy) => {
    const { client, targets } = createNoting(strategy());
    await client.fetch('/first');
    const native = globalThis.URL;
    let parsed = 0;
    // The rule is about this very class: nothing else can tell that it was not used.
    class CountedUrl extends native {
      constructor(url: string | URL, base?: string | URL) {
        super(url, base);
        parsed += 1;
      }
      static override parse(url: string | URL, base?: string | URL): URL | null {
        parsed += 1;
        return native.parse(url, base);
      }
      static override canParse(url: string | URL, base?: string | URL): boolean {
        parsed += 1;
        return native.canParse(url, base);
      }
    }
    globalThis.URL = CountedUrl;
    try {
      await client.fetch('orders/1?page=2#top');
      expect(parsed).toBe(0);
      expect(targets.at(-1)).toBe('https://api.test/v1/orders/1?page=2#top');
      new URL('https://counts.test');
      expect(parsed).toBe(1);
    } finally {
      globalThis.URL = native;
    }
  },
);

test('a plain relative path is handed on as it was written', async () => {
  const { client, targets } = createNoting(bearer(KEY));

  await client.fetch('/a/../ø?q=é#ü');

  expect(targets).toEqual(['https://api.test/v1/a/../ø?q=é#ü']);
});

test('a Request is handed on as it is, and not cloned where it has no body', async () => {
  const { client, targets } = createNoting(bearer(KEY));
  const request = new Request('https://api.test/x');
  let clones = 0;
  Object.assign(request, {
    clone: () => {
      clones += 1;
      return Request.prototype.clone.call(request);
    },
  });

  await client.fetch(request);

  expect(targets[0]).toBe(request);
  expect(clones).toBe(0);
});
