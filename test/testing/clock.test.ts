import { expect, test } from 'vitest';
import { createClock } from '../../src/testing.ts';
import { valetErrorOf } from '../support/thrown.ts';

test('it stands still at the time it was given', () => {
  const start = new Date('2030-01-01T00:00:00Z');
  const clock = createClock(start);
  expect(clock.now()).toBe(start.getTime());
  expect(clock.now()).toBe(start.getTime());
});

test('timers are called in order, at their time, with those that they arm themselves', async () => {
  const clock = createClock();
  const start = clock.now();
  const seen: [string, number][] = [];
  const note = (name: string): void => void seen.push([name, clock.now() - start]);
  clock.setTimeout(() => note('late'), 300);
  clock.setTimeout(() => {
    note('early');
    clock.setTimeout(() => note('follows'), 50);
  }, 100);
  clock.setTimeout(() => note('cancelled'), 200)();
  clock.setTimeout(() => note('after'), 1000);
  await clock.advance(500);
  expect(seen).toEqual([
    ['early', 100],
    ['follows', 150],
    ['late', 300],
  ]);
  expect(clock.now() - start).toBe(500);
  expect(clock.timers).toBe(1);
});

test('what follows from a timer has happened before the next one is called', async () => {
  const clock = createClock();
  const seen: string[] = [];
  const slow = async (): Promise<void> => {
    for (let step = 0; step < 20; step++) await Promise.resolve();
    seen.push('followed');
  };
  clock.setTimeout(() => void slow(), 1);
  clock.setTimeout(() => seen.push('next'), 1);
  await clock.advance(1);
  expect(seen).toEqual(['followed', 'next']);
});

test('the wall clock can be set back, and the monotonic one goes on', async () => {
  const clock = createClock();
  const before = clock.monotonic();
  clock.set(new Date(0));
  expect(clock.now()).toBe(0);
  await clock.advance(10);
  expect(clock.now()).toBe(10);
  expect(clock.monotonic()).toBe(before + 10);
});

test('a sleeping machine calls no timers, and its wall clock goes on', () => {
  const clock = createClock();
  const [now, monotonic] = [clock.now(), clock.monotonic()];
  clock.setTimeout(() => expect.unreachable(), 10);
  clock.sleep(1000);
  expect(clock.now()).toBe(now + 1000);
  expect(clock.monotonic()).toBe(monotonic);
});

test('who listens is woken until they stop', () => {
  const clock = createClock();
  let woken = 0;
  const off = clock.onWake?.(() => woken++);
  clock.wake();
  off?.();
  clock.wake();
  expect(woken).toBe(1);
});

test.each<[string, () => unknown]>([
  ['a start that is no time', () => createClock(Number.NaN)],
  ['time that goes back', () => createClock().advance(-1)],
  ['a sleep of no length', () => createClock().sleep(Number.POSITIVE_INFINITY)],
  ['a time that is none', () => createClock().set(new Date('soon'))],
])('%s is refused', async (_, run) => {
  expect((await valetErrorOf(run)).code).toBe('INVALID_OPTION');
});
