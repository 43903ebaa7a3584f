import { expect, test } from 'vitest';
import type { SessionSnapshot, TokenSource } from '../../src/contracts.ts';
import type { Client } from '../../src/index.ts';
import { settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { valetErrorOf } from '../support/thrown.ts';
import {
  createDeferred,
  createHeldProvider,
  createTokenValet,
  type Deferred,
  isSettled,
  outcomeOf,
} from '../support/token-valet.ts';

const MINUTE = 60_000;
const ADA = createJwt({ sub: 'ada' });
const ADA_AGAIN = createJwt({ sub: 'ada', jti: 2 });
const BOB = createJwt({ sub: 'bob' });

/** An API whose every answer a test gives by hand. */
function createHeldApi(): { respond: () => Promise<Response>; answers: Deferred<Response>[] } {
  const answers: Deferred<Response>[] = [];
  return {
    answers,
    respond() {
      const answer = createDeferred<Response>();
      answers.push(answer);
      return answer.promise;
    },
  };
}

const unauthorized = (): Response => new Response(null, { status: 401 });
const invalidGrant = (): Response => Response.json({ error: 'invalid_grant' }, { status: 400 });

test('an answer that comes after a sign-out is dropped, and its body let go (rule T8)', async () => {
  const { respond, answers } = createHeldApi();
  const { client, request } = createTokenValet(() => ADA, { respond, initial: { token: ADA } });
  const pending = request();
  await client.signOut();
  let cancelled = false;
  answers[0]?.resolve(
    new Response(
      new ReadableStream({
        cancel() {
          cancelled = true;
        },
      }),
    ),
  );

  expect(await pending).toBe('SESSION_CHANGED');
  expect(cancelled).toBe(true);
});

test('an answer that comes after another user signed in is dropped, and the next one is hers', async () => {
  const { respond, answers } = createHeldApi();
  const { client, sent, request } = createTokenValet(() => ADA, { respond, initial: { token: ADA } });
  const ofAda = request();
  await client.session.signIn({ token: BOB });
  const ofBob = request();
  for (const answer of answers) answer.resolve(new Response());

  expect(await Promise.all([ofAda, ofBob])).toEqual(['SESSION_CHANGED', 200]);
  expect(sent).toEqual([`Bearer ${ADA}`, `Bearer ${BOB}`]);
});

test('a verb is of the user it was called for, however long its hooks take (rule T8)', async () => {
  const { client, sent } = createTokenValet(() => ADA, { initial: { token: ADA } });
  let goOn = (): void => {};
  const hooked = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const ofAda = client.post('notes', { json: { text: 'of Ada' }, hooks: { beforeRequest: [() => hooked] } });
  const outcome = valetErrorOf(() => ofAda);
  await client.session.signIn({ token: BOB });
  goOn();
  expect(await outcome).toMatchObject({ code: 'SESSION_CHANGED' });

  // Also where the switch comes in the very moment of the call.
  const again = valetErrorOf(() => client.post('notes', { json: { text: 'of Bob' } }));
  await client.session.signIn({ token: ADA });
  expect(await again).toMatchObject({ code: 'SESSION_CHANGED' });
  expect(sent).toEqual([]);
});

test('a request of before does not wait on for the token of another user', async () => {
  const { provider, calls } = createHeldProvider();
  const { client, clock, sent, request } = createTokenValet(provider, {
    initial: { token: ADA, expiresIn: 60 },
  });
  await clock.advance(MINUTE);
  const ofAda = request();
  await settle();
  await client.session.signIn({ token: BOB });

  expect(await ofAda).toBe('SESSION_CHANGED');
  expect(sent).toEqual([]);
  // What the refresh of her session brings now is nobody's.
  calls[0]?.resolve({ token: ADA_AGAIN, refreshToken: 'of-ada' });
  await settle();
  expect(client.session.snapshot).toMatchObject({ user: { id: 'bob' } });
  expect(await request()).toBe(200);
  expect(sent).toEqual([`Bearer ${BOB}`]);
});

test('a 401 of before is not replayed with the token of another user (rule P2)', async () => {
  const { respond, answers } = createHeldApi();
  const { client, asked, sent, request } = createTokenValet(() => BOB, { respond, initial: { token: ADA } });
  const ofAda = request();
  await client.session.signIn({ token: BOB });
  answers[0]?.resolve(unauthorized());

  expect(await ofAda).toBe('SESSION_CHANGED');
  expect([asked.length, sent.length]).toEqual([0, 1]);
});

test('a replay that was answered after a sign-out is dropped', async () => {
  const { respond, answers } = createHeldApi();
  const { client, request } = createTokenValet(() => ADA_AGAIN, { respond, initial: { token: ADA } });
  const pending = request();
  answers[0]?.resolve(unauthorized());
  await settle();
  expect(answers).toHaveLength(2);
  await client.signOut();
  answers[1]?.resolve(new Response());

  expect(await pending).toBe('SESSION_CHANGED');
});

test('a 401 whose refresh is under way at a sign-out is told that the session changed', async () => {
  const { provider, calls } = createHeldProvider();
  const { client, sent, request } = createTokenValet(provider, {
    respond: unauthorized,
    initial: { token: ADA },
  });
  const pending = request();
  await settle();
  await client.signOut();
  calls[0]?.resolve(ADA_AGAIN);

  expect(await pending).toBe('SESSION_CHANGED');
  expect(sent).toHaveLength(1);
});

test('a refresh that brings another user is a switch: what waits for it is of before (rule T8)', async () => {
  const { provider, calls } = createHeldProvider();
  const { client, clock, sent, events, request } = createTokenValet(provider, {
    initial: { token: ADA, expiresIn: 60 },
  });
  await clock.advance(MINUTE);
  const ofAda = request();
  await settle();
  calls[0]?.resolve({ token: BOB, expiresIn: 60 });

  expect(await ofAda).toBe('SESSION_CHANGED');
  expect(sent).toEqual([]);
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'bob' } });
  expect(events).toEqual(['refresh', 'userchange', 'signedin', 'refreshed', 'warning']);
  expect(await request()).toBe(200);
});

test('a refresh after a 401 that brings another user replays nothing', async () => {
  const { sent, request } = createTokenValet(() => BOB, { respond: unauthorized, initial: { token: ADA } });

  expect(await request()).toBe('SESSION_CHANGED');
  expect(sent).toHaveLength(1);
});

test('a request from before anybody was known belongs to whoever signs in first (rule T8)', async () => {
  const { provider } = createHeldProvider();
  const { client, sent, request } = createTokenValet(provider);
  const pending = request();
  await settle();
  await client.session.signIn({ token: ADA });

  expect(await pending).toBe(200);
  expect(sent).toEqual([`Bearer ${ADA}`]);
});

test('and is dropped when somebody else has signed in before its answer', async () => {
  const { respond, answers } = createHeldApi();
  const { client, request } = createTokenValet(() => ADA, { respond });
  const pending = request();
  await settle();
  await client.session.signIn({ token: BOB });
  answers[0]?.resolve(new Response());

  expect(await pending).toBe('SESSION_CHANGED');
});

test('what a provider answers after a sign-out is nobody’s: not its token, nor its refresh token', async () => {
  const { provider, calls } = createHeldProvider();
  const { client, asked, events, request } = createTokenValet(provider);
  void request();
  await settle();
  await client.signOut();
  expect(asked[0]?.signal.aborted).toBe(true);
  calls[0]?.resolve({ token: ADA, refreshToken: 'of-ada' });
  await settle();

  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
  expect(events).not.toContain('signedin');
  void client.session.refresh().catch(() => {});
  await settle();
  expect(asked[1]?.refreshToken).toBeUndefined();
});

test('what a provider refuses after a sign-in does not end the new session', async () => {
  const { provider, calls } = createHeldProvider();
  const { client, clock, events, request } = createTokenValet(provider, {
    initial: { token: ADA, expiresIn: 60 },
  });
  await clock.advance(MINUTE);
  void request();
  await settle();
  await client.session.signIn({ token: BOB });
  calls[0]?.resolve(invalidGrant());
  await settle();

  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'bob' } });
  expect(events).not.toContain('sessionend');
  expect(await request()).toBe(200);
});

test('the same user after the end continues: what was sent before is answered (rule T7)', async () => {
  const { respond, answers } = createHeldApi();
  const { client, events, request } = createTokenValet(invalidGrant, { respond, initial: { token: ADA } });
  const pending = request();
  await client.session.refresh().catch(() => {});
  expect(client.session.snapshot).toMatchObject({ status: 'ended', user: { id: 'ada' } });
  expect(await request()).toBe('SESSION_ENDED');

  await client.session.signIn({ token: ADA_AGAIN });
  answers[0]?.resolve(new Response());

  expect(await pending).toBe(200);
  expect(events).toEqual(['refresh', 'sessionend', 'refreshfailed', 'warning', 'signedin']);
});

test('another user after the end switches: what was sent before is dropped (rule T7)', async () => {
  const { respond, answers } = createHeldApi();
  const { client, events, request } = createTokenValet(invalidGrant, { respond, initial: { token: ADA } });
  const pending = request();
  await client.session.refresh().catch(() => {});

  await client.session.signIn({ token: BOB });
  answers[0]?.resolve(new Response());

  expect(await pending).toBe('SESSION_CHANGED');
  expect(events.slice(-3, -1)).toEqual(['userchange', 'signedin']);
});

test('the same user after a sign-out is a new session: what was sent before is dropped', async () => {
  const { respond, answers } = createHeldApi();
  const { client, request } = createTokenValet(() => ADA, { respond, initial: { token: ADA } });
  const pending = request();
  await client.signOut();
  await client.session.signIn({ token: ADA });
  answers[0]?.resolve(new Response());

  expect(await pending).toBe('SESSION_CHANGED');
});

test('the same user signing in again while signed in changes nothing for requests under way', async () => {
  const { respond, answers } = createHeldApi();
  const { client, events, request } = createTokenValet(() => ADA, { respond, initial: { token: ADA } });
  const pending = request();
  await client.session.signIn({ token: ADA_AGAIN });
  answers[0]?.resolve(new Response());

  expect(await pending).toBe(200);
  expect(events).toEqual([]);
});

test('userchange is told before anything can be shown: before ready, listeners and answers (rule T8)', async () => {
  const order: string[] = [];
  const { client, request } = createTokenValet(() => ADA);
  const idOf = (snapshot: SessionSnapshot): string =>
    'user' in snapshot ? snapshot.user.id : snapshot.status;
  client.session.subscribe(() => order.push(`listener ${idOf(client.session.snapshot)}`));
  client.on('userchange', ({ user }) => order.push(`userchange ${user?.id}`));
  const all = [
    client.session.ready.then((snapshot) => order.push(`ready ${idOf(snapshot)}`)),
    request().then((status) => order.push(`answer ${status}`)),
  ];
  await Promise.all(all);
  await client.session.signIn({ token: BOB });
  await client.signOut();

  expect(order[0]).toBe('userchange ada');
  expect(order.filter((line) => /userchange|listener/.test(line))).toEqual([
    'userchange ada',
    'listener ada',
    'userchange bob',
    'listener bob',
    'userchange undefined',
    'listener signed-out',
  ]);
});

test('a retry in another session is not sent (rule P2)', async () => {
  const { client, sent } = createTokenValet(() => ADA, {
    initial: { token: ADA },
    respond: () => new Response(null, { status: 503 }),
  });
  const answer = client.get('/', {
    retry: { delay: () => 0 },
    hooks: { beforeRetry: [() => client.session.signIn({ token: BOB })] },
  });

  await expect(answer).rejects.toMatchObject({ code: 'SESSION_CHANGED' });
  expect(sent).toEqual([`Bearer ${ADA}`]);
});

/** A source whose state a test changes. */
function createSource(getToken: TokenSource['getToken']): { source: TokenSource; change: () => void } {
  let listener = (): void => {};
  const source: TokenSource = {
    getToken,
    subscribe(changed) {
      listener = changed;
      return () => {};
    },
  };
  return { source, change: () => listener() };
}

test('when the source changes, what is held is not sent until the source has answered (rule T8)', async () => {
  const { provider, calls } = createHeldProvider();
  const { source, change } = createSource(provider);
  const { asked, sent, request } = createTokenValet(source, { initial: { token: ADA } });
  expect(await request()).toBe(200);
  change();
  const pending = request();
  expect(await isSettled(pending)).toBe(false);
  expect(asked).toMatchObject([{ reason: 'initial', forceRefresh: false }]);
  calls[0]?.resolve(ADA);

  expect(await pending).toBe(200);
  expect(sent).toEqual([`Bearer ${ADA}`, `Bearer ${ADA}`]);
});

test('a source that changed to the same user changes nothing', async () => {
  const { respond, answers } = createHeldApi();
  const { source, change } = createSource(() => ADA_AGAIN);
  const { client, events, request } = createTokenValet(source, { respond, initial: { token: ADA } });
  const { snapshot } = client.session;
  const pending = request();
  change();
  await settle();
  answers[0]?.resolve(new Response());

  expect(await pending).toBe(200);
  expect(client.session.snapshot).toBe(snapshot);
  expect(events).toEqual(['refresh', 'refreshed']);
});

test('a source that changed and does not say to whom is a switch, unless its token is the same', async () => {
  let token = 'opaque-1';
  const { source, change } = createSource(() => token);
  const { client, events } = createTokenValet(source);
  const snapshot = await client.session.ready;
  change();
  await settle();
  expect(client.session.snapshot).toBe(snapshot);
  token = 'opaque-2';
  change();
  await settle();

  expect(client.session.snapshot).not.toEqual(snapshot);
  expect(events.filter((name) => name === 'userchange')).toHaveLength(2);
});

test('a source that changed to another user is a switch, and one without tokens is a sign-out', async () => {
  const { respond, answers } = createHeldApi();
  let token: string | null = BOB;
  const { source, change } = createSource(() => token);
  const { client, request } = createTokenValet(source, { respond, initial: { token: ADA } });
  const ofAda = request();
  change();
  await settle();
  answers[0]?.resolve(new Response());
  expect(await ofAda).toBe('SESSION_CHANGED');
  expect(client.session.snapshot).toMatchObject({ user: { id: 'bob' } });
  token = null;
  change();
  await settle();

  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
  expect(await request()).toBe('SIGNED_OUT');
});

test('a source that changes after the end is asked again (rule T6)', async () => {
  let isOver = true;
  const { source, change } = createSource(() => (isOver ? invalidGrant() : ADA_AGAIN));
  const { client, asked, request } = createTokenValet(source, { initial: { token: ADA } });
  await client.session.refresh().catch(() => {});
  expect(await request()).toBe('SESSION_ENDED');
  expect(asked).toHaveLength(1);
  isOver = false;
  change();

  expect(await request()).toBe(200);
});

test('a source that changes during its own answer is asked anew, and the first answer dropped', async () => {
  const { provider, calls } = createHeldProvider();
  const { source, change } = createSource(provider);
  const { sent, request } = createTokenValet(source);
  const pending = request();
  await settle();
  change();
  await settle();
  // Its answer may bring the only refresh token that is still good, so it is waited for (rule T4).
  expect(calls).toHaveLength(1);
  calls[0]?.resolve(ADA);
  await settle();
  expect(calls).toHaveLength(2);
  expect(sent).toEqual([]);
  calls[1]?.resolve(BOB);

  expect(await pending).toBe(200);
  expect(sent).toEqual([`Bearer ${BOB}`]);
});

test('a source that changes again while it is asked anew is asked once more: its last word counts (rule T8)', async () => {
  const { provider, calls } = createHeldProvider();
  const { source, change } = createSource(provider);
  const { client, sent, request } = createTokenValet(source);
  const pending = request();
  await settle();
  for (const token of [ADA, BOB]) {
    change();
    calls.at(-1)?.resolve(token);
    await settle();
  }
  calls[2]?.resolve(null);

  expect(await pending).toBe('SIGNED_OUT');
  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
  expect(sent).toEqual([]);
});

test('a source that tells of a change whenever it is asked is asked a few times, and then believed', async () => {
  const { source, change } = createSource(() => {
    change();
    return ADA;
  });
  const { asked, request } = createTokenValet(source);

  expect(await request()).toBe(200);
  expect(asked.length).toBeLessThanOrEqual(4);
  expect(await request()).toBe(200);
  expect(asked.length).toBeLessThanOrEqual(4);
});

test('a refresh token that was refused is not sent again when the source has changed meanwhile (rule T6)', async () => {
  const { provider, calls } = createHeldProvider();
  const { source, change } = createSource(provider);
  const { asked, client, request } = createTokenValet(source, {
    initial: { token: ADA, refreshToken: 'r0' },
    respond: () => new Response(null, { status: calls.length === 0 ? 401 : 200 }),
  });
  const pending = request();
  await settle();
  change();
  calls[0]?.resolve(invalidGrant());
  await settle();
  calls[1]?.resolve({ token: ADA_AGAIN });

  expect(await pending).toBe(200);
  expect(asked.map(({ refreshToken }) => refreshToken)).toEqual(['r0', undefined]);
  expect(client.session.snapshot.status).toBe('signed-in');
});

test('auth: optional sends bare when nobody is signed in, and not when the session has ended', async () => {
  const nobody = createTokenValet(() => null);
  expect(await outcomeOf(nobody.client.fetch('/', { auth: 'optional' }))).toBe(200);
  expect(nobody.sent).toEqual(['']);

  const ended = createTokenValet(invalidGrant, { initial: { token: ADA } });
  await ended.client.session.refresh().catch(() => {});
  expect(await outcomeOf(ended.client.fetch('/', { auth: 'optional' }))).toBe('SESSION_ENDED');
});

test.each<[string, (client: Client) => unknown]>([
  ['a sign-out', (client) => client.signOut()],
  ['a switch of user', (client) => client.session.signIn({ token: createJwt({ sub: 'bob' }) })],
])('tokens that come after %s are taken back where the source can (rule T8)', async (_, act) => {
  const held = createHeldProvider();
  const late: unknown[] = [];
  const source = { getToken: held.provider, revoke: (what: unknown): void => void late.push(what) };
  const { client, request } = createTokenValet(source, { initial: { refreshToken: 'refresh-token-0' } });
  const waiting = request();
  await settle();
  await act(client);
  await waiting;
  held.calls[0]?.resolve({ token: 'token-1', refreshToken: 'refresh-token-1' });
  await settle();
  expect(late).toEqual([{ accessToken: 'token-1', refreshToken: 'refresh-token-1', idToken: undefined }]);
});

test.each([
  ['the same refresh token', { token: 'token-1', refreshToken: 'refresh-token-0' }],
  ['no refresh token', { token: 'token-1' }],
  ['the next refresh token', { token: 'token-1', refreshToken: 'refresh-token-1' }],
  ['the same access token', { token: 'token-of-the-login', refreshToken: 'refresh-token-1' }],
])('late tokens with %s of those in use are not taken back', async (_, answer) => {
  const held = createHeldProvider();
  const late: unknown[] = [];
  const source = { getToken: held.provider, revoke: (what: unknown): void => void late.push(what) };
  const { client, request, sent } = createTokenValet(source, {
    initial: { refreshToken: 'refresh-token-0' },
  });
  const waiting = request();
  await settle();
  await client.session.signIn({ token: 'token-of-the-login', refreshToken: 'refresh-token-0' });
  expect(await waiting).toBe(200);
  held.calls[0]?.resolve(answer);
  await settle();
  expect(late).toEqual([]);
  expect(await request()).toBe(200);
  expect(sent).toEqual(['Bearer token-of-the-login', 'Bearer token-of-the-login']);
});

test('tokens that come after a close are not taken back: another client may go on with them', async () => {
  const held = createHeldProvider();
  const late: unknown[] = [];
  const source = { getToken: held.provider, revoke: (what: unknown): void => void late.push(what) };
  const { client, request } = createTokenValet(source);
  const waiting = request();
  await settle();
  client.close();
  expect(await waiting).toBe('CLIENT_CLOSED');
  held.calls[0]?.resolve({ token: 'token-1', refreshToken: 'refresh-token-1' });
  await settle();
  expect(late).toEqual([]);
});

test('a source that cannot take tokens back harms nobody', async () => {
  const held = createHeldProvider();
  const source = { getToken: held.provider, revoke: () => Promise.reject(new Error('no')) };
  const { client, request } = createTokenValet(source);
  const waiting = request();
  await settle();
  await client.signOut();
  await waiting;
  held.calls[0]?.resolve('token-1');
  await settle();
  expect(await request()).toBe('SIGNED_OUT');
});

test('the body of a refusal that is read after a switch is for nobody (rule T8)', async () => {
  let end = (): void => {};
  const { client } = createTokenValet(() => ADA, {
    initial: { token: ADA },
    respond: () => {
      const body = new ReadableStream({
        start(controller) {
          end = () => {
            controller.enqueue(new TextEncoder().encode('{"secret":"of ada"}'));
            controller.close();
          };
        },
      });
      return new Response(body, { status: 422, headers: { 'content-type': 'application/json' } });
    },
  });
  const error = valetErrorOf(() => client.get('x').json());
  await settle();
  await client.session.signIn({ token: BOB });
  end();

  expect(await error).toMatchObject({ code: 'SESSION_CHANGED' });
});

test('a request belongs to who was signed in when it was made, whatever a listener of it does (rule T8)', async () => {
  const { client, sent, request } = createTokenValet(() => BOB, { initial: { token: ADA } });
  client.on('request', () => void client.session.signIn({ token: BOB }));

  expect(await request({ method: 'POST', body: 'of ada' })).toBe('SESSION_CHANGED');
  expect(sent).toEqual([]);
});

test('a sign-out ends also where the source never answers', async () => {
  const source: TokenSource = { getToken: () => ADA, signOut: () => new Promise(() => {}) };
  const { client, clock, request } = createTokenValet(source, { initial: { token: ADA } });
  await request();
  const error = valetErrorOf(() => client.signOut());
  await settle();
  expect(client.session.snapshot.status).toBe('signed-out');
  await clock.advance(90_000);

  expect(await error).toMatchObject({ code: 'TOKEN_TIMEOUT', retryable: false });
});
