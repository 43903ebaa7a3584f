import { expect, test } from 'vitest';
import { createFetch } from '../../src/fetch.ts';
import { apiKey, bearer, Client } from '../../src/index.ts';
import { createFakeFetch, ok } from '../support/fake-fetch.ts';
import { quiet } from '../support/quiet.ts';
import { startServer } from '../support/server.ts';

const KEY = 'key-0123456789abcdef';

function recording(strategy = bearer(KEY)) {
  const fetch = createFakeFetch(ok);
  const client = new Client(strategy, { baseUrl: 'https://api.test', logger: quiet, runtime: { fetch } });
  return { client, fetch, calls: fetch.calls };
}

test('fetch works without its client before it', async () => {
  const { client, calls } = recording();
  const { fetch } = client;
  const holder = { fetch, name: 'another SDK' };

  await fetch('/a');
  await holder.fetch('/b');
  await Reflect.apply(fetch, undefined, ['/c']);

  expect(calls.map(({ request }) => request.headers.get('authorization'))).toEqual(
    Array(3).fill(`Bearer ${KEY}`),
  );
});

test('text, URL and Request mean the same', async () => {
  const { client, calls } = recording();

  await client.fetch('https://api.test/x?q=1');
  await client.fetch(new URL('https://api.test/x?q=1'));
  await client.fetch(new Request('https://api.test/x?q=1'));

  for (const { request } of calls) {
    expect(request).toMatchObject({ method: 'GET', url: 'https://api.test/x?q=1' });
    expect(request.headers.get('authorization')).toBe(`Bearer ${KEY}`);
  }
});

test.each(['Authorization', 'authorization', 'AUTHORIZATION'])(
  "a host SDK's own %s gives way to ours",
  async (name) => {
    const { client, calls } = recording();

    await client.fetch('/a', { headers: { [name]: 'Bearer unused' } });
    await client.fetch('/b', { headers: new Headers({ [name]: 'Bearer unused' }) });
    await client.fetch('/c', { headers: [[name, 'Bearer unused']] });
    await client.fetch(new Request('https://api.test/d', { headers: { [name]: 'Bearer unused' } }));
    await client.get('e', { headers: { [name]: 'Bearer unused' } });

    expect(calls.map(({ request }) => request.headers.get('authorization'))).toEqual(
      Array(5).fill(`Bearer ${KEY}`),
    );
  },
);

test.each([
  ['a key in a header', () => apiKey(KEY)],
  ['a key in the query', () => apiKey(KEY, { in: 'query' })],
])("a host SDK's own Authorization stays beside %s", async (_, strategy) => {
  const { client, calls } = recording(strategy());

  await client.fetch('/a', { headers: { authorization: 'Basic mine' } });
  await client.fetch(new Request('https://api.test/d', { headers: { authorization: 'Basic mine' } }));
  await client.get('e', { headers: { authorization: 'Basic mine' } });

  expect(calls.map(({ request }) => request.headers.get('authorization'))).toEqual(
    Array(3).fill('Basic mine'),
  );
});

test('a bare request keeps the Authorization that the caller wrote', async () => {
  const { client, calls } = recording();

  await client.fetch('/a', { auth: false, headers: { authorization: 'Basic mine' } });

  expect(calls[0]?.request.headers.get('authorization')).toBe('Basic mine');
});

test.each(['https://api.test/x', new URL('https://api.test/x'), new Request('https://api.test/x')])(
  'members that we know nothing of are passed through, with %o',
  async (input) => {
    const { client, calls } = recording();
    const dispatcher = { dispatch() {} };
    const init = {
      method: 'DELETE',
      next: { revalidate: 60, tags: ['a'] },
      cf: { cacheTtl: 5 },
      priority: 'low',
      keepalive: true,
      credentials: 'include',
      cache: 'reload',
      integrity: 'sha256-x',
      referrer: 'about:client',
      referrerPolicy: 'no-referrer',
      mode: 'same-origin',
    };

    await client.fetch(input, init as RequestInit);
    const raw: RequestInit[] = [];
    await createFetch(KEY, {
      baseUrl: 'https://api.test',
      runtime: {
        fetch: async (_, given) => {
          raw.push(given ?? {});
          return new Response();
        },
      },
    })(input, { dispatcher } as RequestInit);

    expect(calls[0]?.init).toMatchObject(init);
    expect(raw[0]).toMatchObject({ dispatcher });
    expect((raw[0] as { dispatcher?: unknown }).dispatcher).toBe(dispatcher);
  },
);

test('members of ours do not reach the platform', async () => {
  const { client, calls } = recording();

  await client.fetch('/x', { auth: 'optional', body: () => 'made', method: 'POST' });

  expect(calls[0]?.init).not.toHaveProperty('auth');
  expect(calls[0]?.init.body).toBe('made');
});

test('verbs pass on what is not theirs, too', async () => {
  const { client, calls } = recording();
  const init = {
    next: { revalidate: 60 },
    cache: 'reload',
    credentials: 'include',
    keepalive: true,
  } as const;

  await client.get('x', init);
  await client.get('x', { ...init, hooks: { beforeRequest: [() => {}] } });

  for (const { init: passed, request } of calls) {
    expect(passed).toMatchObject({ next: { revalidate: 60 } });
    expect(request).toMatchObject({ cache: 'reload', credentials: 'include', keepalive: true });
  }
});

test.each([
  ['a key in a header', () => apiKey(KEY)],
  ['a key in the query', () => apiKey(KEY, { in: 'query' })],
])('a Request keeps all that it says, with %s', async (_, strategy) => {
  const { client, calls } = recording(strategy());
  const init = {
    method: 'DELETE',
    headers: { 'x-mine': '1' },
    cache: 'reload',
    credentials: 'include',
    integrity: 'sha256-x',
    keepalive: true,
    mode: 'same-origin',
    redirect: 'manual',
    referrer: 'https://api.test/from',
    referrerPolicy: 'origin',
  } as const;

  await client.fetch(new Request('https://api.test/x', init));

  const sent = calls[0]?.request;
  const { headers, referrer: _referrer, ...fields } = init;
  expect(sent).toMatchObject(fields);
  expect(Object.fromEntries(sent?.headers ?? [])).toMatchObject(headers);
});

test('the init wins over the Request, member by member, and undefined is no member', async () => {
  for (const strategy of [apiKey(KEY), apiKey(KEY, { in: 'query' })]) {
    const { client, calls } = recording(strategy);
    const request = new Request('https://api.test/x', {
      method: 'DELETE',
      headers: { 'x-of': 'request', 'x-only': '1' },
      cache: 'reload',
    });

    await client.fetch(request, { method: undefined, cache: undefined, headers: undefined } as object);
    await client.fetch(request, { method: 'OPTIONS', headers: { 'x-of': 'init' }, cache: 'no-cache' });

    expect(calls[0]?.request).toMatchObject({ method: 'DELETE', cache: 'reload' });
    expect(calls[0]?.request.headers.get('x-of')).toBe('request');
    expect(calls[1]?.request).toMatchObject({ method: 'OPTIONS', cache: 'no-cache' });
    expect(calls[1]?.request.headers.get('x-of')).toBe('init');
    expect(calls[1]?.request.headers.has('x-only')).toBe(false);
  }
});

test('what the caller passed in is not changed', async () => {
  const { client } = recording();
  const headers = new Headers({ 'x-mine': '1', authorization: 'Bearer unused' });
  const init = Object.freeze({ headers, method: 'POST', body: 'text', auth: 'optional' } as const);
  const request = new Request('https://api.test/x', { headers: { 'x-mine': '1' } });
  const url = new URL('https://api.test/x?q=1');

  await client.fetch('/x', init);
  await client.fetch(request);
  await client.fetch(url);

  expect([...headers]).toEqual([
    ['authorization', 'Bearer unused'],
    ['x-mine', '1'],
  ]);
  expect([...request.headers]).toEqual([['x-mine', '1']]);
  expect(url.href).toBe('https://api.test/x?q=1');
});

test.each([100, 204, 301, 400, 404, 418, 500, 503].filter((code) => code >= 200))(
  'a %i is returned, not thrown',
  async (code) => {
    await using api = await startServer((_, response) => void response.writeHead(code).end());
    using client = new Client(KEY, { baseUrl: api.origin });

    expect((await client.fetch('/')).status).toBe(code);
  },
);

test('a server that is down is the TypeError of the platform, with its cause', async () => {
  const api = await startServer();
  await api.close();
  for (const strategy of [apiKey(KEY), apiKey(KEY, { in: 'query' })]) {
    using client = new Client(strategy, { baseUrl: api.origin });

    const error = (await client.fetch('/x').catch((thrown: unknown) => thrown)) as TypeError;

    expect(error).toBeInstanceOf(TypeError);
    expect(error.name).toBe('TypeError');
    expect((error.cause as { code?: string }).code).toBe('ECONNREFUSED');
  }
});

test.each([
  ['a method that is forbidden', { method: 'TRACE' }],
  ['a method that is none', { method: 'a b' }],
  ['a header that is none', { headers: { 'a b': '1' } }],
  ['a body with GET', { body: 'text' }],
])('%s is the TypeError of the platform', async (_, init) => {
  using client = new Client(KEY, { baseUrl: 'http://127.0.0.1:9' });

  await expect(client.fetch('/x', init)).rejects.toBeInstanceOf(TypeError);
});

test('our own refusal is told once in a warning, since host SDKs hide causes', async () => {
  const lines: string[] = [];
  const told: string[] = [];
  using client = new Client(KEY, {
    baseUrl: 'https://api.test',
    logger: { debug() {}, warn: (line) => void lines.push(line) },
    runtime: { fetch: createFakeFetch(ok) },
  });
  client.on('warning', ({ code }) => told.push(code));

  for (let count = 0; count < 3; count++) await client.fetch('https://evil.test/').catch(() => {});
  await client.fetch('/', { mode: 'no-cors' }).catch(() => {});

  expect(told).toEqual(['ORIGIN_NOT_ALLOWED', 'INVALID_OPTION']);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain('ORIGIN_NOT_ALLOWED');
});

test('createFetch gives the same fetch', async () => {
  const fetch = createFakeFetch(ok);
  const send = createFetch(bearer(KEY), { baseUrl: 'https://api.test', runtime: { fetch } });
  const other = send;

  await other('/x', { headers: { authorization: 'Bearer unused' } });

  expect(fetch.calls[0]?.request.headers.get('authorization')).toBe(`Bearer ${KEY}`);
  expect(send.session.snapshot).toEqual({ status: 'signed-in', user: { id: 'service' } });
  send.close();
  await expect(send('/x')).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
});
