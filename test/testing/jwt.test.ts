import fc from 'fast-check';
import { jwtDecode } from 'jwt-decode';
import { expect, test } from 'vitest';
import { createClock, createTestJwt } from '../../src/testing.ts';
import { valetErrorOf } from '../support/thrown.ts';

test('a test JWT is one that decoders read, of test-user, and no two are the same', () => {
  const [one, other] = [createTestJwt(), createTestJwt()];
  expect(jwtDecode(one)).toMatchObject({ sub: 'test-user', iat: expect.any(Number) });
  expect(one.split('.')).toHaveLength(3);
  expect(one).not.toBe(other);
});

test('claims come back as they were given, whatever is in them', () => {
  const text = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(fc.record({ sub: text, name: text, tags: fc.array(text) }), (claims) => {
      expect(jwtDecode(createTestJwt(claims))).toMatchObject(claims);
    }),
  );
});

test('times are seconds of the clock that was given', () => {
  const clock = createClock(Date.UTC(2030, 0, 1));
  const now = Date.UTC(2030, 0, 1) / 1000;
  expect(jwtDecode(createTestJwt({}, { expiresIn: 60, clock }))).toMatchObject({ iat: now, exp: now + 60 });
  const { iat = 0, exp = 0 } = jwtDecode(createTestJwt({}, { expiredAgo: 60, clock }));
  expect(exp).toBe(now - 60);
  expect(iat).toBeLessThan(exp);
  expect(jwtDecode(createTestJwt({ exp: 1 }, { clock }))).toMatchObject({ exp: 1, iat: now });
});

test.each([{ expiresIn: 0 }, { expiresIn: 60, expiredAgo: 60 }, { expiredAgo: Number.NaN }, { expires: 1 }])(
  'options that make no sense are refused: %j',
  async (options) => {
    expect((await valetErrorOf(() => createTestJwt({}, options as object))).code).toBe('INVALID_OPTION');
  },
);

test.each(['ada', null, ['ada'], 42])('claims that are no object are refused: %j', async (claims) => {
  const error = await valetErrorOf(() => createTestJwt(claims as unknown as Record<string, unknown>));
  expect(error.code).toBe('INVALID_OPTION');
  expect(error.message).toContain("{ sub: 'ada' }");
});
