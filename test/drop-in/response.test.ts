import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { apiKey, Client, combine } from '../../src/index.ts';
import { redirecting, to } from '../support/redirecting.ts';
import { startServer } from '../support/server.ts';

const KEY = 'key/with+signs&more=0123456789';
const inHeader = () => apiKey('key-0123456789abcdef');
const inQuery = () => apiKey(KEY, { in: 'query', name: 'appid' });

/** What anybody can find out about a response without reading it. */
function everythingOf(response: Response): string {
  const inherited = Object.getOwnPropertyDescriptor(Response.prototype, 'url')?.get?.call(response) as string;
  return [
    response.url,
    inherited,
    JSON.stringify(response),
    inspect(response, { showHidden: true, depth: 12 }),
    JSON.stringify([...response.headers]),
  ].join('\n');
}

test('with the key in the query the URL of a response is the one without it', async () => {
  await using api = await startServer(redirecting);
  using client = new Client(inQuery(), { baseUrl: api.origin });

  const response = await client.fetch('/x?q=1#top');

  expect(api.received[0]?.url).toBe(`/x?q=1&appid=${encodeURIComponent(KEY)}`);
  expect(response.url).toBe(`${api.origin}/x?q=1`);
  expect(Object.getOwnPropertyDescriptor(Response.prototype, 'url')?.get?.call(response)).toBe('');
});

test('nothing of a response shows the key in the query, nor do its copies', async () => {
  await using api = await startServer(
    (_, response) => void response.writeHead(200, { 'x-a': '1' }).end('ok'),
  );
  using client = new Client(inQuery(), { baseUrl: api.origin });

  const response = await client.fetch('/x?q=1');
  const copy = response.clone();
  const copyOfCopy = copy.clone();

  for (const each of [response, copy, copyOfCopy]) {
    expect(each.url).toBe(`${api.origin}/x?q=1`);
    expect(everythingOf(each)).not.toContain('0123456789');
    expect(await each.text()).toBe('ok');
  }
});

test("a caller's own parameter of that name gives way, and the response shows what the caller wrote", async () => {
  await using api = await startServer(redirecting);
  using client = new Client(inQuery(), { baseUrl: api.origin });

  const response = await client.fetch('/x?appid=mine&q=1');

  expect(api.received[0]?.url).toBe(`/x?q=1&appid=${encodeURIComponent(KEY)}`);
  expect(response.url).toBe(`${api.origin}/x?appid=mine&q=1`);
});

test.each([
  '?a=1&b=2',
  '?a=%20+%2B&b=%C3%B8',
  '?a=ø&b',
  '?a&a&a=',
  '?a=1&&b=2',
  '?=&',
  "?a='()*~!",
  '?a=b=c',
  '?a=%zz',
])('a key in the query leaves %s byte for byte', async (query) => {
  await using api = await startServer(redirecting);
  using client = new Client(inQuery(), { baseUrl: api.origin });
  await fetch(`${api.origin}/x${query}`);

  await client.fetch(`/x${query}`);

  const [native, ours] = api.received;
  expect(ours?.url).toBe(`${native?.url}&appid=${encodeURIComponent(KEY)}`);
});

test('a key in the query is percent-encoded exactly once', async () => {
  await using api = await startServer(redirecting);
  for (const key of ['100%25-0123456789', 'a+b/c=d&e?f#g', 'ключ-øæå-0123', '😀-0123456789']) {
    using client = new Client(apiKey(key, { in: 'query', name: 'k&y=' }), { baseUrl: api.origin });
    await client.fetch('/x');
    const url = new URL(api.received.at(-1)?.url ?? '', api.origin);
    expect([...url.searchParams]).toEqual([['k&y=', key]]);
    expect(url.search).toBe(`?${encodeURIComponent('k&y=')}=${encodeURIComponent(key)}`);
  }
});

const ANSWERS = [
  ['200 with a body', 200, 'hello'],
  ['201 with nothing in it', 201, ''],
  ['204', 204, null],
  ['205', 205, null],
  ['304', 304, null],
  ['404', 404, 'no'],
  ['500', 500, 'oh'],
  ['599', 599, 'odd'],
  ['999', 999, 'odder'],
] as const;

test.each(ANSWERS)(
  'a response of %s is what the platform makes of it, wherever the key is',
  async (_, code, body) => {
    await using api = await startServer((_, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response
        .writeHead(code, 'As It Is', { 'x-mine': 'é', 'content-type': 'text/plain' })
        .end(body ?? undefined);
    });
    const facts = async (response: Response) => ({
      status: response.status,
      ok: response.ok,
      text: response.statusText,
      headers: [...response.headers].filter(([name]) => name !== 'date'),
      cookies: response.headers.getSetCookie(),
      type: response.type,
      redirected: response.redirected,
      url: response.url,
      noBody: response.body === null,
      used: response.bodyUsed,
      body: await response.text(),
    });
    const native = await facts(await fetch(`${api.origin}/x`));

    for (const strategy of [inHeader(), inQuery(), combine([inHeader(), inQuery()])]) {
      using client = new Client(strategy, { baseUrl: api.origin });
      const response = await client.fetch('/x');
      expect(response).toBeInstanceOf(Response);
      expect(await facts(response)).toEqual(native);
    }
  },
);

test('HEAD has no body to show', async () => {
  await using api = await startServer(
    (_, response) => void response.writeHead(200, { 'content-length': '5' }).end(),
  );
  using client = new Client(inQuery(), { baseUrl: api.origin });

  const response = await client.fetch('/x', { method: 'HEAD' });

  expect(response.status).toBe(200);
  expect(response.headers.get('content-length')).toBe('5');
  expect(await response.text()).toBe('');
});

test('the body of a response with the key in the query arrives as it comes', async () => {
  const go = Promise.withResolvers<void>();
  await using api = await startServer(async (_, response) => {
    response.writeHead(200);
    response.write('first');
    await go.promise;
    response.end('second');
  });
  using client = new Client(inQuery(), { baseUrl: api.origin });

  const response = await client.fetch('/x');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader?.read();
  go.resolve();
  const second = await reader?.read();

  expect([first?.value, second?.value]).toEqual(['first', 'second']);
});

test('with the key in the query redirects are told as truly', async () => {
  await using api = await startServer(redirecting);
  using client = new Client(inQuery(), { baseUrl: api.origin });

  const response = await client.fetch(to('/end?q=1', 307));
  const copy = response.clone();

  for (const each of [response, copy]) {
    expect(each).toMatchObject({
      status: 200,
      redirected: true,
      type: 'basic',
      url: `${api.origin}/end?q=1`,
    });
    expect(everythingOf(each)).not.toContain('0123456789');
  }
});

test('a response without a key in the query is the very one that the platform gave', async () => {
  const given: Response[] = [];
  using client = new Client(inHeader(), {
    baseUrl: 'https://api.test',
    runtime: {
      fetch: async () => {
        const response = new Response('ok');
        given.push(response);
        return response;
      },
    },
  });

  expect(await client.fetch('/x')).toBe(given[0]);
  expect(await client.fetch('/x', { auth: false })).toBe(given[1]);
});

test('a bare request of a client with a key in the query shows its URL as it is', async () => {
  await using api = await startServer(redirecting);
  using client = new Client(inQuery(), { baseUrl: api.origin });

  const response = await client.fetch('/x?appid=mine', { auth: false });

  expect(response.url).toBe(`${api.origin}/x?appid=mine`);
  expect(api.received[0]?.url).toBe('/x?appid=mine');
});
