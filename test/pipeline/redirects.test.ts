import { expect, test } from 'vitest';
import { accessToken, apiKey, bearer, combine } from '../../src/index.ts';
import { type Answer, createFakeFetch, ok, redirect } from '../support/fake-fetch.ts';
import { createFetchOn } from '../support/platform-pipeline.ts';
import { streamOf } from '../support/streams.ts';

const KEY = 'key-0123456789abcdef';

/** What `redirect: 'manual'` gives in a browser. */
const opaque: Answer = () => Object.defineProperty(Response.error(), 'type', { value: 'opaqueredirect' });

test.each([
  ['a key in a header', () => apiKey(KEY), 'manual'],
  ['a key in the query', () => apiKey(KEY, { in: 'query' }), 'manual'],
  ['a key of a scheme of its own', () => apiKey(KEY, { name: 'x-auth', scheme: 'Token' }), 'manual'],
  ['a key among others', () => combine([bearer(KEY), apiKey(KEY)]), 'manual'],
  ['a bearer key', () => bearer(KEY), 'follow'],
  ['a user token', () => accessToken(() => KEY), 'follow'],
  ['a key as Authorization', () => apiKey(KEY, { scheme: 'Token' }), 'follow'],
  ['a token in a header', () => accessToken(() => KEY, { placement: { name: 'x-token' } }), 'manual'],
] as const)('in a browser %s is sent with a redirect mode that keeps it safe', async (_, strategy, mode) => {
  const fetch = createFakeFetch(ok);

  await createFetchOn('browser', strategy(), fetch)('/x');

  expect(fetch.calls[0]?.request.redirect).toBe(mode);
});

test('in a browser a hidden redirect of a key is refused, with the reason', async () => {
  const fetch = createFakeFetch(opaque);
  const send = createFetchOn('browser', apiKey(KEY), fetch);

  await expect(send('/x?q=1')).rejects.toMatchObject({
    name: 'ConfigError',
    code: 'REDIRECT_REFUSED',
    message: expect.stringContaining('Authorization') as string,
    request: { url: 'https://api.test/x?…' },
  });
  expect(fetch.calls).toHaveLength(1);
});

test.each(['server', 'browser', 'workerd'] as const)("on %s a caller's own mode stands", async (platform) => {
  for (const mode of ['manual', 'error'] as const) {
    const fetch = createFakeFetch(ok);
    const send = createFetchOn(platform, apiKey(KEY), fetch);

    await send('/x', { redirect: mode });
    await send(new Request('https://api.test/x', { redirect: mode }));

    // workerd has no 'error': it is asked for 'manual' and watched.
    const expected = platform === 'workerd' ? 'manual' : mode;
    expect(fetch.calls.map(({ request }) => request.redirect)).toEqual([expected, expected]);
  }
});

test("on workerd redirect: 'error' refuses a redirect", async () => {
  const fetch = createFakeFetch(redirect('/next'), ok);
  const send = createFetchOn('workerd', apiKey(KEY), fetch);

  await expect(send('/x', { redirect: 'error' })).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
  expect(fetch.calls).toHaveLength(1);
});

test.each([
  ['server', 'error'],
  ['workerd', 'manual'],
] as const)('on %s a stream is sent with redirect: %s', async (platform, mode) => {
  const fetch = createFakeFetch(ok);
  const send = createFetchOn(platform, apiKey(KEY), fetch);

  await send('/x', { method: 'POST', body: streamOf(10) });
  await send('/x', { method: 'POST', body: () => streamOf(10) });

  expect(fetch.calls.map(({ request }) => request.redirect)).toEqual([mode, mode]);
});

test('on workerd a redirect of a stream is refused', async () => {
  const fetch = createFakeFetch(redirect('/next'), ok);
  const send = createFetchOn('workerd', apiKey(KEY), fetch);

  await expect(send('/x', { method: 'POST', body: streamOf(10) })).rejects.toMatchObject({
    code: 'REDIRECT_REFUSED',
  });
  expect(fetch.calls).toHaveLength(1);
});

test('a redirect from https to http is refused, wherever it leads', async () => {
  for (const location of ['http://api.test/x', 'http://elsewhere.test/', 'http://localhost/']) {
    const fetch = createFakeFetch(redirect(location), ok);
    const send = createFetchOn('server', apiKey(KEY), fetch, {
      baseUrl: 'https://api.test',
      allowedOrigins: ['http://api.test', 'http://localhost'],
      dangerouslyAllowHttp: ['http://api.test'],
    });

    await expect(send('/x')).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
    expect(fetch.calls).toHaveLength(1);
  }
});

test('a redirect from http to https is followed, with the key where that origin is allowed', async () => {
  const fetch = createFakeFetch(redirect('https://api.test/x'), ok);
  const send = createFetchOn('server', apiKey(KEY), fetch, {
    baseUrl: 'http://localhost',
    allowedOrigins: ['https://api.test'],
  });

  await send('/x');

  expect(fetch.calls[1]?.request.headers.get('x-api-key')).toBe(KEY);
});

test('a redirect to a plain http origin of the list, which is not safe, carries nothing', async () => {
  const fetch = createFakeFetch(redirect('http://plain.test/x'), ok);
  const send = createFetchOn('server', apiKey(KEY), fetch, {
    baseUrl: 'http://localhost',
    allowedOrigins: ['http://plain.test'],
  });

  await send('/x');

  expect(fetch.calls).toHaveLength(2);
  expect(fetch.calls[1]?.request.headers.has('x-api-key')).toBe(false);
});

test('the body of a redirect that is followed is let go', async () => {
  const cancelled: string[] = [];
  const body = new ReadableStream({ cancel: () => void cancelled.push('redirect') });
  const fetch = createFakeFetch(
    () => new Response(body, { status: 302, headers: { location: '/next' } }),
    ok,
  );

  await createFetchOn('server', apiKey(KEY), fetch)('/x');

  expect(cancelled).toEqual(['redirect']);
});

test('a refusal of the platform that is no redirect stays as it is', async () => {
  const failed = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
  const fetch = createFakeFetch(() => Promise.reject(failed));
  const send = createFetchOn('server', apiKey(KEY), fetch);

  await expect(send('/x', { method: 'POST', body: streamOf(10) })).rejects.toBe(failed);
});

test.each([
  ['https://elsewhere.test/x', ['initial']],
  ['https://files.test/x', ['initial']],
  ['https://api.test/elsewhere', ['initial', 'rejected']],
])(
  'a 401 that a browser was led to by itself counts where the token went along: %s',
  async (url, expected) => {
    const led: Answer = () =>
      Object.defineProperties(new Response(null, { status: 401 }), {
        redirected: { value: true },
        url: { value: url },
      });
    const asked: string[] = [];
    const strategy = accessToken(({ reason }) => {
      asked.push(reason);
      return `token-number-${asked.length}`;
    });
    const options = { baseUrl: 'https://api.test', allowedOrigins: ['https://files.test'] };
    const send = createFetchOn('browser', strategy, createFakeFetch(led), options);

    expect((await send('/x')).status).toBe(401);

    expect(asked).toEqual(expected);
  },
);
