/** Token sources as people have them: identity SDKs with a state and a cache of their own, and cookies. */
import { expect, test } from 'vitest';
import type { TokenResult, TokenSource } from '../../src/contracts.ts';
import { Client } from '../../src/index.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { quiet } from '../support/quiet.ts';
import { sendJson, startServer, type TestServer } from '../support/server.ts';
import { createDeferred, createTokenValet, outcomeOf } from '../support/token-valet.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** An identity SDK in a page: it knows its user, keeps tokens until they end, and tells of sign-ins and sign-outs. */
interface Sdk {
  readonly source: TokenSource;
  /** How many tokens the issuer handed out. */
  readonly issued: number;
  /** The user signs in or out in the SDK's own dialog, or in another tab. */
  become(user: string | undefined): void;
  /** How many sign-outs reached the issuer. */
  readonly signOuts: number;
}

function createSdk(now: () => number, nobody: () => TokenResult = () => null): Sdk {
  const listeners = new Set<() => void>();
  let user: string | undefined;
  let cached: { readonly token: string; readonly end: number } | undefined;
  let issued = 0;
  let signOuts = 0;
  const become = (next: string | undefined): void => {
    user = next;
    cached = undefined;
    for (const listener of listeners) listener();
  };
  const source: TokenSource = {
    async getToken({ forceRefresh }) {
      if (user === undefined) return nobody();
      if (cached === undefined || forceRefresh || cached.end - now() < MINUTE) {
        const [iat, end] = [now() / SECOND, now() + 10 * MINUTE];
        cached = { end, token: createJwt({ sub: user, jti: ++issued, iat, exp: end / SECOND }) };
      }
      return cached.token;
    },
    subscribe(changed) {
      listeners.add(changed);
      return () => void listeners.delete(changed);
    },
    async signOut() {
      // The network first: until then the SDK still has its token.
      await settle();
      signOuts++;
      become(undefined);
    },
  };
  return {
    source,
    become,
    get issued() {
      return issued;
    },
    get signOuts() {
      return signOuts;
    },
  };
}

test('a source that signs in and out on its own is followed, and asked only when it says so', async () => {
  const clock = createManualClock();
  const sdk = createSdk(clock.now);
  const { client, asked, sent, events, request } = createTokenValet(sdk.source, { clock });
  expect(await request()).toBe('SIGNED_OUT');

  sdk.become('ada');
  await settle();
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
  expect(await request()).toBe(200);
  sdk.become('bob');
  // At once: what is held may be Ada's, so it is not sent any more.
  expect(await request()).toBe('SESSION_CHANGED');
  expect(sent).toHaveLength(1);
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'bob' } });
  sdk.become(undefined);
  await settle();
  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
  expect(await request()).toBe('SIGNED_OUT');

  expect(events.filter((name) => name === 'userchange')).toHaveLength(3);
  expect(asked).toHaveLength(5);
});

test('a sign-out here is a sign-out there, and the change that the source tells of signs nobody in again', async () => {
  const clock = createManualClock();
  const sdk = createSdk(clock.now);
  const { client, sent, request } = createTokenValet(sdk.source, { clock });
  sdk.become('ada');
  await request();
  const signedOut = client.signOut();
  // While the SDK is still busy with it, and has its token.
  expect(await request()).toBe('SIGNED_OUT');
  await signedOut;
  await settle();

  expect(await request()).toBe('SIGNED_OUT');
  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
  expect([sdk.signOuts, sent.length]).toEqual([1, 1]);
});

test('a source that throws login_required is left alone until it tells of a sign-in (rule T6)', async () => {
  const clock = createManualClock();
  const sdk = createSdk(clock.now, () => {
    throw Object.assign(new Error('Login required'), { error: 'login_required' });
  });
  const { client, asked, request } = createTokenValet(sdk.source, { clock });
  for (let n = 0; n < 5; n++) expect(await request()).toBe('SIGNED_OUT');
  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
  expect(asked).toHaveLength(1);

  sdk.become('ada');
  expect(await request()).toBe(200);
  sdk.become(undefined);
  await settle();
  expect(client.session.snapshot).toMatchObject({ status: 'ended', user: { id: 'ada' } });
  for (let n = 0; n < 5; n++) expect(await request()).toBe('SESSION_ENDED');
  sdk.become('ada');
  expect(await request()).toBe(200);
  expect(asked).toHaveLength(4);
});

test('a source with a cache is passed after a 401, once, and its new token serves the next requests', async () => {
  const clock = createManualClock();
  const sdk = createSdk(clock.now);
  let revoked = '';
  const { asked, sent, request } = createTokenValet(sdk.source, {
    clock,
    respond: ({ headers }) =>
      new Response('', { status: headers.get('authorization') === revoked ? 401 : 200 }),
  });
  sdk.become('ada');
  await request();
  revoked = String(sent[0]);
  expect(await Promise.all([request(), request(), request()])).toEqual([200, 200, 200]);
  await clock.advance(MINUTE);
  expect(await request()).toBe(200);

  expect(sdk.issued).toBe(2);
  expect(asked.map(({ reason, forceRefresh }) => [reason, forceRefresh])).toEqual([
    ['initial', false],
    ['rejected', true],
  ]);
});

/** A backend that knows its user by a cookie, which a login in another tab replaces without a word. */
interface Backend {
  readonly server: TestServer;
  user: string | undefined;
}

async function startBackend(): Promise<Backend> {
  let issued = 0;
  const backend: { user: string | undefined } = { user: 'ada' };
  const server = await startServer((request, response) => {
    const { user } = backend;
    if (request.url !== '/token') sendJson(response, { to: request.headers.authorization });
    else if (user === undefined) sendJson(response, { title: 'no cookie' }, 401);
    else sendJson(response, { token: createJwt({ sub: user, jti: ++issued }), expiresIn: 60 });
  });
  return Object.assign(backend, { server });
}

test('a cookie that silently became another user’s is a switch at the next token: nothing is mixed (rule T8)', async () => {
  const backend = await startBackend();
  await using _ = backend.server;
  const { origin } = backend.server;
  const clock = createManualClock();
  const api = createDeferred<Response>();
  // The source is the whole answer: a Response, as fetch gives it.
  using client = new Client(({ signal }) => fetch(`${origin}/token`, { method: 'POST', signal }), {
    baseUrl: 'https://api.test',
    logger: quiet,
    runtime: {
      clock,
      random: () => 0.5,
      fetch: (input) =>
        new Request(input).url.endsWith('/slow') ? api.promise : Promise.resolve(new Response('ok')),
    },
  });
  const changes: unknown[] = [];
  client.on('userchange', ({ user, previous }) => changes.push([previous?.id, user?.id]));
  expect(await outcomeOf(client.fetch('/'))).toBe(200);
  const ofAda = outcomeOf(client.fetch('/slow'));
  backend.user = 'bob';
  await clock.advance(MINUTE);

  // Started for Ada, whose token is over: what the cookie brings now is not hers.
  expect(await outcomeOf(client.fetch('/'))).toBe('SESSION_CHANGED');
  api.resolve(new Response('for Ada'));
  expect(await ofAda).toBe('SESSION_CHANGED');
  expect(await outcomeOf(client.fetch('/'))).toBe(200);
  expect(client.session.snapshot).toMatchObject({ user: { id: 'bob' } });
  expect(changes).toEqual([
    [undefined, 'ada'],
    ['ada', 'bob'],
  ]);
});

test('a cookie that is gone ends the session, and one that is back is asked for by session.refresh()', async () => {
  const backend = await startBackend();
  await using _ = backend.server;
  const clock = createManualClock();
  using client = new Client(() => fetch(`${backend.server.origin}/token`, { method: 'POST' }), {
    baseUrl: 'https://api.test',
    logger: quiet,
    runtime: { clock, random: () => 0.5, fetch: async () => new Response('ok') },
  });
  const request = (): Promise<number | string> => outcomeOf(client.fetch('/'));
  expect(await request()).toBe(200);
  backend.user = undefined;
  await clock.advance(MINUTE);
  expect([await request(), await request()]).toEqual(['SESSION_ENDED', 'SESSION_ENDED']);
  expect(backend.server.received).toHaveLength(2);
  backend.user = 'ada';
  await client.session.refresh();
  expect(await request()).toBe(200);
});

test('a source that changed and has a bad moment is asked again by the next request, not by itself', async () => {
  let change = (): void => {};
  let isDown = false;
  const { clock, asked, request } = createTokenValet({
    getToken() {
      if (isDown) throw new TypeError('fetch failed');
      return 'token-of-ada';
    },
    subscribe(changed) {
      change = changed;
      return () => {};
    },
  });
  await request();
  isDown = true;

  change();
  await clock.advance(10 * MINUTE);
  expect(asked).toHaveLength(2);

  isDown = false;
  expect(await request()).toBe(200);
  expect(asked).toHaveLength(3);
});

test('a source that tells of a change after each answer is not asked for ever, and is heard again later', async () => {
  const clock = createManualClock();
  let change = (): void => {};
  let user = 'ada';
  const { client, asked, request } = createTokenValet(
    {
      getToken() {
        clock.setTimeout(() => change(), 1);
        return createJwt({ sub: user });
      },
      subscribe(changed) {
        change = changed;
        return () => {};
      },
    },
    { clock },
  );
  expect(await request()).toBe(200);
  await clock.advance(500);
  const before = asked.length;
  expect(before).toBeLessThan(10);
  expect(await request()).toBe(200);
  expect(asked).toHaveLength(before + 1);

  await clock.advance(2000);
  expect(asked).toHaveLength(before + 1);
  user = 'bob';
  change();
  await settle();
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'bob' } });
});

test.each([
  ['changes while it is asked', false],
  ['changes after its answers', true],
])('a login at a source is taken at once, also after many %s', async (_, answersBetween) => {
  let change = (_isAtHand?: boolean): void => {};
  let user = 'ada';
  const { client, request } = createTokenValet({
    getToken: () => createJwt({ sub: user }),
    subscribe(changed) {
      change = changed;
      return () => {};
    },
  });
  expect(await request()).toBe(200);
  for (let count = 0; count < 10; count++) {
    change();
    if (answersBetween) await settle();
  }
  await settle();
  user = 'bob';
  change(answersBetween);
  await settle();
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'bob' } });
});
