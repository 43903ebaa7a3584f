import { expect, test } from 'vitest';
import { accessToken, apiKey, Client, combine } from '../../src/index.ts';
import { createRoom, type Room } from './room.ts';

const quiet = { debug: () => {}, warn: () => {} };
const tokenOf = (name: string): string => `token-of-${name}-0123456789`;

async function nameIn(answer: Response | Promise<Response>): Promise<string> {
  return ((await (await answer).json()) as { name: string }).name;
}

/** The same request without us: what a page does that writes its header by hand. */
function byHand(room: Room, name: string, cache: RequestCache = 'default'): Promise<string> {
  const headers = { authorization: `Bearer ${tokenOf(name)}` };
  return nameIn(fetch(`${room.api}/me`, { headers, cache }));
}

/** Every way to ask. Whatever it is, the URL is the same. */
const WAYS: readonly (readonly [string, (client: Client, room: Room) => Promise<string>])[] = [
  ['fetch', (client) => nameIn(client.fetch('me'))],
  ['fetch with a URL', (client, room) => nameIn(client.fetch(new URL(`${room.api}/me`)))],
  ['fetch with a Request', (client, room) => nameIn(client.fetch(new Request(`${room.api}/me`)))],
  [
    'fetch with options',
    (client) => nameIn(client.fetch('me', { method: 'GET', headers: { accept: '*/*' } })),
  ],
  ['a verb', async (client) => (await client.get('me').json<{ name: string }>()).name],
  [
    'a verb with a hook',
    async (client) => nameIn(await client.get('me', { hooks: { beforeRequest: [() => {}] } })),
  ],
  ['a verb with a Request', async (client, room) => nameIn(await client.get(new Request(`${room.api}/me`)))],
  ['a child', (client, room) => nameIn(client.extend({ baseUrl: room.api }).fetch('me'))],
];

test('the danger is real: with a header of its own, a page shows the next user what the last one was sent', async () => {
  const room = createRoom();

  expect(await byHand(room, 'ada')).toBe('ada');
  expect(await byHand(room, 'ben')).toBe('ada');
  expect(await room.seen('api')).toHaveLength(1);
});

test.each(WAYS)(
  'after another sign-in on the same client, %s is answered for the new user',
  async (_, ask) => {
    const room = createRoom();
    using client = new Client(() => null, { baseUrl: room.api, logger: quiet });

    await client.session.signIn({ access_token: tokenOf('ada') });
    expect(await ask(client, room)).toBe('ada');
    await client.signOut();
    await client.session.signIn({ access_token: tokenOf('ben') });
    expect(await ask(client, room)).toBe('ben');

    expect(await room.seen('api')).toHaveLength(2);
  },
);

test.each(WAYS)('on two clients of one page, %s is answered for its own user', async (_, ask) => {
  const room = createRoom();
  using adas = new Client(() => tokenOf('ada'), { baseUrl: room.api, logger: quiet });
  using bens = new Client(() => tokenOf('ben'), { baseUrl: room.api, logger: quiet });

  expect([await ask(adas, room), await ask(bens, room), await ask(adas, room)]).toEqual([
    'ada',
    'ben',
    'ada',
  ]);
  expect(await Promise.all([ask(bens, room), ask(adas, room), ask(bens, room)])).toEqual([
    'ben',
    'ada',
    'ben',
  ]);
});

test('what a client was sent is not left in the cache for anybody else', async () => {
  const room = createRoom();
  using client = new Client(() => tokenOf('ada'), { baseUrl: room.api });

  expect(await nameIn(client.fetch('me'))).toBe('ada');

  // Even whoever asks for an old answer at any price.
  expect(await byHand(room, 'ben', 'force-cache')).toBe('ben');
});

test('what somebody else left in the cache is not taken from there', async () => {
  const room = createRoom();
  using client = new Client(() => tokenOf('ben'), { baseUrl: room.api });

  expect(await byHand(room, 'ada')).toBe('ada');

  expect(await nameIn(client.fetch('me'))).toBe('ben');
});

test('what nobody was sent is not what a user is sent, and the other way round', async () => {
  const room = createRoom();
  using client = new Client(() => null, { baseUrl: room.api, auth: 'optional' });

  expect(await nameIn(client.fetch('me'))).toBe('nobody');
  await client.session.signIn({ access_token: tokenOf('ada') });
  expect(await nameIn(client.fetch('me'))).toBe('ada');
  await client.signOut();
  expect(await nameIn(client.fetch('me'))).toBe('nobody');
});

test.each([
  ['a key in the query', () => apiKey(tokenOf('ada'), { in: 'query' })],
  ['a token in the query', () => accessToken(() => tokenOf('ada'), { placement: { in: 'query' } })],
  ['a token beside a key', () => combine([accessToken(() => tokenOf('ada')), apiKey('key-0123456789')])],
] as const)('what was sent for %s is not in the cache, nor is its URL', async (_, strategy) => {
  const room = createRoom();
  using client = new Client(strategy(), { baseUrl: room.api, logger: quiet });
  await client.fetch('me');
  const [first] = await room.seen('api');

  // What is in the cache would be answered from there.
  await fetch(new URL(first?.url ?? '', room.api), { cache: 'force-cache' });

  expect(await room.seen('api')).toHaveLength(2);
});
