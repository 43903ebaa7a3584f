import { expect, test } from 'vitest';
import type { TokenResult } from '../../src/contracts.ts';
import { settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import {
  countingProvider,
  createHeldProvider,
  createTokenValet,
  isSettled,
  type TokenValet,
} from '../support/token-valet.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Lets requests come every `step` ms for `duration` ms. */
async function sendSteadily({ clock, request }: TokenValet, duration: number, step: number): Promise<void> {
  for (let passed = 0; passed < duration; passed += step) {
    expect(await request()).toBe(200);
    await clock.advance(step);
  }
}

test('with a fresh token a request is sent before fetch returns (rule T1)', async () => {
  const { client, sent, request } = createTokenValet(countingProvider());
  await request();

  const answer = client.fetch('/');

  expect(sent).toEqual(['Bearer token-1', 'Bearer token-1']);
  expect((await answer).status).toBe(200);
});

test('a token whose end nobody knows is used until a server refuses it (rule T2)', async () => {
  const { clock, asked, request } = createTokenValet(countingProvider());
  await request();
  await clock.advance(400 * DAY);
  await request();

  expect(asked).toHaveLength(1);
  expect(clock.timers).toBe(0);
});

test('a token of thirty days is fetched once in them, and no timer is armed for it (rule T9)', async () => {
  const valet = createTokenValet(countingProvider((30 * DAY) / SECOND));
  await sendSteadily(valet, 29 * DAY, 6 * HOUR);

  expect(valet.asked).toHaveLength(1);
  expect(valet.clock.timers).toBe(0);
});

test('thirty days without a request, and the next one gets a new token', async () => {
  const { clock, asked, sent, request } = createTokenValet(countingProvider(3600));
  await request();
  await clock.advance(30 * DAY);

  expect(await request()).toBe(200);
  expect(sent).toEqual(['Bearer token-1', 'Bearer token-2']);
  expect(asked.map(({ reason }) => reason)).toEqual(['initial', 'expiring']);
});

test('inside the window requests go out with the current token while one refresh runs behind them (rule T3)', async () => {
  const { provider, calls } = createHeldProvider();
  const { clock, asked, sent, request } = createTokenValet(provider);
  const first = request();
  await settle();
  calls[0]?.resolve({ token: 'token-1', expiresIn: 30 });
  await first;
  await clock.advance(26 * SECOND);

  expect([await request(), await request(), await request()]).toEqual([200, 200, 200]);
  expect(asked).toHaveLength(2);
  expect(asked[1]).toMatchObject({ reason: 'expiring', forceRefresh: false });
  calls[1]?.resolve({ token: 'token-2', expiresIn: 30 });
  await settle();
  await request();

  expect(sent.map((value) => value.at(-1))).toEqual(['1', '1', '1', '1', '2']);
  expect(asked).toHaveLength(2);
});

test('a request waits only when the token has ended, or is about to (rule T3)', async () => {
  const { provider, calls } = createHeldProvider();
  const { clock, sent, request } = createTokenValet(provider);
  const first = request();
  await settle();
  calls[0]?.resolve({ token: 'token-1', expiresIn: 30 });
  await first;

  await clock.advance(28_400);
  expect(await request()).toBe(200);
  await clock.advance(200);
  const waits = request();
  expect(await isSettled(waits)).toBe(false);
  calls[1]?.resolve({ token: 'token-2', expiresIn: 30 });

  expect(await waits).toBe(200);
  expect(sent).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2']);
});

test('many clients do not refresh as one: the window is jittered (rule T3)', async () => {
  const askedAt = async (random: number, left: number): Promise<number> => {
    const { clock, asked, request } = createTokenValet(countingProvider(3600), { random: () => random });
    await request();
    await clock.advance(HOUR - left);
    await request();
    await settle();
    return asked.length;
  };

  expect(await askedAt(0, 55 * SECOND)).toBe(2);
  expect(await askedAt(0.99, 55 * SECOND)).toBe(1);
  expect(await askedAt(0.99, 45 * SECOND)).toBe(2);
});

test('refreshAhead is when the background refresh begins', async () => {
  const { client, clock, asked, request } = createTokenValet(countingProvider(3600), {
    refreshAhead: 10 * MINUTE,
    random: () => 0,
  });
  const windows: unknown[] = [];
  client.on('refreshed', ({ window }) => windows.push(window));
  await request();
  expect(windows).toEqual([10 * MINUTE]);
  await clock.advance(49 * MINUTE);
  await request();
  expect(asked).toHaveLength(1);
  await clock.advance(2 * MINUTE);
  await request();

  expect(asked).toHaveLength(2);
});

test('what remains is counted from the answer, not from the question', async () => {
  const { provider, calls } = createHeldProvider();
  const { clock, asked, request } = createTokenValet(provider, { random: () => 0 });
  const first = request();
  await clock.advance(8 * SECOND);
  calls[0]?.resolve({ token: 'token-1', expiresIn: 10 });
  await first;
  await clock.advance(7 * SECOND);
  await request();

  expect(asked).toHaveLength(1);
});

test('a provider that answers from its own cache is understood (rule T2)', async () => {
  // As the SDKs of identity providers do: the same token until a minute before its end.
  let cached = '';
  let exp = 0;
  let issued = 0;
  const valet = createTokenValet(({ forceRefresh }): TokenResult => {
    const now = valet.clock.now();
    if (forceRefresh || exp - now <= MINUTE) {
      exp = now + 10 * MINUTE;
      issued++;
      cached = createJwt({ sub: 'u1', iat: now / SECOND, exp: exp / SECOND, jti: issued });
    }
    return cached;
  });
  await sendSteadily(valet, 2 * HOUR, 10 * SECOND);

  // A token lives for ten minutes and is handed out for nine of them.
  expect(issued).toBeLessThanOrEqual(15);
  expect(valet.asked.length).toBeLessThanOrEqual(2 * issued);
  expect(valet.asked.some(({ forceRefresh }) => forceRefresh)).toBe(false);
});

test('a provider that keeps handing out the same token is asked again after half of what remains (rule T10)', async () => {
  const { clock, asked, request } = createTokenValet(
    () => ({ token: createJwt({ sub: 'u1', iat: 1_767_225_600, exp: 1_767_225_600 + 3600 }) }),
    { random: () => 0 },
  );
  await request();
  for (let left = 60; left > 2; left--) {
    await clock.advance(left === 60 ? 59 * MINUTE : SECOND);
    expect(await request()).toBe(200);
  }

  // At 60, 30, 15, 7, 3 seconds before the end.
  expect(asked.length - 1).toBe(5);
  expect(asked.some(({ forceRefresh }) => forceRefresh)).toBe(false);
});

test('a provider that hands out the ended token is asked once more past its cache, then it is told (rules T2, T10)', async () => {
  const { clock, asked, sent, request } = createTokenValet(() =>
    createJwt({ sub: 'u1', iat: 1_767_225_600, exp: 1_767_225_600 + 3600 }),
  );
  await request();
  await clock.advance(HOUR);

  expect(await request()).toBe('TOKEN_INVALID');
  expect(asked.map(({ forceRefresh }) => forceRefresh)).toEqual([false, false, true]);
  expect(sent).toHaveLength(1);
});

test('a cache that hands out the ended token with the lifetime of long ago is passed (rules T2, T10)', async () => {
  let count = 1;
  const { clock, asked, sent, request } = createTokenValet(({ forceRefresh }) => {
    if (forceRefresh) count++;
    return { token: `token-${count}`, expiresIn: 60 };
  });
  await request();
  await clock.advance(MINUTE);

  expect(await request()).toBe(200);
  expect(sent).toEqual(['Bearer token-1', 'Bearer token-2']);
  expect(asked.map(({ forceRefresh }) => forceRefresh)).toEqual([false, false, true]);
});

test('a token that arrives looking expired is asked for once more, with the newest refresh token (rule T2)', async () => {
  const now = Date.UTC(2026, 0, 1) / SECOND;
  const stale = createJwt({ sub: 'u1', iat: now - 7200, exp: now - 3600 });
  const fresh = createJwt({ sub: 'u1', iat: now, exp: now + 3600 });
  const { asked, sent, request } = createTokenValet(({ forceRefresh }) =>
    forceRefresh ? { token: fresh, refreshToken: 'r3' } : { token: stale, refreshToken: 'r2' },
  );

  expect(await request()).toBe(200);
  expect(sent).toEqual([`Bearer ${fresh}`]);
  expect(asked.map(({ forceRefresh, refreshToken }) => [forceRefresh, refreshToken])).toEqual([
    [false, undefined],
    [true, 'r2'],
  ]);
});

test('a token at hand is used without asking, and renewed when it expires', async () => {
  const { clock, asked, sent, request } = createTokenValet(countingProvider(60), {
    initial: { token: 'at-hand', expiresIn: 60, refreshToken: 'r1' },
  });
  await request();
  expect(asked).toHaveLength(0);
  await clock.advance(MINUTE);
  await request();

  expect(sent).toEqual(['Bearer at-hand', 'Bearer token-1']);
  expect(asked[0]).toMatchObject({ reason: 'expiring', refreshToken: 'r1' });
});

test('a token at hand that has expired is just refreshed, with one call (rule T2)', async () => {
  const now = Date.UTC(2026, 0, 1) / SECOND;
  const { asked, sent, request, client } = createTokenValet(countingProvider(60), {
    initial: { token: createJwt({ sub: 'u1', iat: now - 7200, exp: now - 3600 }), refreshToken: 'r1' },
  });
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'u1' } });
  await request();

  expect(sent).toEqual(['Bearer token-1']);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({ forceRefresh: false, refreshToken: 'r1' });
});
