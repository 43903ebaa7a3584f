import { expect, test } from 'vitest';
import { SessionError } from '../../src/errors.ts';
import { createClock, fakeTokenProvider } from '../../src/testing.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { createTokenValet } from '../support/token-valet.ts';

test('it hands out another token at each call, for its user, and remembers them and the calls', async () => {
  const clock = createClock();
  const provider = fakeTokenProvider({ user: { id: 'ada' }, ttl: 60_000, clock });
  const { client, request, sent } = createTokenValet(provider, { clock });
  expect(await request()).toBe(200);
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
  await clock.advance(61_000);
  expect(await request()).toBe(200);
  expect(sent).toEqual(provider.issued.map((token) => `Bearer ${token}`));
  expect(new Set(provider.secrets).size).toBe(2);
  expect(provider.calls.map(({ reason }) => reason)).toEqual(['initial', 'expiring']);
});

test('it fails once, as a network does, and the session goes on', async () => {
  const clock = createClock();
  const provider = fakeTokenProvider({ fail: 'once', clock });
  const { request } = createTokenValet(provider, { clock });
  const answer = request();
  await clock.advance(10_000);
  expect(await answer).toBe(200);
  expect(provider.calls.length).toBe(2);
  expect(provider.fail).toBeUndefined();
});

test('it fails until it is told not to', async () => {
  const clock = createClock();
  const provider = fakeTokenProvider({ fail: 'always', clock });
  const { request } = createTokenValet(provider, { clock });
  const first = request();
  await clock.advance(30_000);
  expect(await first).toBe('TOKEN_PROVIDER_FAILED');
  provider.fail = undefined;
  const second = request();
  await clock.advance(30_000);
  expect(await second).toBe(200);
});

test('with an error of its own it ends a session', async () => {
  const clock = createClock();
  const provider = fakeTokenProvider({ clock });
  const { client, request } = createTokenValet(provider, { clock });
  await request();
  provider.fail = new SessionError('SESSION_ENDED');
  await expect(client.session.refresh()).rejects.toMatchObject({ code: 'SESSION_ENDED' });
  expect(client.session.snapshot.status).toBe('ended');
});

test('without a user nobody is signed in', async () => {
  const provider = fakeTokenProvider({ user: null });
  const { client, request } = createTokenValet(provider);
  expect(await request()).toBe('SIGNED_OUT');
  provider.user = { id: 'ada' };
  expect(await request()).toBe(200);
  expect(client.session.snapshot).toMatchObject({ user: { id: 'ada' } });
});

test('its latency passes on the clock, and ends with the client', async () => {
  const clock = createClock();
  const provider = fakeTokenProvider({ latency: 500, clock });
  const { client, request, sent } = createTokenValet(provider, { clock });
  const answer = request();
  await clock.advance(499);
  expect(sent).toEqual([]);
  await clock.advance(1);
  expect(await answer).toBe(200);
  void client.session.refresh().catch(() => {});
  client.close();
  await clock.advance(500);
  expect(provider.issued).toHaveLength(1);
});

test('a call that is given up leaves no timer behind', async () => {
  const clock = createClock();
  const controller = new AbortController();
  const answer = fakeTokenProvider({ latency: 500, clock })({
    reason: 'initial',
    forceRefresh: false,
    scopes: [],
    signal: controller.signal,
  });
  expect(clock.timers).toBe(1);
  controller.abort(new Error('given up'));
  await expect(answer).rejects.toThrow('given up');
  expect(clock.timers).toBe(0);
});

test('a latency without a clock would be real time: that is refused', async () => {
  const error = await valetErrorOf(() => fakeTokenProvider({ latency: 10 }));
  expect(error.message).toContain('createClock()');
});

test.each([
  [{ fail: 'never' }, "'once'"],
  [{ fail: true }, "'once'"],
  [{ fail: null }, "'once'"],
  [{ user: 'ada' }, "{ id: 'ada' }"],
  [{ user: { id: 42 } }, "{ id: 'ada' }"],
])('options that make no sense are refused, also when they are set later: %j', async (options, next) => {
  const made = await valetErrorOf(() => fakeTokenProvider(options as object));
  expect(made.code).toBe('INVALID_OPTION');
  expect(made.message).toContain(next);
  const { client, request } = createTokenValet(Object.assign(fakeTokenProvider(), options));
  expect(await request()).toBe('INVALID_OPTION');
  client.close();
});
