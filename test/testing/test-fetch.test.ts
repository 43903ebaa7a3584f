import { expect, test } from 'vitest';
import { createTestFetch, type TestResponses } from '../../src/testing.ts';
import { thrownBy, valetErrorOf } from '../support/thrown.ts';

const API = 'https://api.test';

test('answers are found by method and URL, and the first that fits is taken', async () => {
  const fetch = createTestFetch({
    'POST /orders': 'placed',
    '/orders?page=2': 'second page',
    '/orders': 'orders',
    'GET https://stock.test/orders': 'stock',
    'GET *': 'the rest',
  });
  const ask = async (method: string, url: string): Promise<unknown> => (await fetch(url, { method })).json();
  expect(await ask('POST', `${API}/orders`)).toBe('placed');
  expect(await ask('GET', `${API}/orders`)).toBe('orders');
  expect(await ask('PUT', `${API}/orders?page=3`)).toBe('orders');
  expect(await ask('GET', `${API}/orders?page=2`)).toBe('second page');
  expect(await ask('GET', `${API}/orders/1`)).toBe('the rest');
  const refused = await valetErrorOf(() => ask('DELETE', `${API}/me`));
  expect(refused.message).toContain("'DELETE /me'");
});

test('a whole URL is told from a path', async () => {
  const fetch = createTestFetch({ 'https://stock.test/shelves': 'stock', '/shelves': 'api' });
  expect(await (await fetch('https://stock.test/shelves?page=2')).json()).toBe('stock');
  expect(await (await fetch(`${API}/shelves`)).json()).toBe('api');
});

test('an answer is JSON, a response, a function of the request, or nothing', async () => {
  const fetch = createTestFetch({
    '/json': [1, null],
    '/response': new Response('no', { status: 404, statusText: 'Gone', headers: { 'x-a': '1' } }),
    '/function': async (request: Request) => ({ sent: await request.json() }),
    '/nothing': () => undefined,
  });
  const json = await fetch(`${API}/json`);
  expect([json.status, json.headers.get('content-type'), await json.json()]).toEqual([
    200,
    'application/json',
    [1, null],
  ]);
  const response = await fetch(`${API}/response`);
  expect([response.status, response.statusText, response.headers.get('x-a')]).toEqual([404, 'Gone', '1']);
  const sent = await fetch(`${API}/function`, { method: 'POST', body: '{"a":1}' });
  expect(await sent.json()).toEqual({ sent: { a: 1 } });
  expect((await fetch(`${API}/nothing`)).status).toBe(204);
});

test('one response answers many requests, and each can be read', async () => {
  const fetch = createTestFetch({ '*': new Response('again') });
  for (let n = 0; n < 3; n++) expect(await (await fetch(`${API}/a`)).text()).toBe('again');
});

test('a response tells where it came from, and so does its clone', async () => {
  const response = await createTestFetch({ '*': {} })(`${API}/a?b=1`);
  expect([response.url, response.clone().url]).toEqual([`${API}/a?b=1`, `${API}/a?b=1`]);
  expect(response).toBeInstanceOf(Response);
});

test('requests are remembered as they were sent, and their bodies can still be read', async () => {
  const fetch = createTestFetch(async (request) => request.text());
  await fetch(`${API}/a`, {
    method: 'POST',
    body: 'text',
    headers: { authorization: 'Bearer t', 'x-a': '1' },
  });
  const [sent] = fetch.requests;
  expect(sent).toMatchObject({ method: 'POST', url: `${API}/a`, authorization: 'Bearer t', status: 200 });
  expect(sent?.headers.get('x-a')).toBe('1');
  expect(await sent?.request.text()).toBe('text');
});

test('a caller who gives up is let go, though the answer never comes', async () => {
  const fetch = createTestFetch(() => new Promise(() => {}));
  const controller = new AbortController();
  const answer = fetch(`${API}/a`, { signal: controller.signal });
  controller.abort(new Error('no time'));
  await expect(answer).rejects.toThrow('no time');
  expect(fetch.requests[0]?.status).toBeUndefined();
  await expect(fetch(`${API}/a`, { signal: controller.signal })).rejects.toThrow('no time');
});

test('what a function throws is what a platform throws', async () => {
  const fetch = createTestFetch(() => {
    throw new TypeError('fetch failed');
  });
  expect(await thrownBy(() => fetch(`${API}/a`))).toBeInstanceOf(TypeError);
});

test.each(['orders', 'get /orders', 'GET orders', ''])(
  'the key %j is refused, with what to write',
  async (key) => {
    expect((await valetErrorOf(() => createTestFetch({ [key]: {} }))).message).toContain("'GET /orders'");
  },
);

test.each([null, 42, 'GET /orders', [{ name: 'Ada' }]])(
  'responses that are none are refused: %j',
  async (responses) => {
    expect((await valetErrorOf(() => createTestFetch(responses as unknown as TestResponses))).code).toBe(
      'INVALID_OPTION',
    );
  },
);
