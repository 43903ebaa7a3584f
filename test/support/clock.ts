import type { Clock } from '../../src/contracts.ts';

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Lets `ms` pass, firing what falls due in order, with all that follows from it. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock, as a user or a time server does. The monotonic one goes on. */
  setWall(ms: number): void;
  /** The machine sleeps: the wall clock goes on, the monotonic one and the timers stand still. */
  sleep(ms: number): void;
  /** The network or the tab is back. */
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

/** Starts at `wall` (2026-01-01 unless said otherwise); the monotonic clock starts at 1000. */
export function createManualClock(wall = Date.UTC(2026, 0, 1)): ManualClock {
  let monotonic = 1000;
  let offset = wall - monotonic;
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
      const end = monotonic + ms;
      await settle();
      for (;;) {
        const [next] = [...timers].sort((a, b) => a.at - b.at);
        if (next === undefined || next.at > end) break;
        timers.delete(next);
        monotonic = Math.max(monotonic, next.at);
        next.run();
        await settle();
      }
      monotonic = end;
      await settle();
    },
    setWall(ms) {
      offset = ms - monotonic;
    },
    sleep(ms) {
      offset += ms;
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
