import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyCommand, anyWorld, play } from '../support/model-commands.ts';

/** As many as make every state below be reached a dozen times. */
const RUNS = 2000;
const FAST_CHECK = { timeout: 300_000 };
/** The same runs each time, so that a failure is of what was changed. MODEL_SEED chooses others. */
const SEED = Number(process.env.MODEL_SEED ?? 20_261_122);

/** What has to happen in the runs, or they show nothing. */
const REACHED = [
  'answered: 429',
  'answered: final',
  'answered: garbled',
  'answered: grant',
  'answered: grant after the deadline',
  'answered: login',
  'answered: misconfigured',
  'answered: nobody',
  'answered: overtaken by a change',
  'answered: reset',
  'answered: temporary',
  'asked: after a pause',
  'asked: again after a reset',
  'asked: expiring',
  'asked: initial',
  'asked: rejected',
  'asked: scope',
  'given up: after 10000 ms',
  'given up: after 40000 ms',
  'given up: superseded',
  'a refresh token that was used up',
  'a late 401',
  'a 401 was handed over: too many refusals',
  'a step-up in vain',
  'sent at once',
  'replayed',
  'refused: 401',
  'refused: 403',
  'refused again: 401',
  'refused again: 403',
  'held until the user was back',
  'held, and another user came',
  'request: 200',
  'request: 401',
  'request: 403',
  'request: AbortError',
  'request: CLIENT_CLOSED',
  'request: SESSION_CHANGED',
  'request: SESSION_ENDED',
  'request: SIGNED_OUT',
  'request: TOKEN_ENDPOINT_REJECTED',
  'request: TOKEN_ENDPOINT_UNAVAILABLE',
  'request: TOKEN_INVALID',
  'request: TOKEN_PROVIDER_FAILED',
  'request: TOKEN_TIMEOUT',
  'request: TypeError',
  'session: another user',
  'session: back from ended',
  'session: ended',
  'session: loading',
  'session: signed out by the source',
  'session: signed-in',
  'session: signed-out',
];

test('whatever happens in whatever order, the rules of tokens and sessions hold', FAST_CHECK, async () => {
  const seen = new Map<string, number>();
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  const commands = fc.array(anyCommand, { minLength: 1, maxLength: 50, size: 'max' });
  await fc.assert(
    fc.asyncProperty(anyWorld, commands, async (kind, given) => {
      const broken = await play(kind, given, seen);

      expect([...broken, ...unhandled]).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED },
  );
  process.off('unhandledRejection', note);

  // A model in which nothing happens would hold, too.
  expect(REACHED.filter((what) => !seen.has(what))).toEqual([]);
});
