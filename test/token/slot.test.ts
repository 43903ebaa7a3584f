import { expect, test } from 'vitest';
import { TokenError } from '../../src/errors.ts';
import type { HeldToken } from '../../src/token/held-token.ts';
import { Slot } from '../../src/token/slot.ts';
import { createManualClock } from '../support/clock.ts';

const createSlot = (scopes: readonly string[] = []): Slot =>
  new Slot({ scopes, audience: 'orders' }, createManualClock(), () => 0.5);

const held: HeldToken = {
  token: { value: 'token-1', epoch: 1 },
  received: { wall: 0, monotonic: 0 },
  lifetime: undefined,
  window: 0,
  scopes: new Set(),
  asked: [],
};

test('a slot is asked with what it needs, until a step-up adds to it', () => {
  expect(createSlot(['read']).scopes).toEqual(['read']);
});

test('each server draws on its own, and one that has drawn all makes the slot refused (rule T11)', () => {
  const slot = createSlot();
  expect(slot.isRefused).toBe(false);
  const drawn = Array.from({ length: 4 }, () => slot.mayRefreshFor('https://a.test'));
  expect(drawn).toEqual([true, true, true, false]);
  expect(slot.mayRefreshFor('https://b.test')).toBe(true);
  expect(slot.isRefused).toBe(true);
});

test('scopes that a step-up did not bring are known as that set, until something changes (rule T13)', () => {
  const slot = createSlot();
  slot.addVain(['read', 'write']);
  expect([slot.isVain(['read', 'write']), slot.isVain(['write'])]).toEqual([true, false]);
  slot.unlatch();
  expect(slot.isVain(['read', 'write'])).toBe(false);
});

test('a slot that waits, or may not be asked, is not idle', () => {
  const error = new TokenError('TOKEN_TIMEOUT');
  const slot = createSlot();
  expect(slot.isIdle).toBe(true);
  slot.backoff.failed({ kind: 'temporary', error, waitable: true });
  expect(slot.isIdle).toBe(false);
  slot.unlatch();
  slot.latched = error;
  expect(slot.isIdle).toBe(false);
  slot.unlatch();
  expect(slot.isIdle).toBe(true);
});

test('a token that is dropped leaves the user known, and nothing in doubt', () => {
  const slot = createSlot(['read']);
  Object.assign(slot, { current: held, suspect: true, subject: 'ada', scopes: ['read', 'write'] });
  slot.drop();
  expect(slot).toMatchObject({
    current: undefined,
    suspect: false,
    subject: 'ada',
    scopes: ['read', 'write'],
  });
});

test('what is forgotten leaves nothing of its user: no subject, and no scope of a step-up', () => {
  const slot = createSlot(['read']);
  Object.assign(slot, { current: held, suspect: true, subject: 'ada', scopes: ['read', 'write'] });
  slot.forget();
  expect(slot).toMatchObject({ current: undefined, suspect: false, subject: undefined, scopes: ['read'] });
});
