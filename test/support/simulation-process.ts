import type { Clock } from '../../src/contracts.ts';
import type { Timeline } from './simulation-time.ts';

/** One life of a process: with clocks of its own, and with nothing that reaches it once it is dead. */
export class SimulatedProcess {
  readonly owner: string;
  readonly clock: Clock;
  isDead = false;
  /** Milliseconds that it has stood still so far. */
  frozen = 0;
  readonly #timeline: Timeline;
  #frozenUntil = 0;
  #asleepSince: number | undefined;
  #slept = 0;
  #backlog: Item[] = [];

  constructor(timeline: Timeline, owner: string, skew: number) {
    this.#timeline = timeline;
    this.owner = owner;
    const start = Date.UTC(2026, 0, 1) + skew;
    this.clock = {
      now: () => start + timeline.now,
      monotonic: () => this.#monotonic(),
      setTimeout: (run, ms) => {
        let isArmed = true;
        const due = this.#monotonic() + ms;
        const fire = (): void => {
          if (!isArmed || this.isDead) return;
          const left = due - this.#monotonic();
          if (left > 0.001 && !this.isFrozen) timeline.after(left, fire);
          else if (this.isFrozen) this.#backlog.push({ isTimer: true, run: fire });
          else {
            isArmed = false;
            timeline.isTouched = true;
            run();
          }
        };
        timeline.after(ms, fire);
        return () => {
          isArmed = false;
        };
      },
    };
  }

  get isFrozen(): boolean {
    return this.#timeline.now < this.#frozenUntil;
  }

  /** Hands over what comes from outside: as soon as it runs again, and never to the dead. */
  deliver(run: () => void): void {
    if (this.isDead) return;
    if (this.isFrozen) {
      this.#backlog.push({ isTimer: false, run: () => this.deliver(run) });
      return;
    }
    this.#timeline.isTouched = true;
    run();
  }

  /**
   * Stands still for `ms`. A machine that sleeps stops the monotonic clock and the timers, too. `timersFirst`: timers
   * that have come due meanwhile fire before anything that has arrived meanwhile is looked at. `lag`: so long it takes
   * for the network to be back.
   */
  freeze(ms: number, { sleeps = false, timersFirst = false, lag = 0 } = {}): void {
    const { now } = this.#timeline;
    const end = now + ms;
    if (this.isDead || end <= this.#frozenUntil) return;
    this.frozen += end - Math.max(now, this.#frozenUntil);
    this.#frozenUntil = end;
    if (sleeps) this.#asleepSince ??= now;
    this.#timeline.at(end, () => {
      if (this.isFrozen) return;
      if (this.#asleepSince !== undefined) this.#slept += end - this.#asleepSince;
      this.#asleepSince = undefined;
      const backlog = this.#backlog;
      this.#backlog = [];
      const ordered = timersFirst
        ? [...backlog.filter(({ isTimer }) => isTimer), ...backlog.filter(({ isTimer }) => !isTimer)]
        : backlog;
      for (const { isTimer, run } of ordered) this.#timeline.at(isTimer ? end : end + lag, run);
    });
  }

  die(): void {
    this.isDead = true;
    this.#backlog = [];
  }

  #monotonic(): number {
    return 1000 + (this.#asleepSince ?? this.#timeline.now) - this.#slept;
  }
}

interface Item {
  readonly isTimer: boolean;
  readonly run: () => void;
}
