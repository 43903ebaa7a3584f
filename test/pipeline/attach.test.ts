import { expect, test } from 'vitest';
import type { AuthStrategy } from '../../src/contracts.ts';
import { createFetch } from '../../src/fetch.ts';
import { accessToken, apiKey, bearer, combine } from '../../src/index.ts';
import { createFakeFetch, ok, redirect, status } from '../support/fake-fetch.ts';
import { createFetchOn } from '../support/platform-pipeline.ts';
import { streamOf } from '../support/streams.ts';

const KEY = 'key-0123456789abcdef';
const token = () => accessToken(() => 'token-0123456789');

test.each([
  ['a user token', token, 'no-store'],
  ['a key in the query', () => apiKey(KEY, { in: 'query' }), 'no-store'],
  ['a user token among others', () => combine([apiKey(KEY), token()]), 'no-store'],
  ['a key in the query among others', () => combine([bearer(KEY), apiKey(KEY, { in: 'query' })]), 'no-store'],
  ['a key in a header', () => apiKey(KEY), 'default'],
  ['a bearer key', () => bearer(KEY), 'default'],
] as const)('in a browser %s goes with a cache mode of its own', async (_, strategy, cache) => {
  const fetch = createFakeFetch(ok);
  const send = createFetchOn('browser', strategy(), fetch);

  await send('/x');
  await send(new Request('https://api.test/x'));
  await send('/x', { cache: 'force-cache' });
  await send(new Request('https://api.test/x', { cache: 'reload' }));
  await send('/x', { auth: false });
  await send('/x', { cache: undefined } as unknown as RequestInit);

  expect(fetch.calls.map(({ request }) => request.cache)).toEqual([
    cache,
    cache,
    'force-cache',
    'reload',
    'default',
    cache,
  ]);
});

test('on a server the cache mode is left alone', async () => {
  const fetch = createFakeFetch(ok);

  await createFetchOn('server', token(), fetch)('/x');
  await createFetchOn('workerd', token(), fetch)('/x');

  expect(fetch.calls.map(({ init }) => init.cache)).toEqual([undefined, undefined]);
});

test.each(['browser', 'server', 'workerd'] as const)(
  'on %s a hop to elsewhere carries nothing',
  async (platform) => {
    const fetch = createFakeFetch(redirect('https://elsewhere.test/'), ok);
    const send = createFetchOn(platform, combine([apiKey(KEY), bearer(KEY)]), fetch);

    await send('/x').catch(() => {});

    expect(fetch.calls[0]?.request.headers.get('x-api-key')).toBe(KEY);
    for (const { request } of fetch.calls.slice(1)) expect([...request.headers]).toEqual([]);
  },
);

/** A strategy that writes later than at once, and may replace URL and headers whole. */
const slow: AuthStrategy<string> = {
  name: 'slow',
  placement: 'header',
  credential: () => KEY,
  async apply(outgoing, credential) {
    await Promise.resolve();
    outgoing.url = new URL(`${outgoing.url.origin}/signed${outgoing.url.pathname}`);
    outgoing.headers = new Headers({ ...Object.fromEntries(outgoing.headers), signature: credential });
  },
};

test('a strategy may sign later than at once, and write URL and headers anew', async () => {
  const fetch = createFakeFetch(ok);
  const send = createFetch(slow, { baseUrl: 'https://api.test', runtime: { fetch } });

  await send('/x', { headers: { 'x-mine': '1' } });
  await send(new Request('https://api.test/y', { method: 'POST', body: 'text' }));

  expect(fetch.calls.map(({ request }) => [request.url, request.headers.get('signature')])).toEqual([
    ['https://api.test/signed/x', KEY],
    ['https://api.test/signed/y', KEY],
  ]);
  expect(fetch.calls[0]?.request.headers.get('x-mine')).toBe('1');
  expect(await fetch.calls[1]?.request.text()).toBe('text');
});

test('a strategy sees the method and the URL of the hop that it writes on', async () => {
  const hops: string[] = [];
  const watching: AuthStrategy<string> = {
    ...slow,
    apply: (outgoing) => void hops.push(`${outgoing.method} ${outgoing.url.href}`),
  };
  const fetch = createFakeFetch(redirect('/next', 303), ok);
  const send = createFetch(watching, { baseUrl: 'https://api.test', runtime: { fetch } });

  await send('/x', { method: 'POST', body: 'text' });

  expect(hops).toContain('POST https://api.test/x');
  expect(hops.at(-1)).toBe('GET https://api.test/next');
});

test('a strategy that fails to write fails the request, and nothing is sent', async () => {
  const broken = new Error('no signing key');
  const fetch = createFakeFetch(ok);
  const failing: AuthStrategy<string> = {
    ...slow,
    apply() {
      throw broken;
    },
  };
  const send = createFetch(failing, { baseUrl: 'https://api.test', runtime: { fetch } });

  await expect(send('/x')).rejects.toBe(broken);
  expect(fetch.calls).toEqual([]);
});

test('a strategy that has learned from a response sends the hop once more, and no more than once', async () => {
  const learned: number[] = [];
  const learning: AuthStrategy<string> = {
    ...slow,
    learn(response) {
      learned.push(response.status);
      return response.status === 401;
    },
  };
  const fetch = createFakeFetch(status(401));
  const send = createFetch(learning, { baseUrl: 'https://api.test', runtime: { fetch } });

  const response = await send('/x', { method: 'POST', body: 'text' });

  expect(response.status).toBe(401);
  expect(learned).toEqual([401, 401]);
  expect(await Promise.all(fetch.calls.map(({ request }) => request.text()))).toEqual(['text', 'text']);
});

test('what was learned from a response is not sent for whoever has signed out meanwhile (rule T8)', async () => {
  let epoch = 1;
  const fetch = createFakeFetch(status(401), ok);
  const strategy: AuthStrategy = {
    name: 'learner',
    placement: 'header',
    epoch: () => epoch,
    credential: () => 'of-ada',
    apply: ({ headers }) => headers.set('x-signed', '1'),
    learn() {
      epoch = 2;
      return true;
    },
  };

  await expect(createFetchOn('server', strategy, fetch)('/x')).rejects.toMatchObject({
    code: 'SESSION_CHANGED',
  });
  expect(fetch.calls).toHaveLength(1);
});

test('a strategy does not learn from a response to a bare request', async () => {
  const learned: number[] = [];
  const learning: AuthStrategy<string> = {
    ...slow,
    learn(response) {
      learned.push(response.status);
      return true;
    },
  };
  const fetch = createFakeFetch(ok);
  const send = createFetch(learning, { baseUrl: 'https://api.test', runtime: { fetch } });

  await send('/x', { auth: false });

  expect(learned).toEqual([]);
});

test.each([
  ['a stream', () => streamOf(10)],
  ['a function', () => () => streamOf(10)],
])('%s is refused where a browser would send something else', async (_, body) => {
  const fetch = createFakeFetch(ok);
  const send = createFetchOn('browser', apiKey(KEY), fetch, { baseUrl: 'http://localhost:3000' });

  await expect(send('/x', { method: 'POST', body: body() })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
  });
  expect(fetch.calls).toEqual([]);
});

test('a stream is sent by a browser that can: over https, where streaming is known', async () => {
  const fetch = createFakeFetch(ok);
  const send = createFetchOn('browser', apiKey(KEY), fetch);

  await send('/x', { method: 'POST', body: streamOf(10) });

  expect(fetch.calls[0]?.init).toMatchObject({ duplex: 'half', redirect: 'error' });
});
