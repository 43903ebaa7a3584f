import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bucket } from '../../src/token/bucket.ts';
import { createManualClock } from '../support/clock.ts';

const MINUTE = 60_000;

test('holds three, and one more each minute', async () => {
  const clock = createManualClock();
  const bucket = new Bucket(clock);
  expect([bucket.draw(), bucket.draw(), bucket.draw(), bucket.draw()]).toEqual([true, true, true, false]);
  await clock.advance(MINUTE - 1);
  expect(bucket.draw()).toBe(false);
  await clock.advance(1);
  expect([bucket.draw(), bucket.draw()]).toEqual([true, false]);
});

test('never holds more than three', async () => {
  const clock = createManualClock();
  const bucket = new Bucket(clock);
  await clock.advance(60 * MINUTE);
  expect([bucket.draw(), bucket.draw(), bucket.draw(), bucket.draw()]).toEqual([true, true, true, false]);
});

test('part of a minute is not lost, nor counted twice', async () => {
  const clock = createManualClock();
  const bucket = new Bucket(clock);
  for (let i = 0; i < 3; i++) bucket.draw();
  await clock.advance(1.5 * MINUTE);
  expect([bucket.draw(), bucket.draw()]).toEqual([true, false]);
  await clock.advance(0.5 * MINUTE);
  expect([bucket.draw(), bucket.draw()]).toEqual([true, false]);
});

test('a full one begins anew: what was left over of a minute is not counted', async () => {
  const clock = createManualClock();
  const bucket = new Bucket(clock);
  bucket.draw();
  await clock.advance(1.5 * MINUTE);
  for (let i = 0; i < 3; i++) expect(bucket.draw()).toBe(true);
  await clock.advance(0.5 * MINUTE);
  expect(bucket.draw()).toBe(false);
});

test('is refilled by a machine that sleeps', () => {
  const clock = createManualClock();
  const bucket = new Bucket(clock);
  for (let i = 0; i < 3; i++) bucket.draw();
  clock.sleep(2 * MINUTE);
  expect([bucket.draw(), bucket.draw(), bucket.draw()]).toEqual([true, true, false]);
});

test('a clock that is set back keeps it from nothing', async () => {
  const clock = createManualClock();
  const bucket = new Bucket(clock);
  for (let i = 0; i < 3; i++) bucket.draw();
  clock.set(clock.now() - 60 * MINUTE);
  expect(bucket.isEmpty).toBe(true);
  await clock.advance(MINUTE);
  expect([bucket.draw(), bucket.draw()]).toEqual([true, false]);
});

test('in any time no more is drawn than three and one a minute', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 3 * MINUTE }), { maxLength: 30 }), async (waits) => {
      const clock = createManualClock();
      const bucket = new Bucket(clock);
      let drawn = 0;
      let passed = 0;
      for (const wait of waits) {
        await clock.advance(wait);
        passed += wait;
        while (bucket.draw()) drawn++;
        expect(drawn).toBeLessThanOrEqual(3 + Math.floor(passed / MINUTE));
      }
    }),
  );
});
