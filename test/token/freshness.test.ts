import fc from 'fast-check';
import { expect, test } from 'vitest';
import { moment } from '../../src/clock.ts';
import type { Claims } from '../../src/contracts.ts';
import { type Life, phaseOf, remaining, Skew, windowFor } from '../../src/token/freshness.ts';
import { type Grant, readGrant } from '../../src/token/token-response.ts';
import { createManualClock } from '../support/clock.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 0, 1);

/** Claims of a token issued at `iat` that lives for `lifetime`, both in milliseconds. */
function issued(iat: number, lifetime: number): Claims {
  return { iat: iat / 1000, exp: (iat + lifetime) / 1000 };
}

function grant(more: Partial<Grant> = {}): Grant {
  return { ...readGrant('opaque-token'), ...more };
}

/** Where a token of `lifetime` stands when `left` of it are left. */
function phaseWith(lifetime: number, left: number, random = 0): string {
  const clock = createManualClock();
  const received = moment(clock);
  const life: Life = { received, lifetime, window: windowFor(lifetime, undefined, random) };
  clock.sleep(lifetime - left);
  return phaseOf(clock, life);
}

test('the refresh window is a minute, and never more than a fifth of the lifetime (rule T3)', () => {
  const table = [
    { lifetime: SECOND, window: 200 },
    { lifetime: 5 * SECOND, window: SECOND },
    { lifetime: 30 * SECOND, window: 6 * SECOND },
    { lifetime: MINUTE, window: 12 * SECOND },
    { lifetime: 5 * MINUTE, window: MINUTE },
    { lifetime: HOUR, window: MINUTE },
    { lifetime: 30 * DAY, window: MINUTE },
  ];
  for (const { lifetime, window } of table) expect(windowFor(lifetime, undefined, 0)).toBeCloseTo(window);
});

test('the refresh window is shortened by up to a fifth, so that many clients do not refresh as one', () => {
  expect(windowFor(HOUR, undefined, 0.5)).toBeCloseTo(0.9 * MINUTE);
  expect(windowFor(HOUR, undefined, 1)).toBeCloseTo(0.8 * MINUTE);
});

test('refreshAhead replaces the minute, within the same fifth', () => {
  expect(windowFor(HOUR, 5 * MINUTE, 0)).toBe(5 * MINUTE);
  expect(windowFor(HOUR, 30 * MINUTE, 0)).toBe(12 * MINUTE);
  expect(windowFor(HOUR, 0, 0)).toBe(0);
});

test('a token without a known end is always fresh', () => {
  const clock = createManualClock();
  const life: Life = {
    received: moment(clock),
    lifetime: undefined,
    window: windowFor(undefined, MINUTE, 0),
  };
  clock.sleep(400 * DAY);

  expect(phaseOf(clock, life)).toBe('fresh');
  expect(remaining(clock, life)).toBe(Number.POSITIVE_INFINITY);
});

test('a token passes from fresh to expiring to ended at its borders (rule T3)', () => {
  const table = [
    { lifetime: HOUR, left: MINUTE + 1, phase: 'fresh' },
    { lifetime: HOUR, left: MINUTE, phase: 'expiring' },
    { lifetime: HOUR, left: 2001, phase: 'expiring' },
    { lifetime: HOUR, left: 2000, phase: 'ended' },
    { lifetime: HOUR, left: -HOUR, phase: 'ended' },
    { lifetime: 30 * SECOND, left: 6001, phase: 'fresh' },
    { lifetime: 30 * SECOND, left: 6000, phase: 'expiring' },
    { lifetime: 30 * SECOND, left: 1501, phase: 'expiring' },
    { lifetime: 30 * SECOND, left: 1500, phase: 'ended' },
    { lifetime: SECOND, left: 51, phase: 'expiring' },
    { lifetime: SECOND, left: 50, phase: 'ended' },
  ];
  for (const { lifetime, left, phase } of table)
    expect([lifetime, left, phaseWith(lifetime, left)]).toEqual([lifetime, left, phase]);
});

test('a token never goes back to an earlier phase, and is never sent past its end', () => {
  const order = ['fresh', 'expiring', 'ended'];
  const parts = fc.double({ min: 0, max: 1.5, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: SECOND, max: 30 * DAY }),
      parts,
      parts,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (lifetime, one, other, random) => {
        const [early, late] = [Math.min(one, other), Math.max(one, other)].map((part) =>
          phaseWith(lifetime, Math.round(lifetime * (1 - part)), random),
        );
        expect(order.indexOf(late ?? '')).toBeGreaterThanOrEqual(order.indexOf(early ?? ''));
        expect(phaseWith(lifetime, 0, random)).toBe('ended');
        expect(phaseWith(lifetime, lifetime, random)).toBe('fresh');
      },
    ),
  );
});

test('what remains is the least of all that is known (rule T2)', () => {
  const claims = issued(NOW, 10 * MINUTE);
  const table = [
    { known: grant(), claims: undefined, lifetime: undefined },
    { known: grant({ expiresIn: HOUR }), claims: undefined, lifetime: HOUR },
    { known: grant({ expiresAt: NOW + HOUR }), claims: undefined, lifetime: HOUR },
    { known: grant(), claims, lifetime: 10 * MINUTE },
    { known: grant({ expiresIn: HOUR }), claims, lifetime: 10 * MINUTE },
    { known: grant({ expiresIn: MINUTE }), claims, lifetime: MINUTE },
    { known: grant({ expiresIn: HOUR, expiresAt: NOW + SECOND }), claims, lifetime: SECOND },
    // From a cache: issued eight minutes ago.
    { known: grant(), claims: issued(NOW - 8 * MINUTE, 10 * MINUTE), lifetime: 2 * MINUTE },
    { known: grant(), claims: { exp: (NOW + MINUTE) / 1000 }, lifetime: MINUTE },
    { known: grant(), claims: { iat: NOW / 1000 }, lifetime: undefined },
  ];
  for (const row of table) expect(new Skew().lifetime(row.known, row.claims, NOW)).toBe(row.lifetime);
});

test('a token that expires before it was issued is refused (rule T10)', () => {
  for (const exp of [NOW / 1000, NOW / 1000 - 1]) {
    const claims = { iat: NOW / 1000, exp };
    expect(() => new Skew().lifetime(grant(), claims, NOW)).toThrow(
      expect.objectContaining({ code: 'TOKEN_INVALID' }),
    );
  }
});

test('the Date of a token response corrects a clock that is wrong either way (rule T2)', () => {
  for (const wrong of [-DAY, -10 * MINUTE, 10 * MINUTE, DAY]) {
    const skew = new Skew();
    const local = NOW + wrong;
    const known = grant({ date: NOW, expiresAt: NOW + HOUR });
    skew.learn(known, undefined, local);

    expect(skew.lifetime(known, undefined, local)).toBe(HOUR);
    expect(skew.lifetime(grant(), { exp: (NOW + MINUTE) / 1000 }, local)).toBe(MINUTE);
  }
});

test('a token issued in our future corrects a clock that is behind', () => {
  const skew = new Skew();
  const local = NOW - DAY;
  skew.learn(grant(), issued(NOW, HOUR), local);

  expect(skew.lifetime(grant({ expiresAt: NOW + HOUR }), undefined, local)).toBe(HOUR);
});

test('a token fetched anew that looks expired corrects a clock that is ahead', () => {
  const skew = new Skew();
  const local = NOW + DAY;
  const claims = issued(NOW, HOUR);
  expect(skew.lifetime(grant(), claims, local)).toBe(HOUR - DAY);

  expect(skew.learnFromFresh(claims, local)).toBe(true);

  expect(skew.lifetime(grant(), claims, local)).toBe(HOUR);
});

test('a fresh token that does not say when it was issued teaches nothing', () => {
  expect(new Skew().learnFromFresh({ exp: 1 }, NOW)).toBe(false);
  expect(new Skew().learnFromFresh(undefined, NOW)).toBe(false);
});

test('a second of rounding in Date or iat is no wrong clock', () => {
  const skew = new Skew();
  skew.learn(grant({ date: NOW - 1999 }), issued(NOW + 1999, HOUR), NOW);

  expect(skew.lifetime(grant({ expiresAt: NOW + HOUR }), undefined, NOW)).toBe(HOUR);
});

test('a clock that is put right is noticed with the next token', () => {
  const skew = new Skew();
  skew.learn(grant({ date: NOW }), undefined, NOW - DAY);
  skew.learn(grant({ date: NOW }), undefined, NOW);

  expect(skew.lifetime(grant({ expiresAt: NOW + HOUR }), undefined, NOW)).toBe(HOUR);
});

test('whatever the clock says, a token fetched anew lives exactly as long as it was issued for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -2 * DAY, max: 2 * DAY }),
      fc.integer({ min: 1, max: 30 * 86_400 }),
      (wrong, seconds) => {
        const skew = new Skew();
        const claims = issued(NOW, seconds * SECOND);
        skew.learn(grant(), claims, NOW + wrong);
        const looks = skew.lifetime(grant(), claims, NOW + wrong) as number;
        if (looks <= 0) skew.learnFromFresh(claims, NOW + wrong);

        const lifetime = skew.lifetime(grant(), claims, NOW + wrong) as number;
        expect(lifetime).toBeGreaterThan(0);
        expect(lifetime).toBeLessThanOrEqual(seconds * SECOND);
        // What the rule promises for ten minutes either way holds for a token of an hour to within that.
        if (looks <= 0 || wrong <= 0) expect(lifetime).toBe(seconds * SECOND);
      },
    ),
  );
});
