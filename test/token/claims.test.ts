import fc from 'fast-check';
import { jwtDecode } from 'jwt-decode';
import { expect, test } from 'vitest';
import { readClaims, timeClaim } from '../../src/token/claims.ts';
import { createJwt } from '../support/jwt.ts';

const base64url = (text: string): string => Buffer.from(text).toString('base64url');
const HEADER = base64url('{"alg":"none"}');

test('the claims of a JWT are read, whatever alphabet they are written in', () => {
  const claims = { sub: 'auth0|1', name: 'Zoë 😀 Ünal', exp: 1, nested: { roles: ['a'] } };

  expect(readClaims(createJwt(claims))).toEqual(claims);
});

test('what is no JWT has no claims', () => {
  const texts = [
    undefined,
    '',
    'opaque-token',
    'a.b',
    'a.b.c',
    '..',
    `${HEADER}.${base64url('not json')}.sig`,
    `${HEADER}.${base64url('null')}.sig`,
    `${HEADER}.${base64url('[1]')}.sig`,
    `${HEADER}.${base64url('"x"')}.sig`,
    `${HEADER}.${base64url('5')}.sig`,
    // Two parts, and the five of a JWE.
    `${HEADER}.${base64url('{"sub":"a"}')}`,
    `${HEADER}.${base64url('{"sub":"a"}')}.iv.text.tag`,
  ];
  for (const text of texts) expect([text, readClaims(text)]).toEqual([text, undefined]);
});

test('any JSON object in UTF-8 is read as others read it', () => {
  const json = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }));
  fc.assert(
    fc.property(json, (claims) => {
      const token = createJwt(claims);
      expect(readClaims(token)).toEqual(jwtDecode(token));
    }),
  );
});

test('bytes that are no UTF-8 are no claims: read somehow, two users could get one id', () => {
  const latin1 = Buffer.from('{"sub":"Jos\u00e9"}', 'latin1').toString('base64url');
  expect(readClaims(`${HEADER}.${latin1}.sig`)).toBeUndefined();
});

test('reading claims never throws and gives an object or nothing', () => {
  const parts = fc.array(fc.oneof(fc.string(), fc.json().map(base64url), fc.base64String()), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        parts.map((list) => list.join('.')),
      ),
      (token) => {
        const claims = readClaims(token);
        expect(claims === undefined || (typeof claims === 'object' && claims !== null)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

test('a time is read in seconds and given in milliseconds', () => {
  expect(timeClaim({ exp: 1_767_225_600 }, 'exp')).toBe(1_767_225_600_000);
  expect(timeClaim({ iat: 0.5 }, 'iat')).toBe(500);
});

test('a time that is no number, or inherited, is none', () => {
  for (const exp of ['1767225600', null, Number.NaN, Number.POSITIVE_INFINITY, {}])
    expect(timeClaim({ exp }, 'exp')).toBeUndefined();
  expect(timeClaim(undefined, 'exp')).toBeUndefined();
  expect(timeClaim(Object.create({ exp: 5 }) as Record<string, unknown>, 'exp')).toBeUndefined();
});
