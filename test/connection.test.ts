import { expect, test } from 'vitest';
import { connect } from '../src/connection.ts';
import { apiKey } from '../src/index.ts';

const STRATEGY = apiKey('key-for-tests-0123456789');

test.each([
  ['0', 0, 0],
  ['0.3', 0.3, 0.3],
  ['1', 1, 1],
  ['less than 0', -2, 0],
  ['more than 1', 7, 1],
  ['NaN', Number.NaN, 0.5],
  ['Infinity', Number.POSITIVE_INFINITY, 0.5],
  ['text', JSON.parse('"0.3"') as number, 0.5],
])('a random source that draws %s is taken from 0 to 1', (_, drawn, taken) => {
  expect(connect(STRATEGY, { runtime: { random: () => drawn } }).host.random()).toBe(taken);
});

test('a random source that throws counts as one half', () => {
  const random = (): never => {
    throw new Error('no entropy');
  };
  expect(connect(STRATEGY, { runtime: { random } }).host.random()).toBe(0.5);
});

test('a random source that is no function is refused before it is drawn from', () => {
  const random = JSON.parse('0.3') as () => number;
  expect(() => connect(STRATEGY, { runtime: { random } })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  );
});
