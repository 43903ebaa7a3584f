import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bindRefreshToken, readBound } from '../src/bound-refresh-token.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  // Half a character, as a hostile document may hold.
  fc.string().map((half) => `${half}\ud800`),
  fc.constantFrom('', '.', '...', '"', '["a","b"]', 'bound.', '%2E', '%', '\n', '__proto__'),
);
const refreshToken = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.constantFrom('.', 'a.b.c', 'bound.%5B%22a%22%2C%22b%22%5D.x', '\n', 'a\nb\n'),
);

test('a refresh token comes back whole, with its issuer and its resource', () => {
  fc.assert(
    fc.property(refreshToken, text, text, (token, issuer, resource) => {
      const bound = bindRefreshToken(token, { issuer, resource });
      expect(readBound(bound)).toEqual({ issuer, resource, refreshToken: token });
    }),
    { numRuns: 2000 },
  );
});

test('nothing in a refresh token can pass for another issuer or resource', () => {
  fc.assert(
    fc.property(refreshToken, text, text, text, (token, issuer, resource, other) => {
      const inner = bindRefreshToken(token, { issuer: other, resource: other });
      const outer = bindRefreshToken(inner, { issuer, resource });
      expect(readBound(outer)).toEqual({ issuer, resource, refreshToken: inner });
    }),
  );
});

test('the part that names issuer and resource can stand in a header', () => {
  fc.assert(
    fc.property(text, text, (issuer, resource) => {
      expect(bindRefreshToken('r', { issuer, resource })).toMatch(/^bound\.[!-~]+\.r$/);
    }),
  );
});

test.each([
  '',
  'an-ordinary-refresh-token',
  'bound',
  'bound.',
  'bound..x',
  'bound.x.y',
  'bound.%.y',
  'bound.%FF.y',
  bindRefreshToken('', { issuer: 'a', resource: 'b' }),
  ...[
    'null',
    '5',
    '{}',
    '[]',
    '["a"]',
    '["a",5]',
    '[5,"b"]',
    '["a","b",5]',
    '["a","b","c","d"]',
    '"ab"',
    '[["a","b"]]',
    '["a","b"',
  ].map((json) => `bound.${encodeURIComponent(json)}.token`),
  ` ${bindRefreshToken('x', { issuer: 'a', resource: 'b' })}`,
])('%j is bound to nobody', (given) => {
  expect(readBound(given)).toBeUndefined();
});

test('any text at all is read or refused, and nothing throws', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom('bound.', '.', '%5B%22', '%22%2C%22', '%22%5D', '%', '%ff'),
  );
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => `bound.${pieces.join('')}`),
      (given) => {
        const found = readBound(given);
        if (found) expect(given.endsWith(`.${found.refreshToken}`)).toBe(true);
      },
    ),
    { numRuns: 5000 },
  );
});
