import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { Flight, type FlightPlan } from '../../src/token/flight.ts';
import { createManualClock } from '../support/clock.ts';

const PLAN: FlightPlan = {
  reason: 'initial',
  rejected: undefined,
  forced: false,
  scopes: [],
  before: undefined,
};

test.each(['token', 'timeout', 'superseded'] as const)(
  'a wait that ends with %s leaves nothing behind',
  async (end) => {
    const clock = createManualClock();
    const flight = new Flight(PLAN);
    const caller = new AbortController();
    const wait = flight.wait(clock, 1000, caller.signal);
    expect(clock.timers).toBe(1);
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(1);
    if (end === 'token') flight.land('token');
    else if (end === 'timeout') await clock.advance(1000);
    else caller.abort();
    expect(await wait).toBe(end);
    expect(clock.timers).toBe(0);
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
    // Only this caller stops waiting.
    expect(flight.signal.aborted).toBe(false);
  },
);

test('whoever has gone before the wait begins waits for nothing', async () => {
  const clock = createManualClock();
  expect(await new Flight(PLAN).wait(clock, 1000, AbortSignal.abort())).toBe('superseded');
  expect(clock.timers).toBe(0);
});
