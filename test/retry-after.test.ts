import fc from 'fast-check';
import { expect, test } from 'vitest';
import { retryAfterOf } from '../src/retry-after.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

function read(value: string): number | undefined {
  return retryAfterOf(new Headers({ 'retry-after': value }), NOW);
}

test('without the header there is nothing to wait for', () => {
  expect(retryAfterOf(new Headers(), NOW)).toBeUndefined();
});

test.each([
  ['0', 0],
  ['120', 120_000],
  [' 7 ', 7000],
  ['Thu, 01 Jan 2026 12:02:00 GMT', 120_000],
  ['Thursday, 01-Jan-26 12:02:00 GMT', 120_000],
  ['Thu Jan  1 12:02:00 2026 GMT', 120_000],
  ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
])('%j is %d ms', (value, ms) => {
  expect(read(value)).toBe(ms);
});

test.each(['', '-1', '+5', '1.5', '1e3', '0x10', '9999999999', 'soon', 'soon 1', '1, 2', 'NaN', 'Infinity'])(
  '%j says nothing',
  (value) => {
    expect(read(value)).toBeUndefined();
  },
);

test('whatever a server sends is a wait of zero or more, or nothing', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.date().map(String), fc.integer().map(String)), (value) => {
      const headers = { get: () => value } as unknown as Headers;
      const wait = retryAfterOf(headers, NOW) ?? 0;
      expect(Number.isFinite(wait) && wait >= 0).toBe(true);
    }),
    { numRuns: 2000 },
  );
}, 60_000);
