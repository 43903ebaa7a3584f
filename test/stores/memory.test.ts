import { expect, test } from 'vitest';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { memoryStore } from '../../src/stores.ts';
import { describeTokenStore, documentOf } from '../contracts/token-store.ts';
import { createManualClock } from '../support/clock.ts';

describeTokenStore(
  'memory',
  () => {
    const store = createMemoryStore();
    return { open: () => store };
  },
  { tells: true, proves: false },
);

test('its time is that of the clock it was given', () => {
  const clock = createManualClock();
  expect(createMemoryStore({ clock }).now()).toBe(clock.now());
});

test('two memories are two places', async () => {
  const [one, other] = [memoryStore().store, memoryStore().store];
  await one.swap(undefined, documentOf());
  expect(await other.read()).toBeUndefined();
});

test('a listener is called after the swap, not in the middle of it', async () => {
  const store = createMemoryStore();
  let isTold = false;
  store.subscribe?.(() => {
    isTold = true;
  });
  expect(store.swap(undefined, documentOf())).toBe(true);
  expect(isTold).toBe(false);
  await Promise.resolve();
  expect(isTold).toBe(true);
});
