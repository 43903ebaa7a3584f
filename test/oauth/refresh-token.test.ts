import { expect, test } from 'vitest';
import { refreshToken } from '../../src/oauth.ts';
import { createManualClock } from '../support/clock.ts';
import { createTokenValet } from '../support/token-valet.ts';

test('without a refresh token a session lasts as long as its token, and not a minute less', async () => {
  const clock = createManualClock();
  const source = refreshToken({ issuer: 'https://login.test', clientId: 'spa' });
  const { client, asked, request } = createTokenValet(source, {
    clock,
    initial: { token: 'token-1', expiresIn: 600 },
  });
  for (let left = 60; left > 5; left -= 5) {
    clock.sleep(left === 60 ? 540_000 : 5000);
    expect([left, await request()]).toEqual([left, 200]);
    await clock.advance(0);
    expect(client.session.snapshot.status).toBe('signed-in');
  }
  expect(asked.length).toBeLessThan(8);
  clock.sleep(10_000);

  expect(await request()).toBe('SIGNED_OUT');
});
