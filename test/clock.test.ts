import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alarm, elapsed, moment, systemClock, systemRandom, timer } from '../src/clock.ts';
import type { Clock } from '../src/contracts.ts';
import { createManualClock, type ManualClock } from './support/clock.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A clock that also tells how long the timers were that it was asked for. */
function recordTimers(): { manual: ManualClock; clock: Clock; lengths: number[] } {
  const manual = createManualClock();
  const lengths: number[] = [];
  const clock: Clock = {
    now: () => manual.now(),
    monotonic: () => manual.monotonic(),
    setTimeout(run, ms) {
      lengths.push(ms);
      return manual.setTimeout(run, ms);
    },
  };
  return { manual, clock, lengths };
}

test('time that passes on both clocks is counted once', async () => {
  const clock = createManualClock();
  const start = moment(clock);

  await clock.advance(5000);

  expect(elapsed(clock, start)).toBe(5000);
});

test('time slept is counted, although the monotonic clock stood still', () => {
  const clock = createManualClock();
  const start = moment(clock);

  clock.sleep(8 * HOUR);

  expect(elapsed(clock, start)).toBe(8 * HOUR);
});

test('a wall clock that is set back takes no time back', async () => {
  const clock = createManualClock();
  const start = moment(clock);

  await clock.advance(5000);
  clock.set(clock.now() - DAY);

  expect(elapsed(clock, start)).toBe(5000);
});

test('time elapsed is never negative and never less than what either clock says', () => {
  const span = fc.integer({ min: -2 * DAY, max: 2 * DAY });
  fc.assert(
    fc.property(span, span, (wall, monotonic) => {
      const clock: Clock = { now: () => wall, monotonic: () => monotonic, setTimeout: () => () => {} };
      const passed = elapsed(clock, { wall: 0, monotonic: 0 });

      expect(passed).toBe(Math.max(wall, monotonic, 0));
    }),
  );
});

test('an alarm rings when its time has passed, and only once', async () => {
  const clock = createManualClock();
  let rings = 0;
  alarm(clock, 5000, () => rings++);

  await clock.advance(4999);
  expect(rings).toBe(0);
  await clock.advance(1);
  expect(rings).toBe(1);
  await clock.advance(DAY);
  expect(rings).toBe(1);
  expect(clock.timers).toBe(0);
});

test('an alarm of thirty days is made of timers of at most an hour (rule T9)', async () => {
  const { manual, clock, lengths } = recordTimers();
  let rang = false;
  alarm(clock, 30 * DAY, () => {
    rang = true;
  });

  await manual.advance(30 * DAY - 1);
  expect(rang).toBe(false);
  await manual.advance(1);

  expect(rang).toBe(true);
  expect(lengths).toHaveLength(30 * 24);
  expect(Math.max(...lengths)).toBe(HOUR);
});

test('an alarm rings at the first timer after the machine has slept past it', async () => {
  const clock = createManualClock();
  let rang = false;
  alarm(clock, 10 * HOUR, () => {
    rang = true;
  });

  clock.sleep(12 * HOUR);
  await clock.advance(HOUR);

  expect(rang).toBe(true);
});

test('an alarm whose timer fires too early waits for the rest', async () => {
  const manual = createManualClock();
  const hasty: Clock = { ...manual, setTimeout: (run, ms) => manual.setTimeout(run, ms / 2) };
  let rang = false;
  alarm(hasty, 8000, () => {
    rang = true;
  });

  await manual.advance(7500);
  expect(rang).toBe(false);
  await manual.advance(500);
  expect(rang).toBe(true);
});

test('a timer is one of the clock, and beyond an hour an alarm (rule T9)', async () => {
  const { manual, clock, lengths } = recordTimers();
  const rung: string[] = [];
  timer(clock, HOUR, () => rung.push('hour'));
  timer(clock, DAY, () => rung.push('day'));
  timer(clock, Number.POSITIVE_INFINITY, () => rung.push('never'));
  timer(clock, 1, () => rung.push('cancelled'))();

  await manual.advance(HOUR);
  expect(rung).toEqual(['hour']);
  await manual.advance(23 * HOUR);
  expect(rung).toEqual(['hour', 'day']);
  expect(Math.max(...lengths)).toBe(HOUR);
});

test('an alarm that was cancelled never rings, also between two of its timers', async () => {
  const clock = createManualClock();
  let rang = false;
  const cancel = alarm(clock, 3 * HOUR, () => {
    rang = true;
  });

  await clock.advance(HOUR);
  cancel();
  await clock.advance(DAY);

  expect(rang).toBe(false);
  expect(clock.timers).toBe(0);
});

test('a timer of the platform keeps the process alive only when asked to', () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();

  const cancel = systemClock.setTimeout(() => {}, HOUR);
  expect(timers()).toBe(before);
  const cancelKept = systemClock.setTimeout(() => {}, HOUR, true);
  expect(timers()).toBe(before + 1);
  cancel();
  cancelKept();
  expect(timers()).toBe(before);
});

test('a timer of the platform calls back, unless it was cancelled', async () => {
  const calls: string[] = [];
  systemClock.setTimeout(() => calls.push('cancelled'), 1)();

  await new Promise<void>((resolve) => {
    systemClock.setTimeout(
      () => {
        calls.push('kept');
        resolve();
      },
      1,
      true,
    );
  });

  expect(calls).toEqual(['kept']);
});

test('the clocks and the randomness of the platform are those of the platform', () => {
  const before = Date.now();
  const now = systemClock.now();

  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
  expect(systemClock.monotonic()).toBeLessThanOrEqual(performance.now());
  const drawn = systemRandom();
  expect(drawn).toBeGreaterThanOrEqual(0);
  expect(drawn).toBeLessThan(1);
});

test('the platform wakes whoever waits when the network is back or the page is seen, until told to stop', () => {
  let wakes = 0;
  // Node's global object is no event target and it has no document: this is what a browser's look like.
  const target = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
  const globals = globalThis as unknown as Record<string, unknown>;
  globals.addEventListener = target.addEventListener.bind(target);
  globals.removeEventListener = target.removeEventListener.bind(target);
  globals.document = document;
  try {
    const off = systemClock.onWake?.(() => wakes++);
    target.dispatchEvent(new Event('online'));
    expect(wakes).toBe(1);
    document.dispatchEvent(new Event('visibilitychange'));
    expect(wakes).toBe(1);
    document.visibilityState = 'visible';
    document.dispatchEvent(new Event('visibilitychange'));
    expect(wakes).toBe(2);
    off?.();
    target.dispatchEvent(new Event('online'));
    document.dispatchEvent(new Event('visibilitychange'));
    expect(wakes).toBe(2);
  } finally {
    delete globals.addEventListener;
    delete globals.removeEventListener;
    delete globals.document;
  }
});

test('where there is nothing to wake for, nothing is waited for and nothing breaks', () => {
  const off = systemClock.onWake?.(() => {});

  expect(() => off?.()).not.toThrow();
});
