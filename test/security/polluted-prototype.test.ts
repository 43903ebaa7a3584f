import { expect, test } from 'vitest';
import { createFetch } from '../../src/fetch.ts';
import { accessToken, Client, type SessionUser } from '../../src/index.ts';
import { BASE, everyDoor, outcomeOf, SECRET } from '../support/doors.ts';
import { createFakeFetch, ok } from '../support/fake-fetch.ts';
import { createJwt } from '../support/jwt.ts';
import { createFetchOn } from '../support/platform-pipeline.ts';
import { startServer } from '../support/server.ts';
import { createTokenValet } from '../support/token-valet.ts';

const ANOTHER_FETCH = (): Promise<Response> => Promise.reject(new Error('another fetch was used'));

/** Data, as `JSON.parse` and a careless merge bring it there, and the two functions that would hurt most. */
const POLLUTION: readonly (readonly [string, unknown])[] = [
  ['allowedOrigins', ['https://evil.example']],
  ['dangerouslyAllowHttp', ['http://evil.example']],
  ['baseUrl', 'https://evil.example'],
  ['auth', false],
  ['in', 'query'],
  ['name', 'x-evil'],
  ['scheme', 'Evil'],
  ['placement', { in: 'query' }],
  ['maxAge', 1e9],
  ['label', 'evil'],
  ['initial', { access_token: 'of-somebody-else-0123' }],
  ['access_token', 'of-somebody-else-0123'],
  ['refreshAhead', 0],
  ['deadline', 0],
  ['cache', 'force-cache'],
  ['redirect', 'follow'],
  ['href', 'https://evil.example/'],
  ['url', 'https://evil.example/'],
  ['origin', 'https://evil.example'],
  ['prefix', 'https://evil.example/'],
  ['debug', 'curl'],
  ['runtime', { fetch: ANOTHER_FETCH }],
  ['fetch', ANOTHER_FETCH],
];

async function withPolluted<T>(name: string, value: unknown, run: () => Promise<T>): Promise<T> {
  Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
  try {
    return await run();
  } finally {
    Reflect.deleteProperty(Object.prototype, name);
  }
}

/** What every door sends for a path, and what it says to another origin. */
async function behaviour(): Promise<string[]> {
  const seen: string[] = [];
  for (const door of everyDoor({ baseUrl: BASE })) {
    const outcome: unknown[] = [];
    for (const input of ['/x', '/y', 'https://evil.example/x']) outcome.push(await outcomeOf(door, input));
    outcome.push(door.asked());
    const headers = door.fetch.calls.map(({ request }) =>
      [...request.headers].map((line) => line.join(': ')),
    );
    seen.push([door.name, ...outcome, ...headers.flat(2)].join(' | '));
  }
  return seen;
}

test.each([
  ['maxRetryAfter', 1],
  ['afterStatusCodes', []],
  ['shouldRetry', () => true],
])('Object.prototype.%s says nothing about tries', async (name, value) => {
  const busy = (): Response => new Response('{}', { status: 503, headers: { 'retry-after': '3600' } });
  const fetch = createFakeFetch(busy);
  const client = new Client(SECRET, { baseUrl: BASE, runtime: { fetch } });
  const attempt = async (retry?: number | object): Promise<unknown> => {
    const error: unknown = await client
      .get('x', retry === undefined ? {} : { retry })
      .catch((thrown: unknown) => thrown);
    return (error as { code?: unknown }).code;
  };
  const codes = await withPolluted(name, value, async () => [
    await attempt(),
    await attempt(2),
    await attempt({ delay: () => 0 }),
  ]);

  expect(codes).toEqual(Array(3).fill('HTTP_ERROR'));
  expect(fetch.calls).toHaveLength(3);
});

test.each([
  ['limit', -1],
  ['methods', 'post'],
])('Object.prototype.%s makes no retry option wrong', async (name, value) => {
  const client = new Client(SECRET, { baseUrl: BASE, runtime: { fetch: createFakeFetch(ok) } });
  const attempt = (): Promise<Response[]> =>
    Promise.all([client.get('x', { retry: 2 }), client.get('x', { retry: { delay: () => 0 } })]);
  expect(await withPolluted(name, value, attempt)).toHaveLength(2);
});

test.each([
  ['credentials', 'include'],
  ['keepalive', true],
  ['referrerPolicy', 'unsafe-url'],
])('Object.prototype.%s is no option of a verb that was given none', async (name, value) => {
  const fetch = createFakeFetch(ok);
  const client = new Client(SECRET, { baseUrl: BASE, runtime: { fetch } });
  const attempt = async (): Promise<void> => {
    await client.get('x').catch(() => {});
  };
  await attempt();
  await withPolluted(name, value, attempt);

  const [clean, polluted] = fetch.calls.map(({ init }) => Object.keys(init));
  expect(polluted).toEqual(clean);
});

test.each(POLLUTION)('Object.prototype.%s changes nothing', async (name, value) => {
  const clean = await behaviour();

  const polluted = await withPolluted(name, value, behaviour);

  expect(polluted).toEqual(clean);
});

test('with Object.prototype.method and .url a URL is still judged by where it leads', async () => {
  const sent = await withPolluted('method', 'GET', () =>
    withPolluted('url', `${BASE}/said`, async () => {
      const doors = everyDoor({ baseUrl: BASE });
      for (const door of doors) await outcomeOf(door, new URL('https://evil.example/true'));
      return doors.flatMap((door) => door.fetch.calls.map(({ request }) => request.url));
    }),
  );

  for (const url of sent) expect(new URL(url).origin).toBe(BASE);
});

test('without a runtime of its own a client uses the fetch of the platform, whatever a prototype offers', async () => {
  await using server = await startServer();
  const ways = [
    () => createFetch(SECRET, { baseUrl: server.origin })('/'),
    () => new Client(SECRET, { baseUrl: server.origin }).fetch('/'),
    async () => new Client(SECRET, { baseUrl: server.origin }).get('/'),
  ];
  for (const send of ways) {
    expect((await withPolluted('runtime', { fetch: ANOTHER_FETCH }, send)).status).toBe(204);
    expect((await withPolluted('fetch', ANOTHER_FETCH, send)).status).toBe(204);
  }
});

test('a token that names nobody is not that of whom a prototype names', async () => {
  const { request, client } = createTokenValet(() => createJwt({ scope: 'read' }));

  await withPolluted('sub', 'somebody-else', () => request());

  const { user } = client.session.snapshot as { user?: SessionUser };
  expect(user?.id).toMatch(/./);
  expect(user?.id).not.toBe('somebody-else');
});

test('in a browser the cache is left out, whatever a prototype says of it', async () => {
  const fetch = createFakeFetch(ok);
  const send = createFetchOn(
    'browser',
    accessToken(() => SECRET),
    fetch,
  );

  await withPolluted('cache', 'force-cache', () => send('/x'));

  expect(fetch.calls[0]?.request.cache).toBe('no-store');
});

test('on a server no prototype says which page this is', async () => {
  const fetch = createFakeFetch(ok);
  const value = { origin: 'https://evil.example', hostname: 'evil.example' };
  const sends = [undefined, '/api'].map(
    (baseUrl) => () => createFetch(SECRET, { baseUrl, runtime: { fetch } })('/x'),
  );

  for (const send of sends) {
    const refused = withPolluted('origin', value.origin, () => withPolluted('location', value, send));
    await expect(refused).rejects.toMatchObject({ code: 'MISSING_BASE_URL' });
  }

  expect(fetch.calls).toEqual([]);
});

test.each([
  ['audience', 'https://evil.example'],
  ['scopes', ['admin']],
  ['refreshToken', 'of-somebody-else-0123'],
  ['rejected', 'of-somebody-else-0123'],
  ['forced', true],
])('Object.prototype.%s is nothing that a token provider is asked with', async (name, value) => {
  const { asked, request } = createTokenValet((context) =>
    context.rejectedToken === undefined ? 'token-1' : 'token-2',
  );
  await withPolluted(name, value, () => request());

  const [context = {}] = asked as readonly object[];
  const said = Object.fromEntries(Object.entries(context).filter(([key]) => key !== 'signal'));
  expect(said).toEqual({ reason: 'initial', forceRefresh: false, scopes: [], resource: 'https://api.test/' });
});

test('Object.prototype.discovers sends nothing bare', async () => {
  const { sent, request } = createTokenValet(() => null);
  expect(await withPolluted('discovers', true, () => request())).toBe('SIGNED_OUT');
  expect(sent).toEqual([]);
});
