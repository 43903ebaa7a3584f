import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Clock } from '../../src/contracts.ts';
import { TokenError } from '../../src/errors.ts';
import { Backoff } from '../../src/token/backoff.ts';
import type { Failure } from '../../src/token/failure.ts';
import { createManualClock, type ManualClock } from '../support/clock.ts';
import { isSettled } from '../support/token-valet.ts';

function failure(retryAfter?: number): Failure {
  return { kind: 'temporary', error: new TokenError('TOKEN_TIMEOUT'), waitable: true, retryAfter };
}

/** The waits after `count` failures in a row, each begun when the one before is over. */
async function waits(count: number, random: () => number): Promise<number[]> {
  const clock = createManualClock();
  const backoff = new Backoff(clock, random);
  const found: number[] = [];
  for (let n = 0; n < count; n++) {
    backoff.failed(failure());
    found.push(backoff.dueIn());
    await clock.advance(backoff.dueIn());
  }
  return found;
}

function failing(retryAfter?: number): { clock: ManualClock; backoff: Backoff } {
  const clock = createManualClock();
  const backoff = new Backoff(clock, () => 1);
  backoff.failed(failure(retryAfter));
  return { clock, backoff };
}

test('before any failure everything is due', async () => {
  const backoff = new Backoff(createManualClock(), () => 0.5);

  expect(backoff.dueIn()).toBe(0);
  expect(backoff.failure).toBeUndefined();
  expect(await isSettled(backoff.due())).toBe(true);
});

test('waits double from one second to a minute (rule T6)', async () => {
  expect(await waits(8, () => 1)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

test('a rest of less than a millisecond is over: who asks when it is due must not be told to wait', async () => {
  const { clock, backoff } = failing();
  await clock.advance(999.5);

  expect(await isSettled(backoff.due())).toBe(true);
  expect(backoff.dueIn()).toBe(0);
});

test('jitter shortens every wait by its share, and never to nothing', async () => {
  const longest = [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000];
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), async (random) => {
      const found = await waits(7, () => random);
      for (const [n, wait] of found.entries()) {
        expect(wait).toBeLessThanOrEqual(longest[n] ?? 0);
        expect(wait).toBeGreaterThanOrEqual((longest[n] ?? 0) / 10);
      }
    }),
  );
  // Full jitter: the lower half of the range is used too.
  expect((await waits(1, () => 0.25))[0]).toBeLessThan(500);
});

test('a thousand failures in a row still wait for a minute', async () => {
  expect((await waits(1100, () => 1)).at(-1)).toBe(60_000);
});

test('what the issuer asks for wins, be it shorter or longer', () => {
  expect(failing(100).backoff.dueIn()).toBe(100);
  expect(failing(300_000).backoff.dueIn()).toBe(300_000);
});

test('an issuer that asks for more than an hour is asked again after it', () => {
  expect(failing(30 * 86_400_000).backoff.dueIn()).toBe(3_600_000);
});

test('an issuer that asks for no wait at all gets the ordinary one: asking at once is a loop (rule S8)', () => {
  for (const none of [0, -5, Number.NaN]) expect(failing(none).backoff.dueIn()).toBe(1000);
});

test('an issuer that asks for a millisecond gets a tenth of a second (rule S8)', () => {
  for (const moment of [1, 0.001, Number.MIN_VALUE, 99]) expect(failing(moment).backoff.dueIn()).toBe(100);
});

test('who waits is called when the next attempt is due, and no timer stays', async () => {
  const { clock, backoff } = failing();
  const due = backoff.due();

  await clock.advance(999);
  expect(await isSettled(due)).toBe(false);
  await clock.advance(1);
  expect(await isSettled(due)).toBe(true);
  expect(clock.timers).toBe(0);
});

test('the network or the tab being back makes everything due at once', async () => {
  const { clock, backoff } = failing(3_600_000);
  const due = backoff.due();

  clock.wake();

  expect(await isSettled(due)).toBe(true);
  expect(backoff.dueIn()).toBe(0);
  expect(clock.timers).toBe(0);
});

test('waking does not forget how often it failed', () => {
  const { clock, backoff } = failing();
  clock.wake();
  backoff.failed(failure());

  expect(backoff.dueIn()).toBe(2000);
});

test('success begins anew, frees who waits and stops listening', async () => {
  const { clock, backoff } = failing();
  backoff.failed(failure());
  expect(clock.wakeListeners).toBe(1);
  const due = backoff.due();

  backoff.reset();

  expect(await isSettled(due)).toBe(true);
  expect([backoff.failure, backoff.dueIn(), clock.timers, clock.wakeListeners]).toEqual([undefined, 0, 0, 0]);
  backoff.failed(failure());
  expect(backoff.dueIn()).toBe(1000);
});

test('time slept counts as waiting', () => {
  const { clock, backoff } = failing(60_000);

  clock.sleep(61_000);

  expect(backoff.dueIn()).toBe(0);
});

test('a wall clock that is set back makes no wait longer', async () => {
  const { clock, backoff } = failing(60_000);
  const due = backoff.due();

  clock.set(clock.now() - 86_400_000);
  await clock.advance(60_000);

  expect(backoff.dueIn()).toBe(0);
  expect(await isSettled(due)).toBe(true);
});

test('a platform without wake-ups just waits', () => {
  const manual = createManualClock();
  const plain: Clock = {
    now: () => manual.now(),
    monotonic: () => manual.monotonic(),
    setTimeout: (run, ms) => manual.setTimeout(run, ms),
  };
  const backoff = new Backoff(plain, () => 1);

  backoff.failed(failure());

  expect(backoff.dueIn()).toBe(1000);
  expect(() => backoff.reset()).not.toThrow();
});

test('a wait that an issuer has asked for is one until it is over; one of our own is none', async () => {
  const { clock, backoff } = failing();
  expect([backoff.isAskedFor, backoff.dueIn()]).toEqual([false, 1000]);
  backoff.failed(failure(5000));
  expect(backoff.isAskedFor).toBe(true);
  await clock.advance(5000);
  expect(backoff.isAskedFor).toBe(false);
});
