import { expect, test } from 'vitest';
import type { TokenProvider } from '../../src/contracts.ts';
import { accessToken, createFetch } from '../../src/fetch.ts';
import { createManualClock, settle } from '../support/clock.ts';
import {
  countingProvider,
  createHeldProvider,
  createTokenValet,
  isSettled,
  outcomeOf,
  type TokenValet,
} from '../support/token-valet.ts';

const SECOND = 1000;

/** A client whose token has ended, with a refresh token, and a provider whose further calls a test answers. */
async function withEndedToken(): Promise<TokenValet & { held: ReturnType<typeof createHeldProvider> }> {
  const held = createHeldProvider();
  const valet = createTokenValet(held.provider, {
    initial: { token: 'token-0', expiresIn: 60, refreshToken: 'r0' },
  });
  await valet.clock.advance(60 * SECOND);
  return { ...valet, held };
}

test('a hundred requests on an expired token share one call of the provider (rule T4)', async () => {
  const { asked, sent, request, held } = await withEndedToken();

  const requests = Array.from({ length: 100 }, () => request());
  await settle();
  expect(asked).toHaveLength(1);
  held.calls[0]?.resolve({ token: 'token-1', expiresIn: 60 });

  expect(new Set(await Promise.all(requests))).toEqual(new Set([200]));
  expect(asked).toHaveLength(1);
  expect(new Set(sent)).toEqual(new Set(['Bearer token-1']));
});

test('a hundred first requests share one call of the provider, also without events and ky', async () => {
  const { provider, calls } = createHeldProvider();
  let sent = 0;
  const fetch = createFetch(accessToken(provider), {
    baseUrl: 'https://api.test',
    runtime: {
      clock: createManualClock(),
      fetch: () => {
        sent++;
        return Promise.resolve(new Response());
      },
    },
  });

  const requests = Array.from({ length: 100 }, () => outcomeOf(fetch('/')));
  await settle();
  calls[0]?.resolve('token-1');
  await Promise.all(requests);

  expect([calls.length, sent]).toEqual([1, 100]);
});

test('a hundred requests fail with one call of the provider, each with an error of its own', async () => {
  const { client, asked, held } = await withEndedToken();
  const requests = Array.from({ length: 100 }, () => client.fetch('/').catch((error: unknown) => error));
  await settle();
  held.calls[0]?.resolve(Response.json({ error: 'invalid_grant' }, { status: 400 }));
  const errors = await Promise.all(requests);

  expect(asked).toHaveLength(1);
  expect(new Set(errors.map((error) => (error as { code: string }).code))).toEqual(
    new Set(['SESSION_ENDED']),
  );
  expect(new Set(errors).size).toBe(100);
});

test('a provider is called once at a time, whatever happens while it is called', async () => {
  let running = 0;
  let most = 0;
  const provider: TokenProvider = async () => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => void valet.clock.setTimeout(resolve, 300));
    running--;
    return { token: `token-${valet.asked.length}`, expiresIn: 1, refreshToken: 'r' };
  };
  const valet = createTokenValet(provider, {
    respond: (request) => new Response(null, { status: request.url.endsWith('/refused') ? 401 : 200 }),
  });
  const all: Promise<unknown>[] = [];
  for (let n = 0; n < 60; n++) {
    all.push(valet.request(), outcomeOf(valet.client.fetch('/refused')));
    if (n % 7 === 0) all.push(valet.client.session.refresh());
    if (n % 5 === 0) all.push(valet.client.session.ready);
    await valet.clock.advance(90);
  }
  await valet.clock.advance(60 * SECOND);
  await Promise.all(all);

  expect(most).toBe(1);
  expect(valet.clock.timers).toBe(0);
});

test('each refresh is asked for with the newest refresh token (rule T4)', async () => {
  let count = 0;
  const { clock, asked, request } = createTokenValet(() => ({
    token: `token-${++count}`,
    expiresIn: 60,
    // Not every answer rotates it.
    ...(count % 2 === 1 && { refresh_token: `r${count}` }),
  }));
  for (let n = 0; n < 5; n++) {
    await request();
    await clock.advance(60 * SECOND);
  }

  expect(asked.map(({ refreshToken }) => refreshToken)).toEqual([undefined, 'r1', 'r1', 'r3', 'r3']);
});

test('the deadline frees who waits, and nobody else is kept by it (rule T4)', async () => {
  const { clock, request, held } = await withEndedToken();
  const first = request();
  await clock.advance(4 * SECOND);
  const second = request();
  await clock.advance(6 * SECOND);

  expect(await first).toBe('TOKEN_TIMEOUT');
  expect(await isSettled(second)).toBe(false);
  await clock.advance(2 * SECOND);
  held.calls[0]?.resolve({ token: 'token-1', expiresIn: 60 });

  expect(await second).toBe(200);
});

test('a call with a refresh token goes on after the deadline: its answer is kept, and no second call starts', async () => {
  const { clock, asked, sent, request, held } = await withEndedToken();
  const first = request();
  await clock.advance(10 * SECOND);
  expect(await first).toBe('TOKEN_TIMEOUT');

  for (let n = 0; n < 3; n++) {
    const late = request();
    await clock.advance(9 * SECOND);
    expect(await isSettled(late)).toBe(false);
  }
  expect(asked).toHaveLength(1);
  expect(asked[0]?.signal.aborted).toBe(false);
  held.calls[0]?.resolve({ token: 'token-1', expiresIn: 60, refreshToken: 'r1' });
  await settle();

  expect(await request()).toBe(200);
  expect(sent.at(-1)).toBe('Bearer token-1');
  expect(asked).toHaveLength(1);
  await clock.advance(60 * SECOND);
  void request();
  await settle();
  expect(asked[1]?.refreshToken).toBe('r1');
});

test('a call with a refresh token is given up after forty seconds, and the next one may start', async () => {
  const { clock, asked, request, held } = await withEndedToken();
  expect(await Promise.all([request(), clock.advance(10 * SECOND)])).toContain('TOKEN_TIMEOUT');
  await clock.advance(30 * SECOND);
  expect(asked[0]?.signal.aborted).toBe(true);

  const next = request();
  await clock.advance(2 * SECOND);
  expect(asked).toHaveLength(2);
  held.calls[1]?.resolve({ token: 'token-1', expiresIn: 60 });

  expect(await next).toBe(200);
});

test('a hung call without a refresh token is given up at the deadline, and the next one may start', async () => {
  const { provider, calls } = createHeldProvider();
  const { clock, asked, request } = createTokenValet(provider);
  const first = request();
  await clock.advance(10 * SECOND);
  expect(await first).toBe('TOKEN_TIMEOUT');
  expect(asked[0]?.signal.aborted).toBe(true);

  const next = request();
  await clock.advance(SECOND);
  calls[1]?.resolve('token-1');

  expect(await next).toBe(200);
  // The answer of long ago is nobody's any more.
  calls[0]?.resolve('token-0');
  await settle();
  expect(await request()).toBe(200);
  expect(asked).toHaveLength(2);
});

test('the deadline is the one of the options', async () => {
  const { clock, request } = createTokenValet(createHeldProvider().provider, { deadline: 500 });
  const waits = request();
  await clock.advance(499);
  expect(await isSettled(waits)).toBe(false);
  await clock.advance(1);

  expect(await waits).toBe('TOKEN_TIMEOUT');
});

test('a caller that aborts is rejected at once with its own reason, and nobody else (rule P4)', async () => {
  const { client, asked, sent, request, held } = await withEndedToken();
  const controller = new AbortController();
  const aborted = client.fetch('/', { signal: controller.signal }).catch((error: unknown) => error);
  const other = request();
  await settle();
  const reason = new Error('of the caller');

  controller.abort(reason);

  expect(await isSettled(aborted)).toBe(true);
  expect(await aborted).toBe(reason);
  expect(asked[0]?.signal.aborted).toBe(false);
  held.calls[0]?.resolve('token-1');
  expect(await other).toBe(200);
  expect(sent).toHaveLength(1);
  expect(asked).toHaveLength(1);
});

test('the token of a caller that has aborted is kept for the next one', async () => {
  const { client, clock, asked, request, held } = await withEndedToken();
  const controller = new AbortController();
  const aborted = outcomeOf(client.fetch('/', { signal: controller.signal }));
  await settle();
  controller.abort();
  expect(await aborted).toBe('AbortError');
  held.calls[0]?.resolve({ token: 'token-1', refreshToken: 'r1' });
  await settle();

  expect(await request()).toBe(200);
  expect(asked).toHaveLength(1);
  expect(clock.timers).toBe(0);
});

test('nothing is asked again for a caller that has aborted', async () => {
  const { client, clock, asked } = createTokenValet(() => Promise.reject(new Error('no network')));
  const controller = new AbortController();
  const aborted = outcomeOf(client.fetch('/', { signal: controller.signal }));
  await settle();
  controller.abort();
  expect(await aborted).toBe('AbortError');
  await clock.advance(60 * SECOND);

  // One attempt may have been waiting already.
  expect(asked.length).toBeLessThanOrEqual(2);
  expect(clock.timers).toBe(0);
});

test('the timer of a wait ends with its caller, and the others wait on', async () => {
  const { provider, calls } = createHeldProvider();
  const { client, clock, request } = createTokenValet(provider);
  const gone = new AbortController();
  const first = request({ signal: gone.signal });
  const second = request({ signal: new AbortController().signal });
  await settle();
  const timers = clock.timers;
  gone.abort();
  expect(await first).toBe('AbortError');
  expect(clock.timers).toBe(timers - 1);
  expect(client.session.snapshot).toEqual({ status: 'loading' });

  calls[0]?.resolve({ token: 'token-1', expiresIn: 3600 });
  expect(await second).toBe(200);
  expect(clock.timers).toBe(0);
});

test('a signal that is aborted already asks nobody', async () => {
  const { client, asked } = createTokenValet(countingProvider());

  expect(await outcomeOf(client.fetch('/', { signal: AbortSignal.abort() }))).toBe('AbortError');
  await settle();
  expect(asked).toHaveLength(0);
});

test('a refresh token that is sent once more after a reset is listened for as long as the first time (rule T4)', async () => {
  const { clock, asked, request, held } = await withEndedToken();
  const first = request();
  await clock.advance(30 * SECOND);
  expect(await first).toBe('TOKEN_TIMEOUT');
  held.calls[0]?.reject(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  await clock.advance(39 * SECOND);
  expect(asked.map(({ signal }) => signal.aborted)).toEqual([false, false]);
  held.calls[1]?.resolve({ token: 'token-1', expiresIn: 600, refreshToken: 'r1' });
  await settle();

  expect(await request()).toBe(200);
  expect(asked).toHaveLength(2);
  await clock.advance(600 * SECOND);
  void request();
  await settle();
  expect(asked[2]?.refreshToken).toBe('r1');
});
