import { expect, test } from 'vitest';
import type { Host, TokenContext, TokenProvider, TokenResult } from '../../src/contracts.ts';
import { silence } from '../../src/events.ts';
import { createRedactor } from '../../src/redact.ts';
import { type Answer, callProvider } from '../../src/token/call-provider.ts';
import { createManualClock, type ManualClock, settle } from '../support/clock.ts';
import { createDeferred, createHeldProvider, isSettled } from '../support/token-valet.ts';

interface Call {
  readonly clock: ManualClock;
  readonly answer: Promise<Answer>;
  /** What the provider was asked with, each time. */
  readonly asked: TokenContext[];
  /** The refresh is of no use any more. */
  readonly abandon: () => void;
}

function call(
  provider: TokenProvider,
  { refreshToken, deadline = 10_000 }: { refreshToken?: string; deadline?: number } = {},
): Call {
  const clock = createManualClock();
  const controller = new AbortController();
  const asked: TokenContext[] = [];
  const host: Host = {
    fetch,
    clock,
    random: () => 0.5,
    signal: new AbortController().signal,
    events: silence,
    redactor: createRedactor(),
  };
  const answer = callProvider({
    host,
    provider(context) {
      asked.push(context);
      return provider(context);
    },
    context: {
      reason: 'initial',
      forceRefresh: false,
      scopes: [],
      ...(refreshToken !== undefined && { refreshToken }),
    },
    deadline,
    signal: controller.signal,
  });
  return { clock, answer, asked, abandon: () => controller.abort() };
}

function connectionReset(): Error {
  return new TypeError('fetch failed', {
    cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
  });
}

test('a token, a token response and the Response of an endpoint are all grants', async () => {
  const results: TokenResult[] = [
    'opaque-token',
    { access_token: 'opaque-token' },
    Response.json({ access_token: 'opaque-token' }),
  ];
  for (const result of results) {
    const { answer, clock } = call(() => result);
    expect(await answer).toMatchObject({ kind: 'grant', grant: { value: 'opaque-token' } });
    expect(clock.timers).toBe(0);
  }
});

test('null and undefined mean that nobody is signed in', async () => {
  expect(await call(() => null).answer).toEqual({ kind: 'nobody' });
  expect(await call(() => Promise.resolve(null)).answer).toEqual({ kind: 'nobody' });
  // What `session?.token` gives.
  expect(await call(() => undefined as unknown as null).answer).toEqual({ kind: 'nobody' });
});

test('an answer counts from when it was received, not from when it was asked for', async () => {
  const { provider, calls } = createHeldProvider();
  const { clock, answer } = call(provider);
  await clock.advance(5000);
  const received = { wall: clock.now(), monotonic: clock.monotonic() };
  calls[0]?.resolve('opaque-token');

  expect(await answer).toMatchObject({ kind: 'grant', received });
});

test('an OAuth error that a provider passes on as it came is a refusal, not a token (rule T6)', async () => {
  const answer = (body: object): Promise<Answer> => call(() => body as TokenResult).answer;

  expect(await answer({ error: 'invalid_grant' })).toMatchObject({ failure: { kind: 'final' } });
  expect(await answer({ error: 'invalid_client' })).toMatchObject({ failure: { kind: 'misconfigured' } });
});

test('a Response of another realm or of a library is read as one', async () => {
  const foreign = Object.setPrototypeOf(
    Response.json({ token: 'opaque-token' }),
    Object.create(Response.prototype) as object,
  );
  const { answer } = call(() => foreign as Response);

  expect(await answer).toMatchObject({ kind: 'grant' });
});

test('whatever a provider throws, at once or later, comes back as a failure', async () => {
  const throwers: TokenProvider[] = [
    () => {
      throw new Error('at once');
    },
    () => Promise.reject(new Error('later')),
    () => ({}),
    () => 5 as unknown as string,
  ];
  for (const provider of throwers) {
    const { answer, clock } = call(provider);
    expect(await answer).toMatchObject({ kind: 'failure', failure: { kind: 'temporary' } });
    expect(clock.timers).toBe(0);
  }
});

test('a connection that is cut is tried once more, at once, with the same question (rule T4)', async () => {
  let count = 0;
  const { answer, asked } = call(
    () => {
      count++;
      if (count === 1) throw connectionReset();
      return 'opaque-token';
    },
    { refreshToken: 'r1' },
  );

  expect(await answer).toMatchObject({ kind: 'grant' });
  expect(asked.map(({ refreshToken }) => refreshToken)).toEqual(['r1', 'r1']);
});

test('a connection that is cut twice is a failure, and is not tried a third time', async () => {
  const { answer, asked } = call(() => Promise.reject(connectionReset()));

  expect(await answer).toMatchObject({ kind: 'failure', failure: { kind: 'temporary' } });
  expect(asked).toHaveLength(2);
});

test('a connection that was refused is not tried again at once', async () => {
  const refused = Object.assign(new Error(), { code: 'ECONNREFUSED' });
  const { answer, asked } = call(() => Promise.reject(refused));

  expect(await answer).toMatchObject({ kind: 'failure' });
  expect(asked).toHaveLength(1);
});

test('without a refresh token a call is given up at the deadline and told so', async () => {
  const { provider } = createHeldProvider();
  const { clock, answer, asked } = call(provider);

  await clock.advance(9999);
  expect(await isSettled(answer)).toBe(false);
  await clock.advance(1);

  expect(await answer).toMatchObject({
    kind: 'failure',
    failure: { kind: 'temporary', error: { code: 'TOKEN_TIMEOUT' } },
  });
  expect(asked[0]?.signal.aborted).toBe(true);
  expect(asked[0]?.signal.reason).toMatchObject({ code: 'TOKEN_TIMEOUT' });
  expect(clock.timers).toBe(0);
});

test('with a refresh token on its way the answer is listened for during forty seconds (rule T4)', async () => {
  const { provider, calls } = createHeldProvider();
  const { clock, answer, asked } = call(provider, { refreshToken: 'r1' });

  await clock.advance(39_999);
  expect(asked[0]?.signal.aborted).toBe(false);
  calls[0]?.resolve({ token: 'opaque-token', refreshToken: 'r2' });

  expect(await answer).toMatchObject({ kind: 'grant', grant: { refreshToken: 'r2' } });
  expect(clock.timers).toBe(0);
});

test('after forty seconds nobody listens any more', async () => {
  const { provider } = createHeldProvider();
  const { clock, answer, asked } = call(provider, { refreshToken: 'r1' });

  await clock.advance(40_000);

  expect(await answer).toMatchObject({ failure: { error: { code: 'TOKEN_TIMEOUT' } } });
  expect(asked[0]?.signal.aborted).toBe(true);
});

test('a deadline beyond forty seconds is the longer one', async () => {
  const { provider } = createHeldProvider();
  const { clock, answer } = call(provider, { refreshToken: 'r1', deadline: 60_000 });

  await clock.advance(59_999);
  expect(await isSettled(answer)).toBe(false);
  await clock.advance(1);
  expect(await isSettled(answer)).toBe(true);
});

test('an endpoint that never ends its body is given up like one that never answers', async () => {
  const { clock, answer } = call(() => new Response(new ReadableStream()));

  await clock.advance(10_000);

  expect(await answer).toMatchObject({ failure: { error: { code: 'TOKEN_TIMEOUT' } } });
});

test('what comes after the deadline, an answer or an error, is heard by nobody', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  for (const end of ['resolve', 'reject'] as const) {
    const { provider, calls } = createHeldProvider();
    const { clock, answer } = call(provider);
    await clock.advance(10_000);
    if (end === 'resolve') calls[0]?.resolve('opaque-token');
    else calls[0]?.reject(connectionReset());
    await settle();
    await settle();
    expect(await answer).toMatchObject({ kind: 'failure' });
    // Not even a cut connection is tried again then.
    expect(calls).toHaveLength(1);
  }
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

test('a call that is of no use any more is told so and waited for no longer', async () => {
  const { provider } = createHeldProvider();
  const { clock, answer, asked, abandon } = call(provider, { refreshToken: 'r1' });
  await settle();

  abandon();

  expect(asked[0]?.signal.aborted).toBe(true);
  expect(await isSettled(answer)).toBe(true);
  expect(clock.timers).toBe(0);
});

test('a call that is of no use any more is not tried again', async () => {
  const cut = createDeferred<TokenResult>();
  const { asked, abandon } = call(() => cut.promise);
  await settle();
  abandon();
  cut.reject(connectionReset());
  await settle();

  expect(asked).toHaveLength(1);
});
