import { expect, test } from 'vitest';
import { moment } from '../../src/clock.ts';
import type { TokenResponse } from '../../src/contracts.ts';
import { phaseOf, remaining, Skew } from '../../src/token/freshness.ts';
import { type HeldToken, looksExpired, receive } from '../../src/token/held-token.ts';
import { readGrant } from '../../src/token/token-response.ts';
import { createManualClock, type ManualClock } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface Receipt {
  readonly clock: ManualClock;
  readonly skew?: Skew;
  readonly current?: HeldToken | undefined;
  readonly forced?: boolean;
  readonly epoch?: number;
}

function take(tokens: string | TokenResponse, receipt: Receipt): HeldToken {
  const { clock, skew = new Skew(), current, forced = false, epoch = 1 } = receipt;
  return receive({
    grant: readGrant(tokens),
    received: moment(clock),
    epoch,
    asked: [],
    current,
    forced,
    skew,
    clock,
    refreshAhead: undefined,
    random: 0,
  });
}

/** A JWT that was issued `age` ms ago by the wall clock and lives for `lifetime`. */
function jwt(clock: ManualClock, lifetime: number, age = 0): string {
  const iat = (clock.now() - age) / 1000;
  return createJwt({ sub: 'u1', iat, exp: iat + lifetime / 1000 });
}

test('a token is held with its epoch, its life and its scopes', () => {
  const clock = createManualClock();
  const held = take({ token: 't1', expiresIn: 3600, scope: 'read write  admin' }, { clock, epoch: 7 });

  expect(held).toMatchObject({ token: { value: 't1', epoch: 7 }, lifetime: HOUR, window: MINUTE });
  expect([...held.scopes]).toEqual(['read', 'write', 'admin']);
});

test('scopes are those of the answer, else those of the claims scope or scp', () => {
  const clock = createManualClock();
  const scopes = (answer: TokenResponse): string[] => [...take(answer, { clock }).scopes];

  expect(scopes({ token: createJwt({ scope: 'a b' }) })).toEqual(['a', 'b']);
  expect(scopes({ token: createJwt({ scp: ['a', 5, 'b'] }) })).toEqual(['a', 'b']);
  expect(scopes({ token: createJwt({ scope: 'a b' }), scope: 'c' })).toEqual(['c']);
  expect(scopes({ token: createJwt({ scope: 5 }) })).toEqual([]);
  expect(scopes({ token: 'opaque' })).toEqual([]);
});

test('the same token again keeps its receipt, and is asked for again after half of what remains (rule T10)', () => {
  const clock = createManualClock();
  const first = take({ token: 't1', expiresIn: 3600 }, { clock });
  clock.sleep(HOUR - 40_000);
  // A cache may hand out the expires_in of long ago.
  const second = take({ token: 't1', expiresIn: 3600 }, { clock, current: first });

  expect(second.token).toBe(first.token);
  expect(remaining(clock, second)).toBe(40_000);
  expect(second.window).toBe(20_000);
  expect(phaseOf(clock, second)).toBe('fresh');
  clock.sleep(20_000);
  expect(phaseOf(clock, second)).toBe('expiring');
  expect(take('t1', { clock, current: second }).window).toBe(10_000);
});

test('the same token again that says it was renewed begins a new life, when it was asked for past the cache', () => {
  const clock = createManualClock();
  const first = take({ token: 't1', expiresIn: 3600 }, { clock });
  clock.sleep(2 * HOUR);
  const second = take({ token: 't1', expiresIn: 3600 }, { clock, current: first, forced: true });

  expect(remaining(clock, second)).toBe(HOUR);
});

test('the same token again after its end is refused: the provider does not renew it (rule T10)', () => {
  const clock = createManualClock();
  const current = take(jwt(clock, HOUR), { clock });
  const { value } = current.token;
  clock.sleep(HOUR);

  for (const forced of [false, true])
    expect(() => take(value, { clock, current, forced })).toThrow(
      expect.objectContaining({ code: 'TOKEN_INVALID' }),
    );
});

test('the same token in another epoch is another credential', () => {
  const clock = createManualClock();
  const first = take('t1', { clock, epoch: 1 });
  const second = take('t1', { clock, current: first, epoch: 2 });

  expect(second.token).toEqual({ value: 't1', epoch: 2 });
  expect(first.token.epoch).toBe(1);
});

test('a token looks expired on arrival when nothing is left of it', () => {
  const clock = createManualClock();
  const looks = (token: string): boolean => looksExpired(readGrant(token), undefined, new Skew(), clock);

  expect(looks(jwt(clock, HOUR, HOUR))).toBe(true);
  expect(looks(jwt(clock, HOUR, HOUR - 1000))).toBe(false);
  expect(looks('opaque')).toBe(false);
});

test('a token that was asked for past any cache and looks expired shows that the clock is wrong (rule T2)', () => {
  for (const wrong of [1500, 10 * MINUTE, 24 * HOUR]) {
    for (const lifetime of [1000, MINUTE, HOUR]) {
      const clock = createManualClock();
      const skew = new Skew();
      const forced = take(jwt(clock, lifetime, wrong), { clock, skew, forced: true });
      if (wrong < lifetime) continue;

      expect([wrong, lifetime, remaining(clock, forced)]).toEqual([wrong, lifetime, lifetime]);
      // And the next one is understood at once.
      expect(looksExpired(readGrant(jwt(clock, lifetime, wrong)), undefined, skew, clock)).toBe(false);
    }
  }
});

test('an expired-looking token without iat, asked for past any cache, is used until a server refuses it', () => {
  const clock = createManualClock();
  const token = createJwt({ exp: clock.now() / 1000 - 5 });

  expect(take(token, { clock, forced: true }).lifetime).toBeUndefined();
  expect(take({ token, expiresIn: 60 }, { clock, forced: true }).lifetime).toBe(MINUTE);
});

test('an expiry that contradicts the token leaves nothing: it is refused, not asked for again and again', () => {
  const clock = createManualClock();
  const answer = { token: jwt(clock, HOUR), expiresAt: clock.now() - HOUR };

  expect(() => take(answer, { clock, forced: true })).toThrow(
    expect.objectContaining({ code: 'TOKEN_INVALID' }),
  );
});

test('a token at hand that looked expired on arrival does not make the same one from the provider expired', () => {
  const clock = createManualClock();
  const token = jwt(clock, 5 * MINUTE, 10 * MINUTE);
  const initial = take(token, { clock });
  expect(phaseOf(clock, initial)).toBe('ended');
  const skew = new Skew();
  // The provider's answer said what time it is.
  skew.learn({ ...readGrant(token), date: clock.now() - 10 * MINUTE }, undefined, clock.now());

  expect(looksExpired(readGrant(token), initial, skew, clock)).toBe(false);
  expect(remaining(clock, take(token, { clock, skew, current: initial }))).toBe(5 * MINUTE);
  expect(remaining(clock, take(token, { clock, current: initial, forced: true }))).toBe(5 * MINUTE);
});
