import { expect, test } from 'vitest';
import { HttpError } from '../../src/index.ts';
import { settle } from '../support/clock.ts';
import { thrownBy } from '../support/thrown.ts';
import { countingProvider, createTokenValet } from '../support/token-valet.ts';

const MINUTE = 60_000;

const refuse = (): Response => new Response('no', { status: 401 });

test('a server that refuses every token causes three refreshes, then one a minute (rule T11)', async () => {
  const { clock, asked, request } = createTokenValet(countingProvider(3600), { respond: refuse });
  for (let i = 0; i < 20; i++) expect(await request()).toBe(401);
  expect(asked.map(({ reason }) => reason)).toEqual(['initial', 'rejected', 'rejected', 'rejected']);

  for (let minute = 0; minute < 5; minute++) {
    await clock.advance(MINUTE);
    await request();
    await request();
  }
  expect(asked).toHaveLength(4 + 5);
});

test('a success in between does not refill what a server may cause (rule T11)', async () => {
  let count = 0;
  const { asked, request } = createTokenValet(countingProvider(), {
    respond: () => (++count % 2 === 0 ? new Response('ok') : refuse()),
  });
  for (let i = 0; i < 20; i++) await request();
  expect(asked.filter(({ reason }) => reason === 'rejected')).toHaveLength(3);
});

test('each origin draws on its own, and so does each audience', async () => {
  const { client, asked, request } = createTokenValet(countingProvider(3600), {
    respond: refuse,
    options: { allowedOrigins: ['https://other.test'] },
  });
  for (let i = 0; i < 9; i++) await request();
  for (let i = 0; i < 9; i++) await client.fetch('https://other.test/');
  for (let i = 0; i < 9; i++) await request({ auth: { audience: 'a' } });
  expect(asked.filter(({ reason }) => reason === 'rejected')).toHaveLength(9);
});

test('many requests that are refused at once draw once', async () => {
  const { asked, request } = createTokenValet(countingProvider(3600), { respond: refuse });
  for (let i = 0; i < 2; i++) await Promise.all(Array.from({ length: 20 }, () => request()));
  expect(asked.filter(({ reason }) => reason === 'rejected')).toHaveLength(2);
});

test('a provider that insists on the refused token is asked as seldom', async () => {
  const { asked, sent, request } = createTokenValet(() => 'same-token', { respond: refuse });
  for (let i = 0; i < 20; i++) await request();
  expect(asked).toHaveLength(4);
  expect(sent).toHaveLength(20);
});

test('the message of such a 401 says why no more tokens are fetched, and a warning does, too', async () => {
  const { client, events, request } = createTokenValet(countingProvider(3600), { respond: refuse });
  for (let i = 0; i < 3; i++) await request();
  const before = await thrownBy(() => client.get('orders', { retry: 0 }));
  expect(before).toBeInstanceOf(HttpError);
  expect((before as Error).message).toContain('none is fetched');
  expect(events).toContain('warning');
});

test('session.refresh() fetches a token all the same: somebody asked for it', async () => {
  const { client, asked, request } = createTokenValet(countingProvider(3600), { respond: refuse });
  for (let i = 0; i < 9; i++) await request();
  await client.session.refresh();
  await settle();
  expect(asked).toHaveLength(5);
});

test('a refusal whose refresh fails for a while draws once, however often it is tried', async () => {
  let failures = 5;
  let count = 0;
  let refused = 'token-1';
  const { clock, asked, request } = createTokenValet(
    ({ reason }) => {
      count++;
      if (reason === 'rejected' && failures-- > 0) throw new Error('not now');
      return { token: `token-${count}`, expiresIn: 3600 };
    },
    {
      random: () => 0,
      respond: ({ headers }) =>
        headers.get('authorization') === `Bearer ${refused}` ? refuse() : new Response('ok'),
    },
  );
  const first = request();
  await clock.advance(10_000);
  expect(await first).toBe(200);
  expect(asked).toHaveLength(7);

  // Two are left.
  for (const left of [2, 1]) {
    refused = `token-${asked.length}`;
    expect([left, await request()]).toEqual([left, 200]);
  }
  refused = `token-${asked.length}`;
  expect(await request()).toBe(401);
});

test('a server that is content tells nothing of tokens that another one refuses', async () => {
  const { client, request } = createTokenValet(countingProvider(3600), {
    respond: ({ url }) => (url.startsWith('https://other.test') ? new Response('ok') : refuse()),
    options: { allowedOrigins: ['https://other.test'] },
  });
  for (let i = 0; i < 9; i++) await request();
  expect((await client.fetch('https://other.test/')).status).toBe(200);
  const error = await thrownBy(() => client.get('orders', { retry: 0 }));
  expect((error as Error).message).toContain('none is fetched');
});

test('refusals that cause no refresh, since the issuer is to be spared, draw nothing', async () => {
  let isUp = false;
  const { clock, asked, request } = createTokenValet(
    () => (isUp ? 'token-2' : new Response('', { status: 503, headers: { 'retry-after': '20' } })),
    {
      initial: { token: 'token-1' },
      respond: ({ headers }) =>
        headers.get('authorization') === 'Bearer token-1' ? refuse() : new Response('ok'),
    },
  );
  for (let i = 0; i < 5; i++) expect(await request()).toBe('TOKEN_ENDPOINT_UNAVAILABLE');
  expect(asked).toHaveLength(1);
  await clock.advance(20_000);
  isUp = true;

  expect(await request()).toBe(200);
});
