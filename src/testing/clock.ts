import type { Clock } from '../contracts.ts';
import { invalidOption } from '../options.ts';

/** A clock that stands still until a test moves it. Give it to a client: `runtime: { clock }`. */
export interface TestClock extends Clock {
  /**
   * Lets `ms` pass: what falls due is called in order, each with all that follows from it. What waits for a server
   * or a file is not waited for: await the request itself.
   */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock, as a user or a time server does: a date, or milliseconds since the epoch. */
  set(time: Date | number): void;
  /** The machine sleeps for `ms`: the wall clock goes on; the monotonic one and the timers stand still. */
  sleep(ms: number): void;
  /** The network or the tab is back: what waits for another attempt makes it now. */
  wake(): void;
  /** How many timers are armed. */
  readonly timers: number;
  /** How many listeners wait for `wake()`. */
  readonly wakeListeners: number;
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/**
 * Makes a clock for tests. It starts at `start`, 2026-01-01 unless said otherwise.
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function createClock(start?: Date | number): TestClock {
  return createSteppedClock(start, turn);
}

/** A clock that waits for `step` before it looks what is due, and after each timer. */
export function createSteppedClock(
  start: Date | number = Date.UTC(2026, 0, 1),
  step: () => Promise<void> = settle,
): TestClock {
  let monotonic = 1000;
  let offset = timeOf('createClock()', start) - monotonic;
  const timers = new Set<Timer>();
  const listeners = new Set<() => void>();
  return {
    now: () => monotonic + offset,
    monotonic: () => monotonic,
    setTimeout(run, ms) {
      const timer = { at: monotonic + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    onWake(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async advance(ms) {
      const end = monotonic + durationOf('advance()', ms);
      await step();
      for (let next = firstOf(timers); next && next.at <= end; next = firstOf(timers)) {
        timers.delete(next);
        monotonic = Math.max(monotonic, next.at);
        next.run();
        await step();
      }
      monotonic = end;
      await settle();
    },
    set: (time) => {
      offset = timeOf('set()', time) - monotonic;
    },
    sleep: (ms) => {
      offset += durationOf('sleep()', ms);
    },
    wake() {
      for (const listener of Array.from(listeners)) listener();
    },
    get timers() {
      return timers.size;
    },
    get wakeListeners() {
      return listeners.size;
    },
  };
}

function firstOf(timers: ReadonlySet<Timer>): Timer | undefined {
  return [...timers].sort((a, b) => a.at - b.at)[0];
}

function timeOf(where: string, time: Date | number): number {
  const ms = Number(time);
  if (Number.isFinite(ms)) return ms;
  throw invalidOption(`${where} takes a date, or milliseconds since the epoch.`);
}

function durationOf(where: string, ms: number): number {
  if (ms >= 0 && Number.isFinite(ms)) return ms;
  throw invalidOption(`${where} takes milliseconds, 0 or more. To turn the clock back, set() it.`);
}

/**
 * As `settle()`, with what the platform's own timers have due at once: ky passes through one before it tries again.
 */
async function turn(): Promise<void> {
  await settle();
  await new Promise<void>((resolve) => void setTimeout(resolve));
  await settle();
}

/** Lets everything run that waits for nothing but other promises. */
export async function settle(): Promise<void> {
  // A macrotask runs after all microtasks, also those that they queue.
  await new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
