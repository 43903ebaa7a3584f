/**
 * The only module that reads the time, waits or draws random numbers.
 *
 * @module
 */
import type { Clock } from './contracts.ts';

/** No timer is longer than this: browsers overflow at 2³¹ ms and laptops sleep (rule T9). */
const LONGEST_TIMER = 3_600_000;

/** The clock of the platform. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(run, ms, keepAlive = false) {
    const timer: unknown = setTimeout(run, ms);
    // Node, Deno and Bun hand out an object: a timer that nobody waits for must not keep a script alive.
    if (!keepAlive) (timer as { unref?(): void }).unref?.();
    return () => clearTimeout(timer as Parameters<typeof clearTimeout>[0]);
  },
  onWake(listener) {
    const { document } = globalThis as { document?: Document };
    const visible = (): void => {
      if (document?.visibilityState === 'visible') listener();
    };
    globalThis.addEventListener?.('online', listener);
    document?.addEventListener('visibilitychange', visible);
    return () => {
      globalThis.removeEventListener?.('online', listener);
      document?.removeEventListener('visibilitychange', visible);
    };
  },
};

/** Randomness of the platform, from 0 up to 1. */
export const systemRandom = (): number => Math.random();

/** A moment, read on both clocks. */
export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

export function moment(clock: Clock): Moment {
  return { wall: clock.now(), monotonic: clock.monotonic() };
}

/**
 * Milliseconds since `start`: the larger of what both clocks say. A sleeping machine stops one of them and a
 * clock set back stops the other, and a token is better refreshed too early than sent too late (rule T2).
 */
export function elapsed(clock: Clock, start: Moment): number {
  return Math.max(clock.now() - start.wall, clock.monotonic() - start.monotonic, 0);
}

/**
 * Calls `run` once `ms` have really passed, in timers of at most an hour that look at the clock when they fire
 * (rule T9). Returns the function that cancels it.
 */
export function alarm(clock: Clock, ms: number, run: () => void, keepAlive = false): () => void {
  const start = moment(clock);
  let cancel = (): void => {};
  const arm = (left: number): void => {
    cancel = clock.setTimeout(
      () => {
        // A timer may fire a moment early; a rest below 1 ms is over.
        const rest = ms - elapsed(clock, start);
        if (rest < 1) run();
        else arm(rest);
      },
      Math.max(0, Math.min(left, LONGEST_TIMER)),
      keepAlive,
    );
  };
  arm(ms);
  return () => cancel();
}

/**
 * Calls `run` after `ms`, where it is enough that a timer says so: a request is given its time anew with each send,
 * and there are many of them. `alarm` is for what hangs on the clock. Returns the function that cancels it.
 */
export function timer(clock: Clock, ms: number, run: () => void): () => void {
  return ms <= LONGEST_TIMER ? clock.setTimeout(run, ms) : alarm(clock, ms, run);
}
