import { expect, test } from 'vitest';
import { createExchange } from '../../src/pipeline/exchange.ts';
import { fence, isOver } from '../../src/pipeline/fence.ts';

function exchangeOf(epoch: number | undefined) {
  return createExchange({
    number: 1,
    input: '/orders?secret=1',
    init: undefined,
    auth: undefined,
    body: undefined,
    epoch,
  });
}

test('a request of the present epoch passes', () => {
  expect(isOver(exchangeOf(1), { epoch: () => 1 })).toBe(false);
  expect(() => fence(exchangeOf(1), { epoch: () => 1 })).not.toThrow();
});

test('a request that belongs to nobody yet passes, and so does one of a strategy without users', () => {
  expect(isOver(exchangeOf(undefined), { epoch: () => 1 })).toBe(false);
  expect(isOver(exchangeOf(undefined), {})).toBe(false);
});

test.each([2, undefined])('a request of another epoch than %s is stopped, and its answer dropped', (now) => {
  const cancelled: string[] = [];
  const body = new ReadableStream({ cancel: () => void cancelled.push('answer') });

  expect(() => fence(exchangeOf(1), { epoch: () => now }, new Response(body))).toThrow(
    expect.objectContaining({ name: 'SessionError', code: 'SESSION_CHANGED' }),
  );
  expect(cancelled).toEqual(['answer']);
});
