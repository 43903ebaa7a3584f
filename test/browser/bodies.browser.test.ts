import { expect, test } from 'vitest';
import { apiKey, bearer, Client } from '../../src/index.ts';
import { createRoom, type Room } from './room.ts';

const OLD = 'old-credential-0123456789';
const NEW = 'new-credential-0123456789';
const quiet = { debug: () => {}, warn: () => {} };
const renewing = ({ rejectedKey }: { rejectedKey?: string }): string =>
  rejectedKey === undefined ? OLD : NEW;

const PLACES = [
  ['Authorization', () => bearer(renewing)],
  ['a header', () => apiKey(renewing)],
  ['the query', () => apiKey(renewing, { in: 'query' })],
] as const;

const form = new FormData();
form.set('name', 'Oslo');
form.set('file', new File(['a,b\n1,2\n'], 'cities.csv', { type: 'text/csv' }));

const BODIES = [
  ['text', 'name: Ørsta'],
  ['bytes', new Uint8Array([65, 66, 67])],
  ['a Blob', new Blob(['a,b\n'], { type: 'text/csv' })],
  ['a large Blob', new Blob(['x'.repeat(200_000)])],
  ['search parameters', new URLSearchParams({ name: 'Øl & mer' })],
  ['a form', form],
] as const;
const CASES = BODIES.flatMap(([name, body]) =>
  PLACES.map(([place, strategy]) => ({ name, body, place, strategy })),
);

/** What arrived, without the boundary of a form, which differs from send to send and in its length. */
async function arrived(room: Room) {
  return (await room.seen('api')).map(({ method, headers, body }) => {
    const type = headers['content-type'] ?? '';
    const boundary = /boundary=(.*)$/.exec(type)?.[1];
    const length = headers['content-length'];
    if (boundary === undefined) return { method, type, body, length };
    return {
      method,
      type: type.replace(boundary, ''),
      body: body.replaceAll(boundary, ''),
      length: length !== undefined,
    };
  });
}

test.each(CASES)(
  'fetch and verbs send $name again after a 401, with the key in $place',
  async ({ body, strategy }) => {
    const room = createRoom();
    using client = new Client(strategy(), { baseUrl: room.api, logger: quiet });
    await fetch(`${room.api}/guarded`, { method: 'POST', body });

    const response = await client.fetch('guarded', { method: 'POST', body });
    const verb = await client.post('guarded', { body, retry: 0 });

    expect([response.status, verb.status]).toEqual([200, 200]);
    const [native, ...ours] = await arrived(room);
    expect(ours).toHaveLength(4);
    for (const each of ours) expect(each).toEqual(native);
  },
);

test.each(PLACES)('JSON is sent again after a 401, with the key in %s', async (_, strategy) => {
  const room = createRoom();
  using client = new Client(strategy(), { baseUrl: room.api, logger: quiet });

  const answer = await client.put('guarded', { json: { name: 'Ørsta' } }).json<{ body: string }>();

  expect(answer.body).toBe('{"name":"Ørsta"}');
  expect((await arrived(room)).map(({ body, type }) => [body, type])).toEqual(
    Array(2).fill(['{"name":"Ørsta"}', 'application/json']),
  );
});

const REQUESTS = [
  ['text', () => 'name: Ørsta'],
  ['a form', () => form],
  ['60 KiB', () => 'x'.repeat(60 * 1024)],
] as const;
const REQUEST_CASES = REQUESTS.flatMap(([name, body]) =>
  PLACES.map(([place, strategy]) => ({ name, body, place, strategy })),
);

test.each(REQUEST_CASES)(
  'a Request with $name is sent again after a 401, with the key in $place',
  async ({ body, strategy }) => {
    const room = createRoom();
    using client = new Client(strategy(), { baseUrl: room.api, logger: quiet });
    const make = () => new Request(`${room.api}/guarded`, { method: 'POST', body: body() });

    const response = await client.fetch(make());
    const verb = await client.request(make(), { retry: 0 });

    expect([response.status, verb.status]).toEqual([200, 200]);
    const seen = await arrived(room);
    expect(seen).toHaveLength(4);
    for (const each of seen) expect(each).toEqual(seen[0]);
    expect(seen[0]?.body).toContain(typeof body() === 'string' ? (body() as string) : 'Oslo');
  },
);

test('a large Request is sent whole, and again only where a browser does not let its body be seen', async () => {
  const room = createRoom();
  const body = 'x'.repeat(200_000);
  using client = new Client(bearer(renewing), { baseUrl: room.api, logger: quiet });

  const outcome = await client.fetch(new Request(`${room.api}/guarded`, { method: 'POST', body })).then(
    ({ status }) => status,
    (error: { code?: string }) => error.code,
  );

  const seen = (await arrived(room)).map(({ body: { length } }) => length);
  // Firefox has no Request.body: the copy cannot be dropped before all of it is read.
  const isHidden = !('body' in Request.prototype);
  expect(outcome).toBe(isHidden ? 200 : 'BODY_NOT_REPLAYABLE');
  expect(seen).toEqual(isHidden ? [200_000, 200_000] : [200_000]);
});

test.each([
  ['a stream', () => new Blob(['text']).stream()],
  ['a function', () => () => new Blob(['text']).stream()],
])('%s is refused: over http no browser sends it', async (_, body) => {
  const room = createRoom();
  using client = new Client(bearer(NEW), { baseUrl: room.api, logger: quiet });

  await expect(client.fetch('echo', { method: 'POST', body: body() })).rejects.toMatchObject({
    name: 'ConfigError',
    code: 'INVALID_OPTION',
  });
  await expect(client.post('echo', { body: body() })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  expect(await room.all('api')).toBe('[]');
});
