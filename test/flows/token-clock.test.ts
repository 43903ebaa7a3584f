import { expect, test } from 'vitest';
import { settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { countingProvider, createTokenValet, type TokenValet } from '../support/token-valet.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TRUE_START = Date.UTC(2026, 0, 1);

/** A client that has just got a token of an hour. */
async function withTokenOfAnHour(): Promise<TokenValet> {
  const valet = createTokenValet(countingProvider(3600), { random: () => 0 });
  expect(await valet.request()).toBe(200);
  return valet;
}

test('a machine that slept past the end of a token gets a new one before it sends (rule T2)', async () => {
  const { clock, sent, request } = await withTokenOfAnHour();

  clock.sleep(8 * HOUR);
  await request();

  expect(sent).toEqual(['Bearer token-1', 'Bearer token-2']);
});

test('a machine that slept for a part of it has the rest left', async () => {
  const { clock, asked, request } = await withTokenOfAnHour();

  clock.sleep(30 * MINUTE);
  await clock.advance(28 * MINUTE);
  await request();
  expect(asked).toHaveLength(1);
  await clock.advance(90 * SECOND);
  await request();
  await settle();

  expect(asked).toHaveLength(2);
});

test('a wall clock that is set back makes no token live longer (rule T2)', async () => {
  const { clock, asked, sent, request } = await withTokenOfAnHour();

  clock.set(clock.now() - DAY);
  await request();
  expect(asked).toHaveLength(1);
  await clock.advance(HOUR);
  await request();

  expect(sent.at(-1)).toBe('Bearer token-2');
});

test('a wall clock that is set forth costs one token and nothing else', async () => {
  const { clock, sent, request } = await withTokenOfAnHour();

  clock.set(clock.now() + DAY);
  await request();
  for (let minutes = 0; minutes < 58; minutes++) {
    await request();
    await clock.advance(MINUTE);
  }

  expect(new Set(sent).size).toBe(2);
});

test('a wall clock that jumps to and fro between requests never brings a failure', async () => {
  const provider = (): string => {
    const now = TRUE_START + valet.clock.monotonic();
    return createJwt({ sub: 'u1', iat: now / SECOND, exp: (now + 5 * MINUTE) / SECOND });
  };
  const valet = createTokenValet(provider, { random: () => 0 });
  for (const jump of [0, DAY, -DAY, -10 * MINUTE, 10 * MINUTE, -HOUR, 2 * DAY, -2 * DAY, 1500, -1500]) {
    valet.clock.set(valet.clock.now() + jump);
    for (let n = 0; n < 20; n++) {
      expect(await valet.request()).toBe(200);
      await valet.clock.advance(20 * SECOND);
    }
  }

  // 200 requests in 4000 seconds, tokens of 300: a jump costs a token or two.
  expect(valet.asked.length).toBeLessThanOrEqual(17 + 2 * 10);
});

test('sleep during a backoff counts as waiting (rule T6)', async () => {
  let isUp = false;
  const { clock, request } = createTokenValet(() =>
    isUp ? 'token-1' : new Response(null, { status: 503, headers: { 'retry-after': '600' } }),
  );
  expect(await request()).toBe('TOKEN_ENDPOINT_UNAVAILABLE');

  isUp = true;
  clock.sleep(HOUR);

  expect(await request()).toBe(200);
});
