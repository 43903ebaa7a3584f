import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import type { EventName } from '../../src/events.ts';
import { accessToken, createFetch } from '../../src/fetch.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import {
  countingProvider,
  createHeldProvider,
  createTokenValet,
  isSettled,
  outcomeOf,
} from '../support/token-valet.ts';

const MINUTE = 60_000;
const ADA = createJwt({ sub: 'ada' });
const BOB = createJwt({ sub: 'bob' });

const invalidGrant = (): Response => Response.json({ error: 'invalid_grant' }, { status: 400 });

function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: { code?: string; name: string }) => error.code ?? error.name,
  );
}

test('a listener that signs out as soon as somebody signs in is obeyed by what waited for the token', async () => {
  for (const name of ['userchange', 'signedin'] as const) {
    const { client, sent, request } = createTokenValet(() => ADA);
    client.on(name, () => {
      if (client.session.snapshot.status === 'signed-in') void client.signOut();
    });

    expect([name, await request()]).toEqual([name, 'SIGNED_OUT']);
    expect(client.session.snapshot).toEqual({ status: 'signed-out' });
    expect(sent).toEqual([]);
  }
});

test('a session listener that signs out, signs in or closes is obeyed by what waited for the token', async () => {
  const outcomes = new Map<string, number | string>();
  for (const act of ['signOut', 'signIn', 'close'] as const) {
    const { client, sent, request } = createTokenValet(() => ADA);
    let hasActed = false;
    client.session.subscribe(() => {
      if (hasActed) return;
      hasActed = true;
      if (act === 'signOut') void client.signOut();
      if (act === 'signIn') void client.session.signIn({ token: BOB });
      if (act === 'close') client.close();
    });
    outcomes.set(act, await request());
    expect(sent).toEqual(act === 'signIn' ? [`Bearer ${BOB}`] : []);
  }

  expect(Object.fromEntries(outcomes)).toEqual({
    signOut: 'SIGNED_OUT',
    signIn: 200,
    close: 'CLIENT_CLOSED',
  });
});

test('a request sent from within a listener gets the token that was just told of', async () => {
  for (const name of ['userchange', 'signedin', 'refreshed'] as const) {
    const { client, sent } = createTokenValet(() => ADA);
    const answers: Promise<number | string>[] = [];
    client.on(name, () => void answers.push(outcomeOf(client.fetch('/from-listener'))));
    await client.session.ready;
    await settle();

    expect([name, await Promise.all(answers)]).toEqual([name, [200]]);
    expect(sent).toEqual([`Bearer ${ADA}`]);
  }
});

test('a request sent from within sessionend fails, and one after a sign-in there is sent', async () => {
  const { client, sent } = createTokenValet(invalidGrant, { initial: { token: ADA } });
  const answers: Promise<number | string>[] = [];
  client.on('sessionend', () => {
    answers.push(outcomeOf(client.fetch('/')));
    void client.session.signIn({ token: BOB });
    answers.push(outcomeOf(client.fetch('/')));
  });
  await codeOf(client.session.refresh());

  expect(await Promise.all(answers)).toEqual(['SESSION_ENDED', 200]);
  expect(sent).toEqual([`Bearer ${BOB}`]);
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'bob' } });
});

test('a listener of refresh that signs out or closes keeps the provider from being asked', async () => {
  for (const act of ['signOut', 'close'] as const) {
    const { client, asked, request } = createTokenValet(countingProvider());
    client.on('refresh', () => void (act === 'close' ? client.close() : client.signOut()));

    expect([act, await request()]).toEqual([act, act === 'close' ? 'CLIENT_CLOSED' : 'SIGNED_OUT']);
    await settle();
    expect(asked).toHaveLength(0);
  }
});

test('a refresh asked for from within sessionend or refreshfailed tries once more and is told how that went', async () => {
  for (const name of ['sessionend', 'refreshfailed'] as const) {
    const { client, asked } = createTokenValet(invalidGrant, { initial: { token: ADA } });
    const tries: Promise<string>[] = [];
    client.on(name, () => {
      if (tries.length === 0) tries.push(codeOf(client.session.refresh()));
    });

    expect([name, await codeOf(client.session.refresh())]).toEqual([name, 'SESSION_ENDED']);
    expect(await Promise.all(tries)).toEqual(['SESSION_ENDED']);
    expect(asked).toHaveLength(2);
  }
});

test('a sign-in right after a failed refresh leaves the refresh its own error', async () => {
  const { client } = createTokenValet(invalidGrant, { initial: { token: ADA } });
  client.on('refreshfailed', () => queueMicrotask(() => void client.session.signIn({ token: ADA })));

  expect(await codeOf(client.session.refresh())).toBe('SESSION_ENDED');
  expect(client.session.snapshot.status).toBe('signed-in');
});

test('session.refresh() during an ordinary refresh that comes from a cache goes on past the cache', async () => {
  const { provider, calls } = createHeldProvider();
  const { client, clock, asked, request } = createTokenValet(provider, {
    initial: { token: 'token-1', expiresIn: 60 },
  });
  await clock.advance(55_000);
  await request();
  await settle();
  const refresh = codeOf(client.session.refresh());
  calls[0]?.resolve('token-1');
  await settle();
  expect(asked.map(({ forceRefresh }) => forceRefresh)).toEqual([false, true]);
  calls[1]?.resolve('token-2');

  expect(await refresh).toBe('done');
});

test('session.refresh() during an ordinary refresh that brings a new token is content with it', async () => {
  const { provider, calls } = createHeldProvider();
  const { client, clock, request } = createTokenValet(provider, {
    initial: { token: 'token-1', expiresIn: 60 },
  });
  await clock.advance(55_000);
  await request();
  await settle();
  const refresh = codeOf(client.session.refresh());
  calls[0]?.resolve('token-2');

  expect(await refresh).toBe('done');
  expect(calls).toHaveLength(1);
});

test('many who refresh at once share one call', async () => {
  const { client, asked } = createTokenValet(countingProvider());
  await Promise.all(Array.from({ length: 20 }, () => client.session.refresh()));

  expect(asked).toHaveLength(1);
});

test('a provider that signs out, signs in or closes while it is asked has its answer dropped', async () => {
  for (const act of ['signOut', 'signIn', 'close'] as const) {
    const { client, asked, sent, request } = createTokenValet(() => {
      if (act === 'signOut') void client.signOut();
      if (act === 'signIn') void client.session.signIn({ token: BOB });
      if (act === 'close') client.close();
      return ADA;
    });
    const expected = { signOut: 'SIGNED_OUT', signIn: 200, close: 'CLIENT_CLOSED' }[act];

    expect([act, await request()]).toEqual([act, expected]);
    await settle();
    expect(sent).not.toContain(`Bearer ${ADA}`);
    expect(asked).toHaveLength(1);
  }
});

test('a sign-out and a sign-in in one breath: what waited is told that the session changed', async () => {
  const { provider } = createHeldProvider();
  const { client, clock, sent, request } = createTokenValet(provider, {
    initial: { token: ADA, expiresIn: 60 },
  });
  await clock.advance(MINUTE);
  const pending = request();
  await settle();
  void client.signOut();
  void client.session.signIn({ token: ADA });

  expect(await pending).toBe('SESSION_CHANGED');
  expect(sent).toEqual([]);
  expect(await request()).toBe(200);
});

test('a refresh that a sign-in overtook before it began asks nobody and is not told of', async () => {
  const { client, asked, events, request } = createTokenValet(countingProvider());
  const pending = request();
  await client.session.signIn({ token: ADA });

  expect(await pending).toBe(200);
  expect(asked).toHaveLength(0);
  expect(events).toEqual(['userchange', 'signedin']);
});

test('a sign-out at any moment around an answer leaves nothing of it, not even its refresh token', async () => {
  for (let moment = 0; moment < 30; moment++) {
    const { provider, calls } = createHeldProvider();
    const { client, asked, request } = createTokenValet(provider);
    const pending = request();
    await settle();
    calls[0]?.resolve({ token: ADA, refreshToken: 'of-ada' });
    for (let n = 0; n < moment; n++) await Promise.resolve();
    void client.signOut();
    expect([moment, await pending]).toEqual([
      moment,
      expect.toBeOneOf(['SIGNED_OUT', 'SESSION_CHANGED', 200]),
    ]);
    expect(client.session.snapshot).toEqual({ status: 'signed-out' });
    void client.session.refresh().catch(() => {});
    await settle();

    expect([moment, asked[1]?.refreshToken]).toEqual([moment, undefined]);
  }
});

test('sign-outs and sign-ins in any number leave the last one standing', async () => {
  const { client, asked, request } = createTokenValet(countingProvider());
  for (let n = 0; n < 50; n++) {
    void client.session.signIn({ token: n % 2 === 0 ? ADA : BOB });
    void client.signOut();
  }
  await client.session.signIn({ token: BOB });

  expect(await request()).toBe(200);
  expect(client.session.snapshot).toMatchObject({ user: { id: 'bob' } });
  expect(asked).toHaveLength(0);
});

test('a source that tells of a thousand changes at once is asked once', async () => {
  let changed = (): void => {};
  const { asked, client, events } = createTokenValet({
    getToken: () => ADA,
    subscribe(listener) {
      changed = listener;
      return () => {};
    },
  });
  await client.session.ready;
  for (let n = 0; n < 1000; n++) changed();
  await settle();

  expect(asked).toHaveLength(2);
  expect(events.filter((name) => name === 'refresh')).toHaveLength(2);
});

test('a refresh that a sign-in overtook leaves no timer, whether or not its provider heeds the signal', async () => {
  const { provider } = createHeldProvider();
  const { client, clock, request } = createTokenValet(provider, {
    initial: { token: ADA, expiresIn: 60, refreshToken: 'r0' },
  });
  await clock.advance(MINUTE);
  void request();
  void client.session.refresh().catch(() => {});
  await settle();
  await client.session.signIn({ token: BOB });
  await settle();

  expect([clock.timers, clock.wakeListeners]).toEqual([0, 0]);
});

test('a listener that throws harms nobody, wherever it listens (rule T15)', async () => {
  const names: readonly EventName[] = [
    'refresh',
    'refreshed',
    'refreshfailed',
    'signedin',
    'userchange',
    'sessionend',
    'signedout',
    'replay',
    'warning',
    'request',
    'response',
    'requestfailed',
  ];
  let answer: () => string | Response = () => ADA;
  const { client, request } = createTokenValet(() => answer());
  const fail = (): never => {
    throw new Error('of a listener');
  };
  for (const name of names) client.on(name, fail);
  client.session.subscribe(fail);

  expect(await request()).toBe(200);
  await client.session.refresh();
  answer = () => BOB;
  await client.session.refresh();
  answer = invalidGrant;
  expect(await codeOf(client.session.refresh())).toBe('SESSION_ENDED');
  await client.signOut();
  expect(await request()).toBe('SIGNED_OUT');
});

/** A listener that never comes to an end, and one that fails later. */
const endless = (): Promise<void> => new Promise(() => {});
const failing = (): Promise<void> => Promise.reject(new Error('of a listener'));

test('listeners are not waited for (rule T15)', async () => {
  const { client, request } = createTokenValet(() => ADA);
  client.on('signedin', () => void endless());
  client.session.subscribe(endless as () => void);

  expect(await isSettled(request())).toBe(true);
});

test('a listener that rejects is handled and told of (rule T15)', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  const { client, events, request } = createTokenValet(() => ADA);
  client.on('signedin', failing as () => void);
  client.session.subscribe(failing as () => void);
  await request();
  await settle();
  process.off('unhandledRejection', note);

  expect(unhandled).toEqual([]);
  expect(events).toContain('warning');
});

test('a sign-out during session.refresh() is not undone by it', async () => {
  const { provider, calls } = createHeldProvider();
  const { client, request } = createTokenValet(provider, { initial: { token: ADA } });
  const refresh = codeOf(client.session.refresh());
  await settle();
  await client.signOut();
  calls[0]?.resolve(ADA);

  expect(await refresh).toBe('SIGNED_OUT');
  expect(await request()).toBe('SIGNED_OUT');
  expect(calls).toHaveLength(1);
});

test('a sign-in during session.refresh() is as good as what it would have brought', async () => {
  const { provider, calls } = createHeldProvider();
  const { client, sent, request } = createTokenValet(provider, { initial: { token: ADA } });
  const refresh = codeOf(client.session.refresh());
  await settle();
  await client.session.signIn({ token: BOB });

  expect(await refresh).toBe('done');
  expect(await request()).toBe(200);
  expect(sent).toEqual([`Bearer ${BOB}`]);
  expect(calls).toHaveLength(1);
});

test('a source that changes during session.refresh() is asked anew, and the refresh waits for that', async () => {
  const { provider, calls } = createHeldProvider();
  let changed = (): void => {};
  const { client } = createTokenValet({
    getToken: provider,
    subscribe(listener) {
      changed = listener;
      return () => {};
    },
  });
  const refresh = codeOf(client.session.refresh());
  await settle();
  changed();
  await settle();
  calls[0]?.resolve(ADA);
  expect(await isSettled(refresh)).toBe(false);
  calls[1]?.resolve(BOB);

  expect(await refresh).toBe('done');
  expect(client.session.snapshot).toMatchObject({ user: { id: 'bob' } });
});

test('a signal that lives as long as the program gathers no listeners', async () => {
  const { signal } = new AbortController();
  const clock = createManualClock();
  const fetch = createFetch(accessToken(countingProvider(60)), {
    baseUrl: 'https://api.test',
    runtime: { clock, fetch: () => Promise.resolve(new Response(null, { status: 401 })) },
  });
  for (let n = 0; n < 50; n++) {
    expect((await fetch('/', { signal })).status).toBe(401);
    await clock.advance(MINUTE);
  }

  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  expect([clock.timers, clock.wakeListeners]).toEqual([0, 0]);
});
