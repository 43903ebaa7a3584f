import { expect, test } from 'vitest';
import { bearer, Client, type VerbOptions } from '../../src/index.ts';
import { sendJson, startServer } from '../support/server.ts';
import { createVerbClient, VERB_BASE, VERB_KEY } from '../support/verb-client.ts';

test.each(['get', 'post', 'put', 'patch', 'delete', 'head'] as const)(
  '%s sends its method with the credential to the base URL',
  async (verb) => {
    await using server = await startServer();
    const client = new Client(VERB_KEY, { baseUrl: `${server.origin}/v1` });
    expect((await client[verb]('orders/7')).status).toBe(204);
    const [request] = server.received;
    expect([request?.method, request?.url]).toEqual([verb.toUpperCase(), '/v1/orders/7']);
    expect(request?.headers['x-api-key']).toBe(VERB_KEY);
  },
);

test('request sends the method that it is told, in upper case, or that of the Request, or GET', async () => {
  const { client, sent } = createVerbClient();
  await client.request('a', { method: 'patch' });
  await client.request(new Request(`${VERB_BASE}/b`, { method: 'PUT' }));
  await client.request('c');
  await client.request('d', { method: 'PURGE' });
  expect(sent.map(({ method }) => method)).toEqual(['PATCH', 'PUT', 'GET', 'PURGE']);
});

test.each([
  ['a path', 'orders', 'orders'],
  ['a path with a slash', '/orders', 'orders'],
  ['a URL', new URL(`${VERB_BASE}/orders`), 'orders'],
  ['a whole address', `${VERB_BASE}/orders`, 'orders'],
  ['a Request', new Request(`${VERB_BASE}/orders`), 'orders'],
  ['nothing', '', ''],
])('a verb takes %s', async (_, input, path) => {
  const { client, sent } = createVerbClient();
  await client.get(input);
  expect(sent[0]?.url).toBe(path === '' ? VERB_BASE : `${VERB_BASE}/${path}`);
});

test('a Request brings its headers and its body', async () => {
  const { client, sent } = createVerbClient();
  const request = new Request(`${VERB_BASE}/x`, {
    method: 'POST',
    body: 'hello',
    headers: { 'x-mine': '1' },
  });
  await client.post(request);
  expect(sent[0]?.headers.get('x-mine')).toBe('1');
  expect(await sent[0]?.text()).toBe('hello');
});

test('json is sent as JSON', async () => {
  await using server = await startServer();
  await new Client(VERB_KEY, { baseUrl: server.origin }).post('orders', { json: { item: 'tea', n: 2 } });
  const [request] = server.received;
  expect(request?.headers['content-type']).toBe('application/json');
  expect(JSON.parse(String(request?.body))).toEqual({ item: 'tea', n: 2 });
});

test('json may say a content type and a way to write it', async () => {
  const { client, sent } = createVerbClient();
  const headers = { 'content-type': 'application/vnd.api+json' };
  await client.post('x', { json: [1], headers, stringifyJson: (value) => `<${JSON.stringify(value)}>` });
  expect(sent[0]?.headers.get('content-type')).toBe('application/vnd.api+json');
  expect(await sent[0]?.text()).toBe('<[1]>');
});

test.each<[string, VerbOptions, string | Request]>([
  ['nothing else', {}, 'x'],
  ['a header of its own', { headers: { 'x-mine': '1' } }, 'x'],
  ['a hook', { hooks: { beforeRequest: [() => {}] } }, 'x'],
  ['search parameters', { searchParams: { a: 1 } }, 'x'],
  ['a Request', {}, new Request(`${VERB_BASE}/x`)],
])('a call with %s says what it sends and what it wants back', async (_, options, input) => {
  const { client, sent } = createVerbClient(() => Response.json({}));
  await client.post(input, { ...options, json: {} }).json();
  expect(sent[0]?.headers.get('accept')).toBe('application/json');
  expect(sent[0]?.headers.get('content-type')).toBe('application/json');
  await client.get(input, { ...options, headers: { accept: 'text/csv' } }).text();
  expect(sent[1]?.headers.get('accept')).toBe('text/csv');
  expect(sent[1]?.headers.get('content-type')).toBeNull();
});

test.each<[string, BodyInit, string | null]>([
  ['text', 'hello', 'text/plain;charset=UTF-8'],
  ['bytes', new TextEncoder().encode('hello'), null],
  ['a blob', new Blob(['hello'], { type: 'image/png' }), 'image/png'],
  ['a form', new URLSearchParams({ hello: '' }), 'application/x-www-form-urlencoded;charset=UTF-8'],
])('the body may be %s, with its content type', async (_, body, type) => {
  const { client, sent } = createVerbClient();
  await client.put('x', { body });
  expect(sent[0]?.headers.get('content-type')).toBe(type);
  expect(await sent[0]?.text()).toContain('hello');
});

test('the body may be a form with files', async () => {
  const { client, sent } = createVerbClient();
  const body = new FormData();
  body.set('file', new Blob(['content']), 'a.txt');
  await client.post('x', { body });
  expect((await sent[0]?.formData())?.get('file')).toBeInstanceOf(File);
});

test('each shortcut reads the body in its way', async () => {
  const { client } = createVerbClient(() => Response.json({ ok: true }));
  const text = '{"ok":true}';
  expect(await client.get('x').json()).toEqual({ ok: true });
  expect(await client.get('x').text()).toBe(text);
  expect(new TextDecoder().decode(await client.get('x').arrayBuffer())).toBe(text);
  expect(await (await client.get('x').blob()).text()).toBe(text);
  expect(new TextDecoder().decode(await client.get('x').bytes())).toBe(text);
});

test('formData reads a form', async () => {
  const { client } = createVerbClient(() => new Response(new URLSearchParams({ a: '1' })));
  expect((await client.get('x').formData()).get('a')).toBe('1');
});

test('the response can be read as a response', async () => {
  const { client } = createVerbClient(() => Response.json({ ok: true }, { headers: { 'x-id': '7' } }));
  const response = await client.get('x');
  expect(response).toBeInstanceOf(Response);
  expect(response.headers.get('x-id')).toBe('7');
  expect(await response.json()).toEqual({ ok: true });
});

test.each([
  ['json', 'application/json'],
  ['text', 'text/*'],
  ['formData', 'multipart/form-data'],
  ['blob', '*/*'],
] as const)('%s asks for what it reads, unless the caller says otherwise', async (shortcut, accept) => {
  const { client, sent } = createVerbClient(() => new Response(new URLSearchParams('{}')));
  const read = async (headers?: Record<string, string>): Promise<unknown> => {
    const answer = client.get('x', headers && { headers });
    return answer[shortcut]();
  };
  await read().catch(() => {});
  await read({ accept: 'text/csv' }).catch(() => {});
  expect(sent.map(({ headers }) => headers.get('accept'))).toEqual([accept, 'text/csv']);
});

test('searchParams are put on the URL', async () => {
  const { client, sent } = createVerbClient();
  await client.get('x', { searchParams: { q: 'Oslo & Bergen', n: 2, off: undefined, yes: true } });
  await client.get('x?a=1', {
    searchParams: [
      ['b', '2'],
      ['b', '3'],
    ],
  });
  await client.get('x', { searchParams: new URLSearchParams('c=%20') });
  await client.get('x', { searchParams: '?d=%2B' });
  expect(sent.map(({ url }) => new URL(url).search)).toEqual([
    '?q=Oslo+%26+Bergen&n=2&yes=true',
    '?a=1&b=2&b=3',
    '?c=+',
    '?d=%2B',
  ]);
});

test('throwHttpErrors: false hands out the response as it is', async () => {
  const { client } = createVerbClient(() => new Response('no', { status: 404 }));
  const response = await client.get('x', { throwHttpErrors: false });
  expect(response.status).toBe(404);
  expect(await response.text()).toBe('no');
});

test('a verb sends what fetch knows and we do not', async () => {
  const { client, sent } = createVerbClient();
  await client.get('x', { cache: 'no-store', credentials: 'include', redirect: 'manual', keepalive: true });
  const [request] = sent;
  expect(request?.cache).toBe('no-store');
  expect(request?.credentials).toBe('include');
  expect(request?.redirect).toBe('manual');
  expect(request?.keepalive).toBe(true);
});

test('auth: false sends a verb bare, anywhere', async () => {
  const { client, sent } = createVerbClient();
  await client.get('https://other.example/x', { auth: false });
  expect(sent[0]?.headers.has('x-api-key')).toBe(false);
});

test('verbs of one client may run at once', async () => {
  await using server = await startServer(({ url }, response) => sendJson(response, { url }));
  const client = new Client(bearer(VERB_KEY), { baseUrl: server.origin });
  const paths = Array.from({ length: 50 }, (_, index) => `/${index}`);
  const answers = await Promise.all(paths.map((path) => client.get(path).json<{ url: string }>()));
  expect(answers.map(({ url }) => url)).toEqual(paths);
});
