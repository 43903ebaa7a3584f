import { expect, test } from 'vitest';
import { apiKey, bearer, Client } from '../../src/index.ts';
import { createRoom } from './room.ts';

const KEY = 'key-0123456789abcdef';
const quiet = { debug: () => {}, warn: () => {} };

/** The numbers of two answers in a row: the same where the second one came from the browser's cache. */
async function numbers(client: Client, init: RequestInit = {}): Promise<number[]> {
  const answers: number[] = [];
  for (let count = 0; count < 2; count++) {
    const response = await client.fetch('cacheable', init);
    answers.push(((await response.json()) as { number: number }).number);
  }
  return answers;
}

test.each([
  ['a user token', () => () => 'token-0123456789', [1, 2]],
  ['a key in the query', () => apiKey(KEY, { in: 'query' }), [1, 2]],
  ['a key in a header', () => apiKey(KEY), [1, 1]],
  ['a bearer key', () => bearer(KEY), [1, 1]],
] as const)('what was sent for %s is read from the cache or not', async (_, credential, expected) => {
  const room = createRoom();
  using client = new Client(credential(), { baseUrl: room.api, logger: quiet });

  expect(await numbers(client)).toEqual(expected);
});

test('the caller may say that a user’s answer is kept', async () => {
  const room = createRoom();
  using client = new Client(() => 'token-0123456789', { baseUrl: room.api });

  expect(await numbers(client, { cache: 'default' })).toEqual([1, 1]);
});

test('what one user was sent is not shown to the next', async () => {
  const room = createRoom();
  let user = 'ann';
  const provider = () => `token-of-${user}-0123456789`;
  using first = new Client(provider, { baseUrl: room.api });
  using second = new Client(provider, { baseUrl: room.api });

  const [annsNumber] = await numbers(first);
  user = 'ben';
  const [bensNumber] = await numbers(second);

  expect(annsNumber).toBe(1);
  expect(bensNumber).toBe(3);
});

test('without a base URL requests go to the origin of the page', async () => {
  const targets: string[] = [];
  const fetch = async (input: string | URL | Request): Promise<Response> => {
    targets.push(new Request(input).url);
    return new Response();
  };
  for (const baseUrl of [undefined, '/', '/api'] as const) {
    using client = new Client(KEY, { baseUrl, logger: quiet, runtime: { fetch } });
    await client.fetch('x?q=1');
    await client.get('y');
  }

  const { origin } = window.location;
  expect(targets).toEqual([
    `${origin}/x?q=1`,
    `${origin}/y`,
    `${origin}/x?q=1`,
    `${origin}/y`,
    `${origin}/api/x?q=1`,
    `${origin}/api/y`,
  ]);
  using real = new Client(KEY, { logger: quiet });
  expect((await real.fetch('/')).url).toBe(`${origin}/`);
});

test('an injected base element changes nothing', async () => {
  const room = createRoom();
  const base = document.createElement('base');
  base.href = `${room.other}/`;
  document.head.prepend(base);
  try {
    expect(document.baseURI).toBe(base.href);
    using client = new Client(KEY, { logger: quiet });
    const { origin } = window.location;

    expect((await client.fetch('echo')).url).toBe(`${origin}/echo`);
    expect((await client.get('echo', { throwHttpErrors: false })).url).toBe(`${origin}/echo`);
    expect((await client.fetch('/echo')).url).toBe(`${origin}/echo`);
    await expect(client.fetch(`${room.other}/echo`)).rejects.toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
  } finally {
    base.remove();
  }
  expect(await room.all('other')).toBe('[]');
});

test('no-cors is refused with a credential', async () => {
  const room = createRoom();
  using client = new Client(KEY, { baseUrl: room.api, logger: quiet });
  const request = new Request(`${room.api}/echo`, { mode: 'no-cors' });

  await expect(client.fetch('echo', { mode: 'no-cors' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  await expect(client.fetch(request)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  await expect(client.get('echo', { mode: 'no-cors' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  expect(await room.all('api')).toBe('[]');
  expect((await client.fetch('echo', { mode: 'no-cors', auth: false })).type).toBe('opaque');
});

test('a key that is secret does not start in a page', () => {
  const make = () => new Client(apiKey(KEY, { secret: true }), { logger: quiet });

  expect(make).toThrow(expect.objectContaining({ name: 'ConfigError', code: 'SECRET_IN_BROWSER' }) as Error);
});

test('a key in a page is told of once, whatever is done with it', async () => {
  const room = createRoom();
  const lines: string[] = [];
  const logger = { debug: () => {}, warn: (line: string) => void lines.push(line) };
  using client = new Client(KEY, { baseUrl: room.api, logger });

  await client.fetch('echo');
  await client.get('echo');
  using child = client.extend({ baseUrl: `${room.api}/child` });
  await child.fetch('echo');

  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('KEY_IN_BROWSER');
  expect(lines[0]).not.toContain(KEY);
});

test('a user token is not warned about', async () => {
  const room = createRoom();
  const lines: string[] = [];
  const logger = { debug: () => {}, warn: (line: string) => void lines.push(line) };
  using client = new Client(() => 'token-0123456789', { baseUrl: room.api, logger });

  await client.fetch('echo');

  expect(lines).toEqual([]);
});

test('with the key in the query a response shows the URL without it', async () => {
  const room = createRoom();
  using client = new Client(apiKey(KEY, { in: 'query' }), { baseUrl: room.api, logger: quiet });

  const response = await client.fetch('echo?q=%20');
  const copy = response.clone();

  for (const each of [response, copy]) {
    expect(each.url).toBe(`${room.api}/echo?q=%20`);
    expect(Object.getOwnPropertyDescriptor(Response.prototype, 'url')?.get?.call(each)).toBe('');
    expect(each).toMatchObject({ type: 'cors', status: 200, redirected: false });
    expect(((await each.json()) as { url: string }).url).toContain(`?q=%20&api_key=${KEY}`);
  }
});

test('fetch fails as the platform does', async () => {
  using client = new Client(KEY, { baseUrl: 'http://127.0.0.1:9', logger: quiet });

  await expect(client.fetch('/x')).rejects.toBeInstanceOf(TypeError);
});

test.each([undefined, new Error('the user went away')])(
  'an abort rejects as the platform does, with %s',
  async (reason) => {
    const room = createRoom();
    using client = new Client(KEY, { baseUrl: room.api, logger: quiet });
    const controller = new AbortController();

    const answer = client.fetch('echo', { signal: controller.signal });
    controller.abort(reason);

    await expect(answer).rejects.toBe(controller.signal.reason);
  },
);

test('fetch works without its client before it', async () => {
  const room = createRoom();
  using client = new Client(KEY, { baseUrl: room.api, logger: quiet });
  const { fetch } = client;

  expect((await fetch('echo')).status).toBe(200);
});
