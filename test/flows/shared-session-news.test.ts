import { expect, test } from 'vitest';
import type { SessionDocument, TokenStore } from '../../src/contracts.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { sharedStore } from '../../src/stores.ts';
import { createManualClock, type ManualClock, settle } from '../support/clock.ts';
import { createRotatingIssuer, type RotatingIssuer } from '../support/rotating-issuer.ts';
import { createDeferred, createTokenValet, type Deferred, type TokenValet } from '../support/token-valet.ts';

interface Scene {
  readonly clock: ManualClock;
  readonly issuer: RotatingIssuer;
  /** The other tab. */
  readonly a: TokenValet;
  /** The tab whose reads take as long as the test says. */
  readonly b: TokenValet;
  /** From now on a read waits; what it read is what was stored when it began. */
  hold(): Deferred<void>;
}

function createScene(): Scene {
  const clock = createManualClock();
  const issuer = createRotatingIssuer();
  const memory = createMemoryStore({ clock });
  let gate = Promise.resolve();
  const slow: TokenStore = {
    ...memory,
    async read() {
      const stored = (await memory.read()) as SessionDocument | undefined;
      await gate;
      return stored;
    },
  };
  const open = (store: TokenStore): TokenValet =>
    createTokenValet(issuer.provider, { clock, store: sharedStore(store) });
  return {
    clock,
    issuer,
    a: open(memory),
    b: open(slow),
    hold() {
      const held = createDeferred<void>();
      gate = held.promise;
      return held;
    },
  };
}

test('what is asked while the news of another user is being read is not sent as the old one', async () => {
  const { issuer, a, b, hold } = createScene();
  await a.client.session.signIn(issuer.login('ada'));
  await b.request();
  const sent = b.sent.length;
  const reading = hold();
  const login = issuer.login('bob');
  await a.client.session.signIn(login);
  await settle();
  const answers = [b.request(), b.request()];
  await settle();
  expect(b.sent).toHaveLength(sent);
  reading.resolve();
  await Promise.all(answers);
  expect(await b.request()).toBe(200);
  expect(new Set(b.sent.slice(sent))).toEqual(new Set([`Bearer ${login.token}`]));
});

test('what is told while the news are being read is read as well, though nobody asks for it', async () => {
  const { issuer, a, b, hold } = createScene();
  await a.client.session.signIn(issuer.login('ada'));
  await b.request();
  const reading = hold();
  await a.client.session.signIn(issuer.login('bob'));
  await settle();
  await a.client.session.signIn(issuer.login('eve'));
  await settle();
  reading.resolve();
  await settle();
  expect(b.client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'eve' } });
});

test('a token that another tab has stored is told as taken over, with its age and what is left of it', async () => {
  const { clock, issuer, a, b, hold } = createScene();
  const told: unknown[] = [];
  b.client.on('adopted', (event) => told.push(event));
  a.client.on('adopted', () => told.push('by the tab that stored it'));
  const reading = hold();
  await a.client.session.signIn(issuer.login('ada'));
  await clock.advance(4000);
  reading.resolve();
  expect(await b.request()).toBe(200);
  expect(told).toEqual([{ age: 4000, lifetime: 60_000, window: expect.any(Number) }]);
  await clock.advance(5000);
  await b.request();
  expect(told).toHaveLength(1);
  await a.client.session.refresh();
  await settle();
  await b.request();
  expect(told).toHaveLength(2);
  expect(told[1]).toMatchObject({ age: 0 });
});

test('whoever signs out on hearing of the user hears of no token besides', async () => {
  const { issuer, a, b } = createScene();
  const told: string[] = [];
  b.client.on('signedin', () => void b.client.signOut());
  b.client.on('adopted', () => told.push('adopted'));
  b.client.on('signedout', () => told.push('signedout'));
  await a.client.session.signIn(issuer.login('ada'));
  expect(await b.request()).toBe('SIGNED_OUT');
  expect(told).toEqual(['signedout']);
});

test('a session that has heard of many changes still reads what is told while it is reading', async () => {
  const { issuer, a, b, hold } = createScene();
  await a.client.session.signIn(issuer.login('ada'));
  await b.request();
  for (let change = 0; change < 10; change++) {
    await a.client.session.refresh();
    await settle();
  }
  const reading = hold();
  await a.client.session.signIn(issuer.login('bob'));
  await settle();
  await a.client.session.signIn(issuer.login('eve'));
  reading.resolve();
  await settle();
  expect(b.client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'eve' } });
});

test('a store that tells of a change whenever it is read is not read for ever, and still heard', async () => {
  const clock = createManualClock();
  const issuer = createRotatingIssuer();
  const { subscribe: _, ...memory } = createMemoryStore({ clock });
  const listeners = new Set<() => void>();
  let reads = 0;
  const noisy: TokenStore = {
    ...memory,
    read() {
      if (++reads > 1000) throw new Error('read again and again');
      for (const listener of listeners) listener();
      return memory.read();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const a = createTokenValet(issuer.provider, { clock, store: sharedStore(memory) });
  const b = createTokenValet(issuer.provider, { clock, store: sharedStore(noisy) });
  await a.client.session.signIn(issuer.login('ada'));

  expect(await b.request()).toBe(200);
  await settle();
  expect(await b.request()).toBe(200);
  await settle();
  expect(reads).toBeLessThan(20);

  const login = issuer.login('bob');
  await a.client.session.signIn(login);
  await clock.advance(500);
  expect(await b.request()).toBe(200);
  expect(b.sent.at(-1)).toBe(`Bearer ${login.token}`);
  expect(reads).toBeLessThan(20);
});
