import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NO_NEED, needOf, readAuth } from '../../src/pipeline/auth.ts';
import { thrownBy } from '../support/thrown.ts';

test('a request that says nothing asks for what its client does', () => {
  for (const inherited of [undefined, false, 'optional', { scopes: ['a'] }] as const)
    expect(readAuth(undefined, inherited)).toBe(inherited);
});

test('what a request says wins over its client', () => {
  expect(readAuth('optional', false)).toBe('optional');
  expect(readAuth(false, 'optional')).toBe(false);
  expect(readAuth(false, { scopes: ['a'], audience: 'x' })).toBe(false);
  expect(readAuth({}, 'optional')).toEqual({ scopes: [] });
});

test('a request that names scopes keeps the audience of its client, and the other way round', () => {
  const inherited = { scopes: ['read'], audience: 'orders' };
  expect(readAuth({ scopes: ['write'] }, inherited)).toEqual({ scopes: ['write'], audience: 'orders' });
  expect(readAuth({ audience: 'stock' }, inherited)).toEqual({ scopes: ['read'], audience: 'stock' });
  expect(readAuth({ scopes: undefined, audience: undefined }, inherited)).toEqual(inherited);
});

test('scopes are a set: neither order nor repetition counts (rule T12)', () => {
  const scope = fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,9}$/);
  fc.assert(
    fc.property(fc.array(scope), (scopes) => {
      const there = needOf(readAuth({ scopes })).scopes;
      const back = needOf(readAuth({ scopes: [...scopes, ...scopes].reverse() })).scopes;
      expect(there).toEqual(back);
      expect(new Set(there)).toEqual(new Set(scopes));
      expect(there).toHaveLength(new Set(scopes).size);
    }),
  );
});

test.each([
  true,
  null,
  1,
  'required',
  [],
  ['read'],
  { scope: 'read' },
  { scopes: 'read' },
  { scopes: [''] },
  { scopes: ['read write'] },
  { scopes: ['"'] },
  { scopes: ['\\'] },
  { scopes: ['ä'] },
  { scopes: ['a\n'] },
  { scopes: [1] },
  { audience: '' },
  { audience: 5 },
  { audience: null },
])('refuses auth: %j', async (auth) => {
  expect(await thrownBy(() => readAuth(auth))).toMatchObject({ code: 'INVALID_OPTION' });
});

test('what an inherited prototype says is not asked for (rule S8)', () => {
  const polluted = Object.create({ scopes: ['admin'], audience: 'everything' }) as object;
  expect(readAuth(polluted)).toEqual(NO_NEED);
});
