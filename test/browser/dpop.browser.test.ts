import { expect, test } from 'vitest';
import { accessToken, Client } from '../../src/index.ts';
import { refreshToken } from '../../src/oauth.ts';
import { indexedDb, webStorage } from '../../src/stores.ts';
import { createRoom, type Room } from './room.ts';

/** What a page that has just been loaded makes: a client of this room, with bound tokens. */
function load(room: Room, store = indexedDb({ name: room.api })): Client {
  const endpoints = { token: `${room.api}/bind` };
  const source = refreshToken({ endpoints, clientId: room.api, dpop: true });
  const initial = { refresh_token: 'from-a-login' };
  return new Client(accessToken(source, { store, initial }), { baseUrl: room.api });
}

/** The proofs that a room was sent: header and payload of each. */
async function proofsOf(room: Room): Promise<{ header: JsonWebKey; payload: Record<string, unknown> }[]> {
  const seen = await room.seen('api');
  return Promise.all(seen.map(async ({ headers }) => readProof(headers.dpop ?? '')));
}

async function readProof(proof: string): Promise<{ header: JsonWebKey; payload: Record<string, unknown> }> {
  const [header = '', payload = '', signature = ''] = proof.split('.');
  const { jwk } = JSON.parse(decode(header)) as { jwk: JsonWebKey };
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['verify']);
  const bytes = Uint8Array.from(decode(signature), (character) => character.charCodeAt(0));
  const signed = new TextEncoder().encode(`${header}.${payload}`);
  expect(await crypto.subtle.verify(algorithm, key, bytes, signed)).toBe(true);
  return { header: jwk, payload: JSON.parse(decode(payload)) as Record<string, unknown> };
}

function decode(text: string): string {
  return atob(text.replaceAll('-', '+').replaceAll('_', '/'));
}

test('a page sends bound tokens with proofs that its key has signed', async () => {
  const room = createRoom();
  using client = load(room);
  expect((await client.fetch('echo?page=2')).status).toBe(200);
  const [token, request] = await proofsOf(room);
  expect(token?.payload).toMatchObject({ htm: 'POST', htu: `${room.api}/bind` });
  expect(request?.payload).toMatchObject({ htm: 'GET', htu: `${room.api}/echo` });
  expect(request?.payload).toHaveProperty('ath');
  expect(request?.header).toEqual(token?.header);
});

test.each([
  ['IndexedDB', (room: Room) => indexedDb({ name: room.api })],
  ['web storage', (room: Room) => webStorage({ key: room.api })],
] as const)(
  'with the session in %s the next page has the same key, and the session with it',
  async (_, storeIn) => {
    const room = createRoom();
    const first = load(room, storeIn(room));
    await first.fetch('echo');
    first.close();
    using second = load(room, storeIn(room));
    await second.fetch('echo');
    const proofs = await proofsOf(room);
    expect(proofs).toHaveLength(3);
    expect(new Set(proofs.map(({ header }) => header.x)).size).toBe(1);
  },
);

test('two pages that start at once agree on one key', async () => {
  const room = createRoom();
  using first = load(room, indexedDb({ name: `${room.api}-1` }));
  using second = load(room, indexedDb({ name: `${room.api}-2` }));
  await Promise.all([first.fetch('echo'), second.fetch('echo')]);
  const proofs = await proofsOf(room);
  expect(proofs).toHaveLength(4);
  expect(new Set(proofs.map(({ header }) => header.x)).size).toBe(1);
});

test('the key in the database cannot be taken out', async () => {
  const room = createRoom();
  using client = load(room);
  await client.fetch('echo');
  const pairs = await readAll('fetch-valet-keys');
  expect(pairs.length).toBeGreaterThan(0);
  for (const { privateKey } of pairs) {
    expect(privateKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('jwk', privateKey)).rejects.toThrow();
  }
});

test('a redirect is refused: a browser would show neither where it leads nor let it have a proof', async () => {
  const room = createRoom();
  using client = load(room);
  for (const where of [room.api, room.other])
    await expect(client.fetch(room.to(`${where}/echo`))).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
  expect(await room.all('other')).toBe('[]');
});

function readAll(name: string): Promise<CryptoKeyPair[]> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name);
    opening.onerror = () => reject(opening.error ?? new Error('not opened'));
    opening.onsuccess = () => {
      const reading = opening.result.transaction('documents').objectStore('documents').getAll();
      reading.onerror = () => reject(reading.error ?? new Error('not read'));
      reading.onsuccess = () => {
        opening.result.close();
        resolve(reading.result as CryptoKeyPair[]);
      };
    };
  });
}
