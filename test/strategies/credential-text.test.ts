import fc from 'fast-check';
import { expect, test } from 'vitest';
import { looksLikeJwt, textFault } from '../../src/strategies/credential-text.ts';
import { createJwt } from '../support/jwt.ts';

test('text without a fault can be sent in a header as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      if (textFault(text, 'header') !== undefined) return;
      expect(new Headers([['x-key', text]]).get('x-key')).toBe(text);
    }),
    { numRuns: 2000 },
  );
}, 60_000);

test('text without a fault comes back from a query as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      if (textFault(text, 'query') !== undefined) return;
      expect(decodeURIComponent(encodeURIComponent(text))).toBe(text);
    }),
    { numRuns: 2000 },
  );
}, 60_000);

test('keys as they are handed out have no fault', () => {
  const base64 = fc.uint8Array({ minLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64'));
  fc.assert(
    fc.property(fc.oneof(base64, fc.uuid()), (key) => {
      expect(textFault(key, 'header')).toBeUndefined();
      expect(textFault(key, 'query')).toBeUndefined();
    }),
  );
}, 60_000);

test('what is wrong is said without the text itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 12 }), (text) => {
      for (const place of ['header', 'query'] as const)
        expect(textFault(text, place) ?? '').not.toContain(text);
    }),
    { numRuns: 2000 },
  );
}, 60_000);

test.each([
  ['', '""'],
  ['undefined', '"undefined"'],
  ['null', '"null"'],
  ['Bearer x', 'scheme'],
  ['basic x', 'scheme'],
  ['DPoP x', 'scheme'],
  ['a b', 'white space'],
  ['a\u0001b', 'control character'],
  ['日本', 'no header can carry'],
])('the fault of %j is named', (text, words) => {
  expect(textFault(text, 'header')).toContain(words);
});

test('a JWT is told from other text with dots', () => {
  expect(looksLikeJwt(createJwt({ sub: 'ada' }))).toBe(true);
  expect(looksLikeJwt('eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.')).toBe(true);
  for (const text of ['', 'eyJ', 'v2.local.key', 'a.b.c', 'SG.abc.def', 'eyJhbGciOi JI.x.y', 'eyJx.y']) {
    expect(looksLikeJwt(text)).toBe(false);
  }
});
