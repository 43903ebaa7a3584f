import { expect, test } from 'vitest';
import { apiKey, Client } from '../../src/index.ts';
import { createFakeFetch, ok, redirect, status } from '../support/fake-fetch.ts';
import { createJwt } from '../support/jwt.ts';
import { quiet } from '../support/quiet.ts';
import { redirecting, to } from '../support/redirecting.ts';
import { startServer } from '../support/server.ts';

const KEY = 'key-0123456789abcdef';

/** A chain of `count` redirects before `/end`. */
function chain(count: number): string {
  return count === 0 ? '/end' : `/hop/${count}`;
}

function startChain() {
  return startServer((request, response) => {
    const left = /^\/hop\/(\d+)$/.exec(request.url)?.[1];
    if (left === undefined) return redirecting(request, response);
    response.writeHead(302, { location: chain(Number(left) - 1) }).end();
  });
}

test('follows 20 redirects', async () => {
  await using api = await startChain();
  using client = new Client(KEY, { baseUrl: api.origin });

  const response = await client.fetch(chain(20));

  expect(response).toMatchObject({ status: 200, redirected: true, url: `${api.origin}/end` });
  expect(api.received.every(({ headers }) => headers['x-api-key'] === KEY)).toBe(true);
});

test('refuses the 21st redirect', async () => {
  await using api = await startChain();
  using client = new Client(KEY, { baseUrl: api.origin, logger: quiet });

  await expect(client.fetch(chain(21))).rejects.toMatchObject({
    name: 'ConfigError',
    code: 'REDIRECT_REFUSED',
  });
  expect(api.received).toHaveLength(21);
});

test('ends a loop of two origins', async () => {
  await using files = await startServer(
    (request, response) =>
      void response.writeHead(307, { location: decodeURIComponent(request.url.slice(1)) }).end(),
  );
  await using api = await startServer(
    (_, response) =>
      void response
        .writeHead(307, { location: `${files.origin}/${encodeURIComponent(`${api.origin}/`)}` })
        .end(),
  );
  using client = new Client(KEY, { baseUrl: api.origin, logger: quiet });

  await expect(client.fetch('/')).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
  expect(api.received).toHaveLength(11);
  expect(files.received).toHaveLength(10);
  expect(JSON.stringify(files.received)).not.toContain(KEY);
});

test.each([
  ['nothing at all', 'http://'],
  ['a host that is none', 'http://[::1'],
  ['a port that is none', 'http://127.0.0.1:99999/'],
  ['another protocol', 'ftp://127.0.0.1/end'],
  ['a script', 'javascript:alert(1)'],
  ['data', 'data:text/plain,hi'],
  ['a file', 'file:///etc/passwd'],
  ['user info', 'http://user:password@127.0.0.1/end'],
])('does not follow a Location with %s', async (_, location) => {
  await using api = await startServer(redirecting);
  using client = new Client(KEY, { baseUrl: api.origin, logger: quiet });

  await expect(client.fetch(to(location))).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
  expect(api.received).toHaveLength(1);
});

test.each([
  ['a path', '/end?a=1', '/end?a=1'],
  ['a relative path', 'end', '/end'],
  ['dot segments', './x/../end', '/end'],
  ['a query alone', '?a=1', '/to?a=1'],
  ['no scheme', '//HOST/end', '/end'],
  ['letters as they are', '/%C3%BC?q=%C3%A9', '/%C3%BC?q=%C3%A9'],
])('follows a Location with %s', async (_, location, expected) => {
  await using api = await startServer((request, response) => {
    if (request.url !== '/to') return redirecting(request, response);
    const { host = '' } = request.headers;
    response.writeHead(302, { location: location.replace('HOST', host) }).end();
  });
  using client = new Client(KEY, { baseUrl: api.origin });

  const response = await client.fetch('/to');

  expect(response.url).toBe(api.origin + expected);
  expect(api.received[1]).toMatchObject({ url: expected, headers: { 'x-api-key': KEY } });
});

test('follows a Location in raw UTF-8 as the platform does', async () => {
  await using api = await startServer((request, response) => {
    if (request.url !== '/to') return redirecting(request, response);
    response.writeHead(302, { location: Buffer.from('/ü?q=é').toString('latin1') }).end();
  });
  using client = new Client(KEY, { baseUrl: api.origin });

  const { url } = await fetch(`${api.origin}/to`);
  const response = await client.fetch('/to');

  expect(url).toBe(`${api.origin}/%C3%BC?q=%C3%A9`);
  expect(response.url).toBe(url);
});

test('keeps the fragment, and takes that of the Location where it has one', async () => {
  const fetch = createFakeFetch(redirect('/end'), ok, redirect('/end#theirs'), ok);
  using client = new Client(KEY, { baseUrl: 'https://api.test', runtime: { fetch } });

  await client.fetch('/x#mine');
  await client.fetch('/x#mine');

  expect(fetch.calls.map(({ request }) => request.url)).toEqual([
    'https://api.test/x#mine',
    'https://api.test/end#mine',
    'https://api.test/x#mine',
    'https://api.test/end#theirs',
  ]);
});

test('a replay that is not redirected does not say that it was', async () => {
  const fetch = createFakeFetch(redirect('/next'), status(401), ok);
  const strategy = apiKey(({ rejectedKey }) => (rejectedKey === undefined ? KEY : `${KEY}-new`));
  using client = new Client(strategy, { baseUrl: 'https://api.test', runtime: { fetch } });

  expect(await client.fetch('/x')).toMatchObject({ status: 200, redirected: false });
});

test('a body that a redirect has ended does not come back on the next hop', async () => {
  await using api = await startServer(redirecting);
  using client = new Client(KEY, { baseUrl: api.origin });
  const init = { method: 'POST', body: 'name=Oslo' };

  await client.fetch(to(to('/end', 307), 303), init);
  await client.fetch(new Request(api.origin + to(to('/end', 307), 303), init));

  const arrived = api.received.map(({ method, body }) => `${method} ${body.toString()}`);
  expect(arrived).toEqual(['POST name=Oslo', 'GET ', 'GET ', 'POST name=Oslo', 'GET ', 'GET ']);
});

test('a 3xx without a Location is an answer like any other', async () => {
  await using api = await startServer((_, response) => void response.writeHead(302).end('moved'));
  using client = new Client(KEY, { baseUrl: api.origin });

  const response = await client.fetch('/');

  expect(response).toMatchObject({ status: 302, redirected: false, url: `${api.origin}/` });
  expect(await response.text()).toBe('moved');
});

test('300 and 304 are not followed even with a Location', async () => {
  await using api = await startServer(redirecting);
  using client = new Client(KEY, { baseUrl: api.origin });

  const statuses = [
    (await client.fetch(to('/end', 300))).status,
    (await client.fetch(to('/end', 304))).status,
  ];

  expect(statuses).toEqual([300, 304]);
  expect(api.received).toHaveLength(2);
});

test('the copies of a response say the same of their redirects', async () => {
  await using api = await startServer(redirecting);
  using client = new Client(KEY, { baseUrl: api.origin });

  const response = await client.fetch(to('/end'));
  const copy = response.clone().clone();

  expect(copy).toMatchObject({ redirected: true, url: `${api.origin}/end`, type: 'basic', status: 200 });
  expect(await copy.json()).toEqual(await response.json());
});

test('a request that was not redirected says so', async () => {
  await using api = await startServer(redirecting);
  using client = new Client(KEY, { baseUrl: api.origin });

  expect(await client.fetch('/end')).toMatchObject({
    redirected: false,
    url: `${api.origin}/end`,
    type: 'basic',
  });
});

test('a foreign 401 asks for no new token', async () => {
  await using api = await startServer(redirecting);
  await using foreign = await startServer(redirecting);
  const asked: string[] = [];
  using client = new Client(
    ({ reason }) => {
      asked.push(reason);
      return createJwt({ sub: 'ann', n: asked.length });
    },
    { baseUrl: api.origin },
  );

  const response = await client.fetch(to(`${foreign.origin}/status/401`));

  expect(response).toMatchObject({ status: 401, redirected: true });
  expect(asked).toEqual(['initial']);
  expect([api.received.length, foreign.received.length]).toEqual([1, 1]);
});

test('a 401 of an allowed origin, some redirects away, is replayed from the start', async () => {
  await using files = await startServer(({ headers }, response) => {
    response.writeHead(headers.authorization === 'Bearer new' ? 200 : 401).end();
  });
  await using api = await startServer(redirecting);
  using client = new Client(({ reason }) => (reason === 'rejected' ? 'new' : 'old'), {
    baseUrl: api.origin,
    allowedOrigins: [files.origin],
  });

  const response = await client.fetch(to(`${files.origin}/end`));

  expect(response).toMatchObject({ status: 200, redirected: true });
  expect(api.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
  expect(files.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
});

test('aborting in the middle of a chain rejects with the reason and goes no further', async () => {
  const arrived = Promise.withResolvers<void>();
  await using files = await startServer(() => arrived.resolve());
  await using api = await startServer(redirecting);
  using client = new Client(KEY, { baseUrl: api.origin, allowedOrigins: [files.origin] });
  const controller = new AbortController();
  const reason = new Error('the user went away');

  const answer = client.fetch(to(`${files.origin}${to('/end')}`), { signal: controller.signal });
  await arrived.promise;
  controller.abort(reason);

  await expect(answer).rejects.toBe(reason);
  expect([api.received.length, files.received.length]).toEqual([1, 1]);
});

test('signing out in the middle of a chain ends it before the next hop', async () => {
  const arrived = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  await using api = await startServer(async (request, response) => {
    arrived.resolve();
    await go.promise;
    redirecting(request, response);
  });
  using client = new Client(() => createJwt({ sub: 'ann' }), { baseUrl: api.origin, logger: quiet });

  const answer = client.fetch(to('/end'));
  await arrived.promise;
  await client.signOut();
  go.resolve();

  await expect(answer).rejects.toMatchObject({ code: 'SESSION_CHANGED' });
  expect(api.received).toHaveLength(1);
});
