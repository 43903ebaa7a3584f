import { expect, test } from 'vitest';
import type { SessionDocument, TokenResponse } from '../../src/contracts.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { sharedStore } from '../../src/stores.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { createRotatingIssuer } from '../support/rotating-issuer.ts';
import { createDeferred, createTokenValet, type TokenValet } from '../support/token-valet.ts';

/** Clients on one store. `openSlowly` makes one whose first look at it takes until `arrive()`. */
function createPlace(tells: boolean) {
  const clock = createManualClock();
  const issuer = createRotatingIssuer();
  const { subscribe, ...silent } = createMemoryStore({ clock });
  const memory = tells && subscribe ? { ...silent, subscribe } : silent;
  const open = (initial?: TokenResponse, store = memory): TokenValet =>
    createTokenValet(issuer.provider, { clock, store: sharedStore(store), initial });
  const openSlowly = (initial: TokenResponse) => {
    const arrival = createDeferred<void>();
    let looks = 0;
    const read = async (): Promise<unknown> => {
      const seen = memory.read();
      if (++looks === 1) await arrival.promise;
      return seen;
    };
    return { ...open(initial, { ...memory, read }), arrive: () => arrival.resolve() };
  };
  const document = (): SessionDocument | undefined => memory.read() as SessionDocument | undefined;
  return { clock, issuer, document, open, openSlowly };
}

test.each([true, false])(
  'a login is not lost to what another client starts with, which looked before it (store that tells: %s)',
  async (tells) => {
    const { clock, issuer, document, open, openSlowly } = createPlace(tells);
    const late = openSlowly(issuer.login('ada'));
    const first = late.request();
    await settle();

    const login = issuer.login('bob');
    const other = open();
    await other.client.session.signIn(login);
    late.arrive();
    await first;
    await clock.advance(1000);

    expect(document()).toMatchObject({ userId: 'bob', refreshToken: login.refreshToken });
    for (const { client, request, sent } of [other, late]) {
      expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'bob' } });
      expect(await request()).toBe(200);
      expect(sent.at(-1)).toBe(`Bearer ${login.token}`);
    }
  },
);

test.each([true, false])(
  'a refresh token that was replaced does not come back with what another client starts with (store that tells: %s)',
  async (tells) => {
    const { clock, issuer, document, open, openSlowly } = createPlace(tells);
    const initial = issuer.login('ada');
    const late = openSlowly(initial);
    const first = late.request();
    await settle();

    const early = open(initial);
    expect(await early.request()).toBe(200);
    await settle();
    await early.client.session.refresh();
    late.arrive();
    await first;
    await clock.advance(1000);

    expect(document()?.refreshToken).toBe('refresh-token-of-ada-2');
    clock.sleep(120_000);
    const requests = Promise.all([late.request(), early.request()]);
    await clock.advance(6000);
    expect(await requests).toEqual([200, 200]);
    expect(issuer.isDead).toBe(false);
  },
);

test.each([true, false])(
  'what a client starts with signs nobody in again after a sign-out elsewhere (store that tells: %s)',
  async (tells) => {
    const { clock, issuer, open } = createPlace(tells);
    const other = open();
    await other.client.session.signIn(issuer.login('ada'));
    const late = open(issuer.login('bob'));
    expect(await late.request()).toBe(200);

    await other.client.signOut();
    await clock.advance(1000);
    await late.request();
    await late.client.session.refresh().catch(() => {});
    expect(late.client.session.snapshot).toEqual({ status: 'signed-out' });
    expect(await late.request()).toBe('SIGNED_OUT');
  },
);

test('of two clients that start at once with different users, both end up with the same one', async () => {
  const { clock, issuer, document, open } = createPlace(true);
  const clients = [open(issuer.login('ada')), open(issuer.login('bob'))];
  await Promise.all(clients.map(({ client }) => client.session.ready));
  await clock.advance(1000);
  const { userId } = document() ?? {};
  expect(['ada', 'bob']).toContain(userId);
  for (const { client } of clients)
    expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: userId } });
});
