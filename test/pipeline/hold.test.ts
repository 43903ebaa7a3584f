import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { connect } from '../../src/connection.ts';
import type { AuthStrategy, CredentialQuery, Host, Session, SessionUser } from '../../src/contracts.ts';
import { SessionError } from '../../src/errors.ts';
import { hold } from '../../src/pipeline/hold.ts';
import { serviceSession } from '../../src/token/create-session.ts';
import { SessionState } from '../../src/token/session-state.ts';
import { createManualClock, type ManualClock, settle } from '../support/clock.ts';
import { thrownBy } from '../support/thrown.ts';
import { isSettled } from '../support/token-valet.ts';

const ADA = { id: 'ada' };
const LIMIT = 1000;
const query: CredentialQuery = { resource: 'https://api.test/', scopes: [] };

interface World {
  readonly source: ReturnType<typeof hold>;
  readonly strategy: AuthStrategy;
  readonly state: SessionState<SessionUser>;
  readonly clock: ManualClock;
  readonly host: Host;
  /** What keeps the process alive, of all timers so far. */
  readonly alive: readonly boolean[];
  /** How often it was asked. */
  readonly asked: () => number;
  close(): void;
}

/** A strategy whose session has ended: it answers with each of `answers` in turn, and with the last from then on. */
function createWorld(...answers: readonly (() => unknown)[]): World {
  const state = new SessionState<SessionUser>();
  state.signedIn(ADA);
  state.ended(new SessionError('SESSION_ENDED'));
  const session: Session = {
    ...serviceSession(),
    get snapshot() {
      return state.snapshot;
    },
    subscribe: (listener) => state.subscribe(listener),
  };
  let count = 0;
  const next = (): unknown => answers[Math.min(count++, answers.length - 1)]?.();
  const strategy: AuthStrategy = {
    name: 'listed',
    placement: 'header',
    session,
    credential: next,
    stepUp: next,
    apply() {},
  };
  const clock = createManualClock();
  const alive: boolean[] = [];
  const watched: ManualClock = {
    ...clock,
    setTimeout(run, ms, keepAlive = false) {
      alive.push(keepAlive);
      return clock.setTimeout(run, ms, keepAlive);
    },
  };
  const { host, close } = connect(strategy, { runtime: { clock: watched } });
  return {
    source: hold(strategy, host, LIMIT),
    strategy,
    state,
    clock,
    host,
    alive,
    asked: () => count,
    close,
  };
}

/** What another session says, again and again: a loop without an end fails rather than hang. */
function endsElsewhere(): () => never {
  let left = 100;
  return () => {
    if (left-- > 0) throw new SessionError('SESSION_ENDED');
    throw new Error('asked again and again');
  };
}

const ends = (): never => {
  throw new SessionError('SESSION_ENDED');
};
const endsLater = (): Promise<never> => Promise.reject(new SessionError('SESSION_ENDED'));

test('a strategy without a session is handed on as it is', () => {
  const { strategy, host } = createWorld(ends);
  const { session: _, ...plain } = strategy;
  expect(hold(plain, host, LIMIT)).toBe(plain);
});

test('what is at hand stays synchronous', () => {
  expect(createWorld(() => 'a-token').source.credential(query)).toBe('a-token');
});

test.each([
  ['throws', ends],
  ['rejects', endsLater],
])('an end that %s is waited out, and told to who waits', async (_, end) => {
  const { source, state } = createWorld(end, () => 'a-token');
  let holds = 0;
  const answer = Promise.resolve(source.credential(query, () => holds++));
  expect(await isSettled(answer)).toBe(false);
  expect(holds).toBe(1);
  state.signedIn(ADA);
  expect(await answer).toBe('a-token');
});

test('a step-up is held, too', async () => {
  const { source, state } = createWorld(endsLater, () => 'a-wider-token');
  const answer = Promise.resolve(source.stepUp?.(query));
  expect(await isSettled(answer)).toBe(false);
  state.signedIn(ADA);
  expect(await answer).toBe('a-wider-token');
});

test('a strategy that cannot step up is not made to', () => {
  const { strategy, host } = createWorld(ends);
  const { stepUp: _, ...narrow } = strategy;
  expect(hold(narrow, host, LIMIT).stepUp).toBeUndefined();
});

test.each([
  ['of ours', new SessionError('SIGNED_OUT')],
  ['of somebody else’s that bears the same code', Object.assign(new Error('x'), { code: 'SESSION_ENDED' })],
])('another error %s is not waited for', async (_, error) => {
  const { source, clock } = createWorld(() => Promise.reject(error));
  expect(await thrownBy(() => source.credential(query))).toBe(error);
  expect(clock.timers).toBe(0);
});

test('a session that ends again at once is waited for again, and all waits count together', async () => {
  const { source, state, clock, asked } = createWorld(endsLater);
  const answer = thrownBy(() => source.credential(query));
  await clock.advance(0.6 * LIMIT);
  state.signedIn(ADA);
  state.ended(new SessionError('SESSION_ENDED'));
  await clock.advance(0.4 * LIMIT - 1);
  expect(asked()).toBe(2);
  expect(await isSettled(answer)).toBe(false);
  await clock.advance(1);
  expect(await answer).toMatchObject({ code: 'SESSION_ENDED' });
});

test('what it comes to in the end is told, whatever it is', async () => {
  const changed = new SessionError('SESSION_CHANGED');
  const { source, state } = createWorld(ends, () => Promise.reject(changed));
  const answer = thrownBy(() => source.credential(query));
  await settle();
  state.signedIn({ id: 'bob' });
  expect(await answer).toBe(changed);
});

test('a session that is back already is not waited for', async () => {
  const { source, state, clock } = createWorld(
    () => {
      state.signedIn(ADA);
      return ends();
    },
    () => 'a-token',
  );
  expect(await source.credential(query)).toBe('a-token');
  expect(clock.timers).toBe(0);
});

test('a client that is closed already is not waited for', async () => {
  const closed = new SessionError('SIGNED_OUT');
  const { source, clock, close } = createWorld(ends, () => Promise.reject(closed));
  close();
  expect(await thrownBy(() => source.credential(query))).toBe(closed);
  expect(clock.timers).toBe(0);
});

test('a caller that has gone already is not held', async () => {
  const { source, clock } = createWorld(endsLater);
  const signal = AbortSignal.abort();
  expect(await thrownBy(() => source.credential({ ...query, signal }))).toMatchObject({
    code: 'SESSION_ENDED',
  });
  expect(clock.timers).toBe(0);
});

test('a script does not end while its work is held', async () => {
  const { source, clock, alive } = createWorld(ends);
  const answer = thrownBy(() => source.credential(query));
  await clock.advance(LIMIT);
  await answer;
  expect(alive).toEqual([true]);
});

test.each<[string, (world: World, controller: AbortController) => unknown]>([
  ['a return', ({ state }) => state.signedIn(ADA)],
  ['the end of patience', ({ clock }) => clock.advance(LIMIT)],
  ['a close', ({ close }) => close()],
  ['an abort', (_, controller) => controller.abort()],
])('%s ends the wait and leaves neither a timer nor a listener behind', async (_, end) => {
  const controller = new AbortController();
  const world = createWorld(ends, () => 'a-token');
  const answer = Promise.allSettled([world.source.credential({ ...query, signal: controller.signal })]);
  expect(await isSettled(answer)).toBe(false);
  await end(world, controller);
  await answer;
  expect(world.clock.timers).toBe(0);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

test.each(['signed-in', 'closed'])('the end of another session is held for nothing: %s', async (what) => {
  const { source, state, asked, close } = createWorld(endsElsewhere());
  if (what === 'signed-in') state.signedIn(ADA);
  else close();

  const error = await thrownBy(() => source.credential(query));

  expect(error).toMatchObject({ code: 'SESSION_ENDED' });
  expect(asked()).toBe(2);
});
