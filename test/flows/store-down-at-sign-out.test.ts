import { expect, test } from 'vitest';
import { accessToken, Client, type Clock, type TokenStore } from '../../src/index.ts';
import { sharedStore } from '../../src/stores.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { valetErrorOf } from '../support/thrown.ts';

test('a sign-out that the store does not take says why, and keeps no process alive for it (rule T9)', async () => {
  const clock = createManualClock();
  /** Whether the process was to stay for them: the timers since the sign-out was given up. */
  let timers: boolean[] = [];
  const watched: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimeout(run, ms, keepAlive = false) {
      timers.push(keepAlive);
      return clock.setTimeout(run, ms, keepAlive);
    },
  };
  const store: TokenStore = {
    read: () => Promise.reject(new Error('login.json can be read by others: run chmod 600 on it')),
    swap: () => false,
    now: () => clock.now(),
  };
  using client = new Client(
    accessToken(() => null, { store: sharedStore(store) }),
    {
      baseUrl: 'https://api.example.com',
      runtime: { clock: watched },
    },
  );
  const signedOut = valetErrorOf(() => client.signOut());
  let error: unknown;
  void signedOut.then((thrown) => {
    error = thrown;
  });
  while (error === undefined) {
    await clock.advance(100);
    await settle();
  }
  expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect((error as Error).message).toContain('chmod 600');

  timers = [];
  for (let step = 0; step < 20; step++) {
    await clock.advance(100);
    await settle();
  }
  expect(timers.length).toBeGreaterThan(0);
  expect(timers).not.toContain(true);
});
