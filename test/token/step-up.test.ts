import { expect, test } from 'vitest';
import { parseChallenges } from '../../src/challenge.ts';
import { covers, stepUpScopes, union } from '../../src/token/step-up.ts';

const ALLOWED = new Set(['orders:read', 'orders:write']);
const wantedBy = (header: string): readonly string[] => stepUpScopes(parseChallenges(header)[0], ALLOWED);

test('a 403 that names allowed scopes asks for those', () => {
  expect(wantedBy('Bearer error="insufficient_scope", scope="orders:write orders:read"')).toEqual([
    'orders:read',
    'orders:write',
  ]);
  expect(wantedBy('DPoP error="insufficient_scope", scope=" orders:write "')).toEqual(['orders:write']);
});

test.each([
  'Bearer error="insufficient_scope"',
  'Bearer error="insufficient_scope", scope=""',
  'Bearer error="insufficient_scope", scope="admin"',
  'Bearer error="insufficient_scope", scope="orders:write admin"',
  'Basic error="insufficient_scope", scope="orders:write"',
  '',
])('nothing is asked for after %j', (header) => {
  expect(wantedBy(header)).toEqual([]);
});

test('a union holds each scope once, and covering is containing', () => {
  expect(union(['b', 'a'], new Set(['c', 'a']))).toEqual(['a', 'b', 'c']);
  expect(covers(['a', 'b'], ['b'])).toBe(true);
  expect(covers(['a'], ['a', 'b'])).toBe(false);
});
