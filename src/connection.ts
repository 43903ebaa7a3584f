import { systemClock, systemRandom } from './clock.ts';
import type { AuthStrategy, Clock, FetchLike, Host, Need } from './contracts.ts';
import { type EventSink, silence } from './events.ts';
import { checkKeys, invalidOption } from './options.ts';
import { platformFetch } from './platform.ts';
import { createRedactor } from './redact.ts';

/** The seams for tests and odd platforms. */
export interface Runtime {
  readonly fetch?: FetchLike | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
}

/** A strategy with what it runs on. Clients made with `extend()` share one. */
export interface Connection {
  readonly strategy: AuthStrategy;
  readonly host: Host;
  /** A number for the next request, unique among all clients of the session. */
  nextNumber(): number;
  close(): void;
}

/** What a connection is made with. */
export interface ConnectOptions {
  readonly runtime?: Runtime | undefined;
  readonly events?: EventSink;
  readonly need?: Need;
}

/** Connects a strategy, once. */
export function connect(
  strategy: AuthStrategy,
  { runtime = {}, events = silence, need }: ConnectOptions = {},
): Connection {
  const { fetch, clock, random } = checkKeys('runtime', runtime, ['fetch', 'clock', 'random']);
  const controller = new AbortController();
  const host: Host = {
    fetch: fetch ?? platformFetch,
    clock: clock ?? systemClock,
    random: random === undefined ? systemRandom : bounded(random),
    signal: controller.signal,
    events,
    redactor: createRedactor(),
    need,
  };
  const kinds = [typeof host.fetch, typeof (random ?? systemRandom), typeof host.clock.monotonic];
  if (kinds.some((kind) => kind !== 'function'))
    throw invalidOption('runtime: fetch and random are functions, clock is a Clock.');
  strategy.connect?.(host);
  let count = 0;
  return { strategy, host, nextNumber: () => ++count, close: () => controller.abort() };
}

/** What a source of the user's draws, from 0 to 1 whatever it does: whoever waits for a random while waits for an end. */
function bounded(random: () => number): () => number {
  return () => {
    try {
      const drawn = random();
      return Number.isFinite(drawn) ? Math.min(Math.max(drawn, 0), 1) : 0.5;
    } catch {
      return 0.5;
    }
  };
}
