import { expect, test } from 'vitest';
import { apiKey, Client } from '../../src/index.ts';
import { quiet } from '../support/quiet.ts';
import { redirecting, to } from '../support/redirecting.ts';
import { startServer } from '../support/server.ts';

const KEY = 'key-0123456789abcdef';
const STRATEGIES = [
  ['a key in a header', KEY],
  ['a key in the query', apiKey(KEY, { in: 'query' })],
  ['a token', () => 'token-0123456789'],
] as const;

test.each(STRATEGIES)("redirect: 'error' fails as the platform does, with %s", async (_, credential) => {
  await using api = await startServer(redirecting);
  using client = new Client(credential, { baseUrl: api.origin });

  await expect(client.fetch(to('/end'), { redirect: 'error' })).rejects.toBeInstanceOf(TypeError);
  await expect(
    client.fetch(new Request(api.origin + to('/end'), { redirect: 'error' })),
  ).rejects.toBeInstanceOf(TypeError);
  expect(api.received).toHaveLength(2);
});

test.each(STRATEGIES)("redirect: 'manual' hands the redirect over, with %s", async (_, credential) => {
  await using api = await startServer(redirecting);
  using client = new Client(credential, { baseUrl: api.origin });
  const native = await fetch(api.origin + to('/end'), { redirect: 'manual' });

  for (const response of [
    await client.fetch(to('/end'), { redirect: 'manual' }),
    await client.fetch(new Request(api.origin + to('/end'), { redirect: 'manual' })),
  ]) {
    expect(response).toMatchObject({
      status: 302,
      redirected: false,
      type: native.type,
      url: api.origin + to('/end'),
    });
    expect(response.headers.get('location')).toBe('/end');
  }
  expect(api.received).toHaveLength(3);
});

test('the init says how to redirect, whatever the Request says', async () => {
  await using api = await startServer(redirecting);
  using client = new Client(KEY, { baseUrl: api.origin });
  const request = new Request(api.origin + to('/end'), { redirect: 'error' });

  expect(await client.fetch(request, { redirect: 'follow' })).toMatchObject({
    status: 200,
    redirected: true,
  });
});

test('a bare request is redirected by the platform', async () => {
  await using api = await startServer(redirecting);
  await using foreign = await startServer(redirecting);
  using client = new Client(KEY, { baseUrl: api.origin });
  const init = { method: 'POST', body: 'name=Oslo', auth: false } as const;

  const response = await client.fetch(to(`${foreign.origin}/end`, 307), init);

  expect(response).toMatchObject({ status: 200, redirected: true, url: `${foreign.origin}/end` });
  expect(foreign.received[0]?.body.toString()).toBe('name=Oslo');
  expect(JSON.stringify(api.received)).not.toContain(KEY);
});

test.each([
  ['a bare stream', () => new Blob(['name=Oslo']).stream()],
  ['a function that makes streams', () => () => new Blob(['name=Oslo']).stream()],
])('%s does not follow a redirect', async (_, body) => {
  await using api = await startServer(redirecting);
  using client = new Client(KEY, { baseUrl: api.origin, logger: quiet });

  for (const status of [302, 303, 307]) {
    await expect(client.fetch(to('/end', status), { method: 'POST', body: body() })).rejects.toMatchObject({
      code: 'REDIRECT_REFUSED',
    });
    await expect(client.post(to('/end', status), { body: body() })).rejects.toMatchObject({
      code: 'REDIRECT_REFUSED',
    });
  }
  expect(api.received.every(({ url }) => url.startsWith('/to'))).toBe(true);
});

test('verbs follow redirects just so', async () => {
  await using foreign = await startServer(redirecting);
  await using api = await startServer(redirecting);
  using client = new Client(KEY, { baseUrl: api.origin });

  const back = `${foreign.origin}${to(`${api.origin}/end`)}`;
  const answer = await client.get(to(back)).json<{ headers: Record<string, string> }>();

  expect(answer.headers['x-api-key']).toBe(KEY);
  expect(foreign.received[0]?.headers).not.toHaveProperty('x-api-key');
});

test('a verb does not re-post its body to a foreign origin', async () => {
  await using foreign = await startServer(redirecting);
  await using api = await startServer(redirecting);
  using client = new Client(KEY, { baseUrl: api.origin });

  const answer = client.post(to(`${foreign.origin}/end`, 307), { json: { name: 'Oslo' } });

  await expect(answer).rejects.toMatchObject({ name: 'ConfigError', code: 'REDIRECT_REFUSED' });
  expect(foreign.received).toEqual([]);
  expect(api.received).toHaveLength(1);
});

test('the body of a Request goes along within the allowed origins', async () => {
  await using api = await startServer(redirecting);
  using client = new Client(KEY, { baseUrl: api.origin });
  const request = new Request(api.origin + to('/end', 307), { method: 'POST', body: 'name=Oslo' });

  await client.fetch(request);

  expect(api.received[1]).toMatchObject({
    method: 'POST',
    headers: { 'content-type': 'text/plain;charset=UTF-8', 'content-length': '9' },
  });
  expect(api.received[1]?.body.toString()).toBe('name=Oslo');
});
