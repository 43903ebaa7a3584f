import { expect, test } from 'vitest';
import { apiKey, bearer, Client } from '../../src/index.ts';
import { createRoom } from './room.ts';

const KEY = 'key-0123456789abcdef';
const quiet = { debug: () => {}, warn: () => {} };
const KEYS = [
  ['a header', () => apiKey(KEY)],
  ['the query', () => apiKey(KEY, { in: 'query' })],
] as const;

test.each(KEYS)('a key in %s never reaches the other origin of a redirect', async (_, strategy) => {
  const room = createRoom();
  using client = new Client(strategy(), { baseUrl: room.api, logger: quiet });

  for (const status of [301, 302, 303, 307, 308]) {
    await expect(client.fetch(room.to(`${room.other}/echo`, status))).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'REDIRECT_REFUSED',
      message: expect.stringMatching(/redirect/i) as string,
    });
  }
  await expect(
    client.fetch(room.to(`${room.other}/echo`, 307), { method: 'POST', body: 'text' }),
  ).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
  await expect(client.post(room.to(`${room.other}/echo`, 307), { json: {} })).rejects.toMatchObject({
    code: 'REDIRECT_REFUSED',
  });

  expect(await room.seen('api')).toHaveLength(7);
  expect(await room.all('api')).toContain(KEY);
  expect(await room.all('other')).toBe('[]');
});

test.each(KEYS)(
  'a redirect of a key in %s is refused within its origin, too: nobody can see where it leads',
  async (_, strategy) => {
    const room = createRoom();
    using client = new Client(strategy(), { baseUrl: room.api, logger: quiet });

    await expect(client.fetch(room.to('echo'))).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
    expect(await room.seen('api')).toHaveLength(1);
  },
);

test('a redirect that the caller takes over does not show a key in the query', async () => {
  const room = createRoom();
  using client = new Client(apiKey(KEY, { in: 'query' }), { baseUrl: room.api, logger: quiet });

  const response = await client.fetch(room.to('echo'), { redirect: 'manual' });

  expect(response).toMatchObject({
    type: 'opaqueredirect',
    status: 0,
    url: `${room.api}/${room.to('echo')}`,
  });
  const inherited = Object.getOwnPropertyDescriptor(Response.prototype, 'url')?.get?.call(response) as string;
  expect(inherited).toBe('');
  expect((await room.seen('api'))[0]?.url).toContain(KEY);
});

test('Authorization follows within the origin', async () => {
  const room = createRoom();
  using client = new Client(bearer(KEY), { baseUrl: room.api, logger: quiet });

  const response = await client.fetch(room.to('echo'));

  expect(response).toMatchObject({ status: 200, redirected: true, url: `${room.api}/echo` });
  expect((await room.seen('api')).map(({ headers }) => headers.authorization)).toEqual([
    `Bearer ${KEY}`,
    `Bearer ${KEY}`,
  ]);
});

test('Authorization is taken off by the browser on the way to the other origin', async () => {
  const room = createRoom();
  for (const strategy of [bearer(KEY), () => KEY]) {
    using client = new Client(strategy, { baseUrl: room.api, logger: quiet });

    const response = await client.fetch(room.to(`${room.other}/echo`));

    expect(response).toMatchObject({ status: 200, redirected: true, url: `${room.other}/echo` });
  }
  expect(await room.seen('other')).toHaveLength(2);
  expect(await room.all('other')).not.toContain(KEY);
});

test('a 401 of the other origin asks for no new token', async () => {
  const room = createRoom();
  const asked: string[] = [];
  using client = new Client(
    ({ reason }) => {
      asked.push(reason);
      return `token-number-${asked.length}`;
    },
    { baseUrl: room.api },
  );

  const response = await client.fetch(room.to(`${room.other}/echo?status=401`));

  expect(response).toMatchObject({ status: 401, redirected: true });
  expect(asked).toEqual(['initial']);
  expect(await room.seen('api')).toHaveLength(1);
});

test('a bare request is redirected as ever', async () => {
  const room = createRoom();
  using client = new Client(KEY, { baseUrl: room.api, logger: quiet });

  const response = await client.fetch(room.to(`${room.other}/echo`), { auth: false });

  expect(response).toMatchObject({ status: 200, redirected: true, url: `${room.other}/echo` });
});
