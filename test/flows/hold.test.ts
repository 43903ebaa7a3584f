import { expect, test } from 'vitest';
import type { TokenProvider } from '../../src/contracts.ts';
import { accessToken, Client } from '../../src/index.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { startServer } from '../support/server.ts';
import {
  countingProvider,
  createTokenValet,
  isSettled,
  outcomeOf,
  type TokenValet,
} from '../support/token-valet.ts';

const MINUTE = 60_000;
const ADA = { token: createJwt({ sub: 'ada' }), expiresIn: 60, refreshToken: 'refresh-token-0' };
const ADA_AGAIN = { token: createJwt({ sub: 'ada', n: 2 }), expiresIn: 600 };
const BOB = { token: createJwt({ sub: 'bob' }), expiresIn: 600 };

const ends: TokenProvider = () => Response.json({ error: 'invalid_grant' }, { status: 400 });

/** A client whose session of Ada ends with the next refresh, which is due. */
function createEnding(options: object = {}, provider: TokenProvider = ends): TokenValet {
  const clock = createManualClock();
  const valet = createTokenValet(provider, {
    clock,
    initial: ADA,
    options: { whenSessionEnds: 'hold', ...options },
  });
  clock.sleep(MINUTE);
  return valet;
}

test('a request that meets the end of the session waits until its user is back (rule T7)', async () => {
  const { client, sent, request } = createEnding();
  const saving = request({ method: 'POST', body: 'the form' });
  await settle();
  expect(client.session.snapshot.status).toBe('ended');
  expect(await isSettled(saving)).toBe(false);

  await client.session.signIn(ADA_AGAIN);
  expect(await saving).toBe(200);
  expect(sent).toEqual([`Bearer ${ADA_AGAIN.token}`]);
});

test('another user’s sign-in fails what was held, and nothing of it is sent (rule T7)', async () => {
  const { client, sent, request } = createEnding();
  const saving = request({ method: 'POST', body: 'the form' });
  await settle();
  await client.session.signIn(BOB);
  expect(await saving).toBe('SESSION_CHANGED');
  expect(sent).toEqual([]);
});

test('a sign-out fails what was held', async () => {
  const { client, request } = createEnding();
  const saving = request();
  await settle();
  await client.signOut();
  expect(await saving).toBe('SESSION_CHANGED');
});

test('a request that starts after the end waits, too', async () => {
  const { client, request } = createEnding();
  void request();
  await settle();
  const later = request();
  expect(await isSettled(later)).toBe(false);
  await client.session.signIn(ADA_AGAIN);
  expect(await later).toBe(200);
});

test('a form that was refused with a 401 is saved once the user is back, and its connection is free meanwhile', async () => {
  let cancelled = 0;
  const refused = (): Response =>
    new Response(new ReadableStream({ cancel: () => void cancelled++ }), { status: 401 });
  const bodies: string[] = [];
  const { client, request } = createTokenValet(ends, {
    initial: { ...ADA, expiresIn: 600 },
    options: { whenSessionEnds: 'hold' },
    respond: async (incoming) => {
      bodies.push(await incoming.text());
      return incoming.headers.get('authorization') === `Bearer ${ADA.token}`
        ? refused()
        : new Response('saved');
    },
  });
  const saving = request({ method: 'POST', body: 'the form' });
  await settle();
  expect(cancelled).toBe(1);
  expect(await isSettled(saving)).toBe(false);
  await client.session.signIn(ADA_AGAIN);
  expect(await saving).toBe(200);
  expect(bodies).toEqual(['the form', 'the form']);
});

test('a request is held for five minutes at most, and fails with the end of the session', async () => {
  const { clock, request } = createEnding();
  const saving = request();
  await clock.advance(5 * MINUTE - 1);
  expect(await isSettled(saving)).toBe(false);
  await clock.advance(1);
  expect(await saving).toBe('SESSION_ENDED');
});

test('holdLimit says for how long', async () => {
  const { clock, request } = createEnding({ holdLimit: 1000 });
  const saving = request();
  await clock.advance(1000);
  expect(await saving).toBe('SESSION_ENDED');
});

test('a hold is limited as a whole: a return that ends again at once starts no new one', async () => {
  const { client, clock, request } = createEnding({}, ends);
  const saving = request();
  await clock.advance(3 * MINUTE);
  await client.session.signIn({ ...ADA, expiresIn: 0.09, refreshToken: 'refresh-token-9' }).catch(() => {});
  await clock.advance(2 * MINUTE);
  expect(await saving).toBe('SESSION_ENDED');
});

test('the caller’s abort ends a hold and leaves nothing behind', async () => {
  const { clock, request } = createEnding();
  const controller = new AbortController();
  const saving = request({ signal: controller.signal });
  await settle();
  controller.abort();
  expect(await saving).toBe('AbortError');
  await settle();
  expect(clock.timers).toBe(0);
});

test('close ends a hold and leaves nothing behind', async () => {
  const { client, clock, request } = createEnding();
  const saving = request();
  await settle();
  client.close();
  expect(await saving).toBe('CLIENT_CLOSED');
  await settle();
  expect(clock.timers).toBe(0);
});

test('a hold leaves no timer behind when the user is back', async () => {
  const { client, clock, request } = createEnding();
  const saving = request();
  await settle();
  await client.session.signIn({ token: createJwt({ sub: 'ada', n: 3 }) });
  await saving;
  expect(clock.timers).toBe(0);
});

test('the provider’s own return of the user frees what was held', async () => {
  let back = false;
  const { client, clock, request } = createEnding({}, (context) => (back ? ADA_AGAIN : ends(context)));
  const saving = request();
  await clock.advance(MINUTE);
  back = true;
  await client.session.refresh();
  expect(await saving).toBe(200);
});

test('who is signed out is not held: nobody’s return is waited for', async () => {
  const { request } = createTokenValet(() => null, { options: { whenSessionEnds: 'hold' } });
  expect(await request()).toBe('SIGNED_OUT');
});

test('without hold a request fails at once, and a child may say otherwise', async () => {
  const { client, request } = createEnding({ whenSessionEnds: 'fail' });
  expect(await request()).toBe('SESSION_ENDED');
  const patient = client.extend({ whenSessionEnds: 'hold' });
  const saving = outcomeOf(patient.fetch('/'));
  expect(await isSettled(saving)).toBe(false);
  await client.session.signIn(ADA_AGAIN);
  expect(await saving).toBe(200);
});

test('a verb that is held spends neither its timeout nor its retries', async () => {
  const { client, clock } = createEnding();
  const saving = client.post('orders', { json: { tea: 1 }, timeout: 1000, retry: 0 }).text();
  await clock.advance(4 * MINUTE);
  await client.session.signIn(ADA_AGAIN);
  expect(await saving).toBe('ok');
});

test('a client with a key holds nothing', async () => {
  using client = new Client('a-key-for-tests', {
    baseUrl: 'https://api.test',
    whenSessionEnds: 'hold',
    runtime: { fetch: async () => new Response('', { status: 401 }) },
  });
  expect((await client.fetch('/')).status).toBe(401);
});

test('a form that is held over real HTTP arrives once, whole', async () => {
  const bodies: string[] = [];
  await using server = await startServer((request, response) => {
    const known = request.headers.authorization !== 'Bearer token-1';
    if (known) bodies.push(String(request.body));
    response.writeHead(known ? 200 : 401).end('saved');
  });
  const provider = countingProvider();
  const source: TokenProvider = (context) =>
    context.reason === 'rejected' ? ends(context) : provider(context);
  using client = new Client(accessToken(source, { user: () => ({ id: 'ada' }) }), {
    baseUrl: server.origin,
    whenSessionEnds: 'hold',
  });
  const ended = new Promise<void>((resolve) => client.on('sessionend', () => resolve()));
  const saving = client.post('orders', { json: { tea: 2 } }).text();
  await ended;
  await client.session.signIn({ token: 'token-of-a-new-login' });
  expect(await saving).toBe('saved');
  expect(bodies).toEqual(['{"tea":2}']);
});
