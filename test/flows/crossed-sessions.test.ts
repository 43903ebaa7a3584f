import { expect, test } from 'vitest';
import { CrossedWorld } from '../support/crossed-world.ts';

/*
 * Rule T14 where sign-ins, sign-outs, refreshes and closes of two or three clients cross, on a store that is slow or
 * fails now and then. The clients are real; the world around them is decided by a seed.
 */

/** The same runs each time, so that a failure is of what was changed. CROSSED_SEED and CROSSED_RUNS choose others. */
const FIRST = Number(process.env.CROSSED_SEED ?? 1);
const RUNS = Number(process.env.CROSSED_RUNS ?? 400);
/** Beyond those, these have found something before. */
const FOUND = [798, 1064, 1794, 2429] as const;

/** What has to happen in 400 runs, and how often at least, or they show nothing: half of what does. */
const REACHED: Readonly<Record<string, number>> = {
  'a claim was overridden': 9,
  'a read failed': 163,
  'a sign-in crossed a refresh': 48,
  'a sign-in crossed a write of its own': 55,
  'a sign-in crossed the write of another': 67,
  'a sign-out crossed a refresh': 14,
  'a sign-out crossed a write of its own': 42,
  'a sign-out crossed the write of another': 44,
  'a write failed': 143,
  'a write was stored after its sender had given up': 14,
  'another user took over': 138,
  'began with tokens': 101,
  closed: 222,
  'left: ended': 1,
  'left: signed-in': 137,
  'left: signed-out': 60,
  redeemed: 611,
  'refresh: 200': 280,
  'refresh: SESSION_ENDED': 9,
  'refresh: SIGNED_OUT': 135,
  'refresh: STORE_UNAVAILABLE': 40,
  'refresh: TOKEN_ENDPOINT_UNAVAILABLE': 10,
  'refresh: TOKEN_PROVIDER_FAILED': 3,
  'refresh: TOKEN_TIMEOUT': 3,
  'refused for good: administrator': 16,
  'refused for good: sign-out': 5,
  'request: 200': 1853,
  'request: 401': 13,
  'request: CLIENT_CLOSED': 29,
  'request: SESSION_CHANGED': 63,
  'request: SESSION_ENDED': 35,
  'request: SIGNED_OUT': 1007,
  'request: STORE_UNAVAILABLE': 68,
  'request: TOKEN_TIMEOUT': 4,
  'session: ended': 30,
  'session: signed-out': 526,
  'sign-in: STORE_UNAVAILABLE': 12,
  'sign-in: done': 1052,
  'sign-out: STORE_UNAVAILABLE': 2,
  'sign-out: done': 644,
  'somebody else wrote first': 230,
  'taken over: ended': 7,
  'taken over: loading': 308,
  'taken over: signed-out': 179,
  'the answer to a write was lost': 108,
  'the issuer failed': 40,
};

/**
 * What is accepted, and how often at most in 400 runs. Others are kept out: no claim is stored seconds late, and all
 * tokens that clients begin with are of one user.
 */
const EXCUSED: Readonly<Record<string, number>> = {
  'excused: a login of the same user whose first write failed': 8,
  'excused: a second use after the claim was over': 2,
  'excused: an answer in the moment of a change': 2,
};

/** Which rule was broken in which runs, and all that happened in the first of them. */
interface Broken {
  readonly rule: string;
  readonly seeds: number[];
  readonly story: readonly string[];
}

test('whatever crosses on the way to a store, nobody loses a session or gets that of another', {
  timeout: 1_200_000,
}, async () => {
  const seen = new Map<string, number>();
  const broken = new Map<string, Broken>();
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  for (const seed of [...Array.from({ length: RUNS }, (_, index) => FIRST + index), ...FOUND]) {
    const { run } = await play(seed, seen);
    for (const error of unhandled.splice(0)) run.must(false, `nobody caught ${String(error)}`);
    for (const rule of run.broken) {
      const { story } = run;
      const found = broken.get(rule) ?? { rule, seeds: [], story };
      found.seeds.push(seed);
      broken.set(rule, found);
    }
  }
  process.off('unhandledRejection', note);

  expect(messageOf([...broken.values()])).toBe('');
  // A world in which nothing happens would hold, too.
  const most = (what: string): number => (EXCUSED[what] ?? 0) * (RUNS / 400);
  const least = (what: string): number => (REACHED[what] ?? 0) * (RUNS / 400);
  const excused = [...seen].filter(([what]) => what.startsWith('excused: '));
  expect(excused.filter(([what, count]) => count > Math.ceil(most(what)))).toEqual([]);
  const isRare = (what: string): boolean => (seen.get(what) ?? 0) < Math.floor(least(what));
  expect(Object.keys(REACHED).filter(isRare)).toEqual([]);
});

test('the same seed gives the same run', async () => {
  for (const seed of [FIRST, FIRST + 1, FIRST + 2]) {
    const [one, other] = [await play(seed, new Map()), await play(seed, new Map())];
    expect(one.run.story.length).toBeGreaterThan(20);
    expect(other.run.story).toEqual(one.run.story);
  }
});

async function play(seed: number, seen: Map<string, number>): Promise<CrossedWorld> {
  const world = new CrossedWorld(seed, seen);
  await world.play();
  return world;
}

/** One run at length and the seeds of all: `CROSSED_SEED=… CROSSED_RUNS=1` plays another one. */
function messageOf(broken: readonly Broken[]): string {
  const [first] = broken;
  if (first === undefined) return '';
  const list = broken.map(
    ({ rule, seeds }) => `${rule}: ${seeds.length} runs, seeds ${seeds.slice(0, 5).join(', ')}`,
  );
  return [...list, '', `seed ${first.seeds[0]}:`, ...first.story].join('\n');
}
