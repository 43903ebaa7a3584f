import { expect, test } from 'vitest';
import { apiKey, bearer, Client, combine } from '../../src/index.ts';
import { redirecting, to } from '../support/redirecting.ts';
import { startServer } from '../support/server.ts';

const KEY = 'key-0123456789abcdef';
const STRATEGIES = [
  ['a key in a header', apiKey(KEY)],
  ['a key with a scheme', apiKey(KEY, { name: 'x-auth', scheme: 'Token' })],
  ['a bearer key', bearer(KEY)],
  ['a key in the query', apiKey(KEY, { in: 'query', name: 'appid' })],
  ['several credentials', combine([apiKey(KEY), apiKey(KEY, { in: 'query' }), bearer(KEY)])],
] as const;

test.each(STRATEGIES)(
  '%s never reaches a foreign origin, and is there again on the way back',
  async (_, strategy) => {
    await using api = await startServer(redirecting);
    await using foreign = await startServer(redirecting);
    using client = new Client(strategy, { baseUrl: api.origin });
    const back = `${foreign.origin}${to(`${api.origin}/end`)}`;

    const response = await client.fetch(to(back));

    expect(response.status).toBe(200);
    expect(foreign.received).toHaveLength(1);
    expect(JSON.stringify(foreign.received)).not.toContain(KEY);
    expect(api.received.map((request) => JSON.stringify(request).includes(KEY))).toEqual([true, true]);
  },
);

test.each(STRATEGIES)('%s reaches an allowed origin', async (_, strategy) => {
  await using api = await startServer(redirecting);
  await using files = await startServer(redirecting);
  using client = new Client(strategy, { baseUrl: api.origin, allowedOrigins: [files.origin] });

  await client.fetch(to(`${files.origin}/end`));

  expect(JSON.stringify(files.received)).toContain(KEY);
});

const SECRETS = {
  authorization: 'Basic Y2FsbGVyOnNlY3JldA==',
  cookie: 'sid=caller-session',
  'proxy-authorization': 'Basic cHJveHk6c2VjcmV0',
  dpop: 'caller-proof',
};

test.each(STRATEGIES)(
  "a caller's own credentials do not follow %s to a foreign origin",
  async (_, strategy) => {
    await using api = await startServer(redirecting);
    await using foreign = await startServer(redirecting);
    using client = new Client(strategy, { baseUrl: api.origin });

    await client.fetch(to(`${foreign.origin}/end`), { headers: { ...SECRETS, 'x-mine': '1' } });

    expect(api.received[0]?.headers).toMatchObject({ cookie: SECRETS.cookie, dpop: SECRETS.dpop });
    const [arrived] = foreign.received;
    expect(arrived?.headers['x-mine']).toBe('1');
    for (const name of Object.keys(SECRETS)) expect(arrived?.headers).not.toHaveProperty(name);
  },
);

test("a caller's own credentials do not follow to an allowed origin either, and do not come back", async () => {
  await using api = await startServer(redirecting);
  await using files = await startServer(redirecting);
  using client = new Client(KEY, { baseUrl: api.origin, allowedOrigins: [files.origin] });
  const back = `${files.origin}${to(`${api.origin}/end`)}`;

  await client.fetch(to(back), { headers: SECRETS });

  const [first, last] = api.received;
  expect(first?.headers).toMatchObject(SECRETS);
  for (const request of [files.received[0], last]) {
    expect(request?.headers['x-api-key']).toBe(KEY);
    for (const name of Object.keys(SECRETS)) expect(request?.headers).not.toHaveProperty(name);
  }
});

test.each(['allowed', 'foreign'])(
  'what was taken off on the way to another origin does not come back on the next hop there, %s or not',
  async (kind) => {
    await using api = await startServer(redirecting);
    await using there = await startServer(redirecting);
    const allowedOrigins = kind === 'allowed' ? [there.origin] : [];
    using client = new Client(KEY, { baseUrl: api.origin, allowedOrigins });
    const headers = { ...SECRETS, 'x-api-key': 'callers-own-value' };

    await client.fetch(to(`${there.origin}${to('/end')}`), { headers });

    expect(there.received).toHaveLength(2);
    for (const request of there.received) {
      expect(request.headers['x-api-key']).toBe(kind === 'allowed' ? KEY : undefined);
      for (const name of Object.keys(SECRETS)) expect(request.headers).not.toHaveProperty(name);
    }
  },
);

test.each([
  ['another value', 'callers-own-value'],
  ['the very same value', KEY],
])('a header of the name that we write does not reach a foreign origin with %s', async (_, value) => {
  await using api = await startServer(redirecting);
  await using foreign = await startServer(redirecting);
  using client = new Client(KEY, { baseUrl: api.origin });

  await client.fetch(to(`${foreign.origin}/end`), { headers: { 'X-Api-Key': value } });

  expect(api.received[0]?.headers['x-api-key']).toBe(KEY);
  expect(foreign.received).toHaveLength(1);
  expect(foreign.received[0]?.headers).not.toHaveProperty('x-api-key');
});

test('a server that repeats the query in its Location neither sends the key away nor shows it', async () => {
  const repeat = (origin: string) => (url: string) => `${origin}/end?${new URL(url, origin).searchParams}`;
  await using foreign = await startServer(redirecting);
  await using api = await startServer((request, response) => {
    const there = request.url.startsWith('/away') ? foreign.origin : '';
    if (request.url.startsWith('/end')) return redirecting(request, response);
    response.writeHead(302, { location: repeat(there || api.origin)(request.url) }).end();
  });
  using client = new Client(apiKey('key/with+signs&more=0', { in: 'query', name: 'app-id' }), {
    baseUrl: api.origin,
  });

  const stayed = await client.fetch('/stay?q=1');
  const left = await client.fetch('/away?q=1');

  expect(stayed.url).toBe(`${api.origin}/end?q=1`);
  expect(left.url).toBe(`${foreign.origin}/end?q=1`);
  expect(new URL(api.received[1]?.url ?? '', api.origin).searchParams.get('app-id')).toBe(
    'key/with+signs&more=0',
  );
  expect(foreign.received.map((request) => request.url)).toEqual(['/end?q=1']);
});

test('a redirect that turns POST into GET takes the headers of the body along with it', async () => {
  await using api = await startServer(redirecting);
  using client = new Client(KEY, { baseUrl: api.origin });
  const headers = {
    'content-type': 'text/csv',
    'content-language': 'no',
    'content-encoding': 'identity',
    'content-location': '/x',
    'x-mine': '1',
  };

  await client.fetch(to('/end', 303), { method: 'POST', body: 'a,b', headers });

  const last = api.received[1];
  expect(last?.headers).toMatchObject({ 'x-mine': '1' });
  expect(Object.keys(last?.headers ?? {}).filter((name) => name.startsWith('content-'))).toEqual([]);
});
