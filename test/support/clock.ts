export {
  createClock as createManualClock,
  settle,
  type TestClock as ManualClock,
} from '../../src/testing/clock.ts';
