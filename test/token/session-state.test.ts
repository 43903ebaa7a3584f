import { expect, test } from 'vitest';
import type { SessionUser } from '../../src/contracts.ts';
import { SessionError } from '../../src/errors.ts';
import type { EventSink } from '../../src/events.ts';
import { SessionState } from '../../src/token/session-state.ts';
import { isSettled } from '../support/token-valet.ts';

const ADA: SessionUser = { id: 'ada' };
const BOB: SessionUser = { id: 'bob' };
const OVER = new SessionError('SESSION_ENDED');

interface Told {
  readonly state: SessionState<SessionUser>;
  /** What was told, in order: events with the ids in their payload, and `listener:<status>`. */
  readonly told: string[];
  /** Called with every event, as a listener of the user's is. */
  onEvent: (name: string) => void;
}

function createState(): Told {
  const state = new SessionState<SessionUser>();
  const told: string[] = [];
  const self: Told = { state, told, onEvent: () => {} };
  const events: EventSink = {
    hears: () => true,
    emit(name, payload) {
      const { user, previous } = payload as { user?: SessionUser; previous?: SessionUser };
      told.push(
        [name, user?.id, previous && `was ${previous.id}`].filter((part) => part !== undefined).join(' '),
      );
      self.onEvent(name);
    },
  };
  state.connect(events);
  state.subscribe(() => told.push(`listener:${state.snapshot.status}`));
  return self;
}

test('a session begins loading, with no user and no epoch', () => {
  const { state } = createState();

  expect(state.snapshot).toEqual({ status: 'loading' });
  expect([state.user, state.epoch]).toEqual([undefined, undefined]);
});

test('a first sign-in tells userchange, then signedin, then the listeners', () => {
  const { state, told } = createState();

  state.signedIn(ADA);

  expect(told).toEqual(['userchange ada', 'signedin ada', 'listener:signed-in']);
  expect(state.snapshot).toEqual({ status: 'signed-in', user: ADA });
});

test('the same user again changes nothing: the snapshot stays the same object', () => {
  const { state, told } = createState();
  state.signedIn(ADA);
  const { snapshot, epoch } = state;
  told.length = 0;

  state.signedIn({ id: 'ada' });

  expect(state.snapshot).toBe(snapshot);
  expect(state.epoch).toBe(epoch);
  expect(told).toEqual([]);
});

test('another user is a switch: a new epoch, userchange first', () => {
  const { state, told } = createState();
  state.signedIn(ADA);
  const { epoch = 0 } = state;
  told.length = 0;

  state.signedIn(BOB);

  expect(told).toEqual(['userchange bob was ada', 'signedin bob', 'listener:signed-in']);
  expect(state.epoch).toBe(epoch + 1);
});

test('the same user after the end continues the epoch, another one does not', () => {
  const { state, told } = createState();
  state.signedIn(ADA);
  const { epoch } = state;
  state.ended(OVER);
  expect(state.epoch).toBe(epoch);
  told.length = 0;
  state.signedIn({ id: 'ada' });

  expect(told).toEqual(['signedin ada', 'listener:signed-in']);
  expect(state.epoch).toBe(epoch);

  state.ended(OVER);
  state.signedIn(BOB);
  expect(state.epoch).not.toBe(epoch);
});

test('the same user after a sign-out begins a new epoch', () => {
  const { state } = createState();
  state.signedIn(ADA);
  const { epoch } = state;
  state.signedOut();
  expect(state.epoch).toBeUndefined();
  state.signedIn(ADA);

  expect(state.epoch).not.toBe(epoch);
});

test('a sign-out tells userchange, then signedout, then the listeners, and only once', () => {
  const { state, told } = createState();
  state.signedIn(ADA);
  told.length = 0;

  state.signedOut();
  state.signedOut();

  expect(told).toEqual(['userchange was ada', 'signedout ada', 'listener:signed-out']);
});

test('that nobody was signed in to begin with is told to listeners only', () => {
  const { state, told } = createState();

  state.signedOut();

  expect(told).toEqual(['listener:signed-out']);
});

test('an end keeps the user and the error, and is told once', () => {
  const { state, told } = createState();
  state.signedIn(ADA);
  told.length = 0;

  state.ended(OVER);
  state.ended(new SessionError('SESSION_ENDED'));

  expect(state.snapshot).toEqual({ status: 'ended', user: ADA, error: OVER });
  expect(told).toEqual(['sessionend ada', 'listener:ended']);
});

test('where there never was a session, its end is signed-out', () => {
  const { state, told } = createState();

  state.ended(OVER);

  expect(state.snapshot).toEqual({ status: 'signed-out' });
  expect(told).toEqual(['listener:signed-out']);
});

test('who waits for the first snapshot gets it once it is there, and at once from then on', async () => {
  const { state } = createState();
  const first = state.settled();
  expect(await isSettled(first)).toBe(false);

  state.signedIn(ADA);

  expect(await first).toBe(state.snapshot);
  expect(await state.settled()).toBe(state.snapshot);
});

test('a listener that throws harms nobody and is told of (rule T15)', () => {
  const { state, told } = createState();
  state.subscribe(() => {
    throw new RangeError('of the user');
  });
  state.subscribe(() => told.push('last listener'));

  expect(() => state.signedIn(ADA)).not.toThrow();

  expect(told.slice(-2)).toEqual(['warning', 'last listener']);
});

test('the same listener given twice is called twice, and each stops on its own', () => {
  const { state } = createState();
  let calls = 0;
  const listener = (): void => void calls++;
  const off = state.subscribe(listener);
  state.subscribe(listener);

  state.signedIn(ADA);
  expect(calls).toBe(2);
  off();
  off();
  state.signedOut();
  expect(calls).toBe(3);
});

test('a listener that signs out on userchange has the last word: nothing tells of a sign-in after it', () => {
  const self = createState();
  const { state, told } = self;
  self.onEvent = (name) => {
    if (name === 'userchange' && state.user !== undefined) state.signedOut();
  };

  state.signedIn(ADA);

  expect(state.snapshot.status).toBe('signed-out');
  expect(told).toEqual(['userchange ada', 'userchange was ada', 'signedout ada', 'listener:signed-out']);
});

test('a listener that signs in again on sessionend has the last word', () => {
  const self = createState();
  const { state, told } = self;
  state.signedIn(ADA);
  told.length = 0;
  self.onEvent = (name) => {
    if (name === 'sessionend') state.signedIn(BOB);
  };

  state.ended(OVER);

  expect(state.snapshot).toEqual({ status: 'signed-in', user: BOB });
  expect(told).toEqual(['sessionend ada', 'userchange bob was ada', 'signedin bob', 'listener:signed-in']);
});

test('a listener that subscribes anew from within is called anew with the next snapshot only', () => {
  const { state } = createState();
  const seen: string[] = [];
  const listen = (): void => {
    const off = state.subscribe(() => {
      seen.push(state.snapshot.status);
      off();
      listen();
    });
  };
  listen();

  state.signedIn(ADA);
  state.signedOut();

  expect(seen).toEqual(['signed-in', 'signed-out']);
});
