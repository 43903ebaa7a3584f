import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (name: string): string =>
  readFileSync(new URL(`../../docs/explain/${name}`, import.meta.url), 'utf8');
const page = read('threat-model.md');
const rows = `${page}\n${read('threats-to-a-login.md')}`.split('\n').filter((line) => line.startsWith('|'));
const claims = rows.filter((row) => !/^\| ---|\| shown by \|$/.test(row));

test('every claim of the threat model leads to a test', () => {
  expect(claims.length).toBeGreaterThan(15);
  const without = claims.filter((claim) => !/\]\(\.\.\/\.\.\/test\/[\w/.-]+\.test\.ts\)[^|]*\|$/.test(claim));
  expect(without).toEqual([]);
});

test('the threat model is read in five minutes', () => {
  const words = page.replace(/\]\([^)]*\)/g, ' ').match(/[\p{L}\p{N}]+/gu) ?? [];
  expect(words.length).toBeLessThan(1200);
});
