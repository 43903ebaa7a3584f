import { createSteppedClock, type TestClock } from '../../src/testing/clock.ts';

export { settle, type TestClock as ManualClock } from '../../src/testing/clock.ts';

/** The clock of users, without the millisecond at each step that a retry of ky needs: here are many steps. */
export function createManualClock(wall?: number): TestClock {
  return createSteppedClock(wall);
}
