import { expect, test } from 'vitest';
import type { TokenProvider, TokenResult } from '../../src/contracts.ts';
import { SessionError, TokenError } from '../../src/errors.ts';
import { settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { valetErrorOf } from '../support/thrown.ts';
import {
  countingProvider,
  createHeldProvider,
  createTokenValet,
  isSettled,
  outcomeOf,
  type TokenValet,
} from '../support/token-valet.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

function oauthError(error: string, status = 400): Response {
  return Response.json({ error, error_description: 'for the developer' }, { status });
}

function sdkError(fields: object): Error {
  return Object.assign(new Error('of an SDK'), fields);
}

/** A provider that does `answer` until a test lets it hand out tokens. */
function until(answer: () => TokenResult): { provider: TokenProvider; recover(): void } {
  let isUp = false;
  let count = 0;
  return {
    provider: () => (isUp ? { token: `token-${++count}`, expiresIn: 60 } : answer()),
    recover() {
      isUp = true;
    },
  };
}

/** A client that is signed in, whose token has ended and whose refresh token is `r0`. */
async function withEndedToken(provider: TokenProvider, random = 0.5): Promise<TokenValet> {
  const valet = createTokenValet(provider, {
    initial: { token: 'token-0', expiresIn: 60, refreshToken: 'r0' },
    random: () => random,
  });
  await valet.clock.advance(MINUTE);
  return valet;
}

const FINAL: Readonly<Record<string, () => TokenResult>> = {
  'invalid_grant of the endpoint': () => oauthError('invalid_grant'),
  'invalid_grant with status 200': () => oauthError('invalid_grant', 200),
  'a 401 Response without an OAuth error': () => new Response('Unauthorized', { status: 401 }),
  'an OAuth error handed on as it came': () => ({ error: 'invalid_grant' }) as TokenResult,
  'a thrown SessionError': () => {
    throw new SessionError('SESSION_ENDED');
  },
  'error: login_required, as Auth0 throws it': () => {
    throw sdkError({ error: 'login_required' });
  },
  'errorCode: interaction_required, as MSAL throws it': () => {
    throw sdkError({ errorCode: 'interaction_required' });
  },
  'code: consent_required': () => {
    throw sdkError({ code: 'consent_required' });
  },
  'error: missing_refresh_token, as Auth0 throws it': () => {
    throw sdkError({ error: 'missing_refresh_token' });
  },
};

for (const [name, answer] of Object.entries(FINAL)) {
  test(`final: ${name} ends the session, with one event and no more calls (rule T6)`, async () => {
    const { client, clock, asked, sent, events, request } = await withEndedToken(answer);

    expect(await request()).toBe('SESSION_ENDED');
    expect(client.session.snapshot).toMatchObject({ status: 'ended', error: { code: 'SESSION_ENDED' } });
    await clock.advance(10 * MINUTE);
    expect(await request()).toBe('SESSION_ENDED');
    expect(events.filter((event) => event === 'sessionend')).toHaveLength(1);
    expect([asked.length, sent.length]).toEqual([1, 0]);
    expect([clock.timers, clock.wakeListeners]).toEqual([0, 0]);
  });

  test(`final: ${name} is signed-out where there never was a session (rule T6)`, async () => {
    const { client, asked, events, request } = createTokenValet(answer);

    expect(await request()).toBe('SIGNED_OUT');
    expect(client.session.snapshot).toEqual({ status: 'signed-out' });
    expect(await request()).toBe('SIGNED_OUT');
    expect(events).not.toContain('sessionend');
    expect(asked).toHaveLength(1);
  });
}

test('a refused refresh token is never sent again, not even when asked to try (rule T6)', async () => {
  const { client, asked, request } = await withEndedToken(() => oauthError('invalid_grant'));
  await request();
  await client.session.refresh().catch(() => {});
  await client.session.signIn({ token: 'token-1', expiresIn: 60 });
  await client.session.refresh().catch(() => {});

  expect(asked.map(({ refreshToken }) => refreshToken)).toEqual(['r0', undefined, undefined]);
});

test('after the end session.refresh() asks again, and a token continues the session', async () => {
  const { provider, recover } = until(() => oauthError('invalid_grant'));
  const { client, asked, request } = await withEndedToken(provider);
  await request();
  recover();
  expect(await request()).toBe('SESSION_ENDED');

  await client.session.refresh();

  expect(client.session.snapshot.status).toBe('signed-in');
  expect(await request()).toBe(200);
  expect(asked).toHaveLength(2);
});

test('an end in the background is told at the next request, and the token that was still good is given up', async () => {
  const { client, clock, asked, sent, request } = createTokenValet(() => oauthError('invalid_grant'), {
    initial: { token: 'token-0', expiresIn: 60 },
  });
  await clock.advance(55 * SECOND);
  expect(await request()).toBe(200);
  await settle();

  expect(client.session.snapshot.status).toBe('ended');
  expect(await request()).toBe('SESSION_ENDED');
  expect([asked.length, sent.length]).toEqual([1, 1]);
});

test('misconfigured: the error is told, the session stays, and nothing is tried again (rule T6)', async () => {
  for (const answer of [() => oauthError('invalid_client', 401), () => new Response('', { status: 404 })]) {
    const { client, clock, asked, events, request } = await withEndedToken(answer);

    expect(await request()).toBe('TOKEN_ENDPOINT_REJECTED');
    await clock.advance(10 * MINUTE);
    clock.wake();
    expect(await request()).toBe('TOKEN_ENDPOINT_REJECTED');
    expect(client.session.snapshot.status).toBe('signed-in');
    expect(events).not.toContain('sessionend');
    expect(asked).toHaveLength(1);
    expect([clock.timers, clock.wakeListeners]).toEqual([0, 0]);
  }
});

test('misconfigured: session.refresh() tries again, with the same refresh token', async () => {
  const { provider, recover } = until(() => oauthError('invalid_client'));
  const { client, asked, request } = await withEndedToken(provider);
  await request();
  await expect(client.session.refresh()).rejects.toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
  recover();
  await client.session.refresh();

  expect(await request()).toBe(200);
  expect(asked.map(({ refreshToken }) => refreshToken)).toEqual(['r0', 'r0', 'r0']);
});

test('misconfigured in the background: the token that is still good is used to its end', async () => {
  const { clock, asked, request } = createTokenValet(() => oauthError('invalid_client'), {
    initial: { token: 'token-0', expiresIn: 60 },
  });
  await clock.advance(50 * SECOND);
  expect([await request(), await request()]).toEqual([200, 200]);
  await clock.advance(5 * SECOND);
  expect(await request()).toBe(200);
  await clock.advance(5 * SECOND);

  expect(await request()).toBe('TOKEN_ENDPOINT_REJECTED');
  expect(asked).toHaveLength(1);
});

test('misconfigured from the start: nobody is signed in, and requests say why', async () => {
  const { client, asked, request } = createTokenValet(() => oauthError('unauthorized_client'));

  expect(await request()).toBe('TOKEN_ENDPOINT_REJECTED');
  expect(await client.session.ready).toEqual({ status: 'signed-out' });
  expect(asked).toHaveLength(1);
});

const TEMPORARY: Readonly<Record<string, () => TokenResult>> = {
  'no network': () => {
    throw new TypeError('Failed to fetch');
  },
  'an unknown error': () => {
    throw new Error('boom');
  },
  'an error of a provider that says it is temporary': () => {
    throw new TokenError('TOKEN_PROVIDER_FAILED', { retryable: true });
  },
  'status 408': () => new Response(null, { status: 408 }),
  'status 429': () => oauthError('slow_down', 429),
  'status 500': () => new Response('oops', { status: 500 }),
  'status 503': () => new Response(null, { status: 503 }),
  'HTML with status 200': () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
  'an empty answer': () => new Response(null, { status: 204 }),
};

for (const [name, answer] of Object.entries(TEMPORARY)) {
  test(`temporary: ${name} costs no token, and a request waits for the next attempt (rule T6)`, async () => {
    const { provider, recover } = until(answer);
    const { client, clock, asked, events, request } = await withEndedToken(provider);
    const waits = request();
    await settle();
    expect(await isSettled(waits)).toBe(false);
    expect(client.session.snapshot.status).toBe('signed-in');
    recover();
    await clock.advance(SECOND);

    expect(await waits).toBe(200);
    expect(asked.map(({ refreshToken }) => refreshToken)).toEqual(['r0', 'r0']);
    expect(events).toEqual(['refresh', 'refreshfailed', 'refresh', 'refreshed']);
    expect([clock.timers, clock.wakeListeners]).toEqual([0, 0]);
  });
}

test('attempts are a second apart, doubling to a minute, for as long as somebody asks (rule T6)', async () => {
  const at: number[] = [];
  const valet = await withEndedToken(() => {
    at.push(valet.clock.monotonic());
    throw new Error('down');
  }, 1);
  for (let n = 0; n < 6 * 60; n++) {
    void valet.request();
    await valet.clock.advance(SECOND);
  }

  const gaps = at.slice(1).map((time, n) => Math.round((time - (at[n] ?? 0)) / SECOND));
  expect(gaps).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
});

test('with no jitter at all attempts still have some time between them', async () => {
  const { clock, asked, request } = await withEndedToken(() => {
    throw new Error('down');
  }, 0);
  const waits = request();
  await clock.advance(20 * SECOND);

  expect(await waits).toBe('TOKEN_PROVIDER_FAILED');
  expect(asked.length).toBeLessThanOrEqual(10);
  expect(clock.timers).toBe(0);
});

test('a request that has waited for its deadline fails with a retryable error', async () => {
  const { client, clock, request } = await withEndedToken(() => {
    throw new Error('down');
  }, 1);
  const error = client.fetch('/').catch((thrown: unknown) => thrown);
  await clock.advance(10 * SECOND);

  expect(await error).toMatchObject({ code: 'TOKEN_PROVIDER_FAILED', retryable: true });
  expect(((await error) as TokenError).retryAfter).toBeGreaterThan(0);
  expect(await isSettled(request())).toBe(false);
});

test('a request fails at once when the next attempt is not due within its deadline (rule T6)', async () => {
  const { client, clock, asked } = await withEndedToken(
    () => new Response(null, { status: 503, headers: { 'retry-after': '120' } }),
  );
  const first = client.fetch('/').catch((thrown: unknown) => thrown);
  expect(await isSettled(first)).toBe(true);
  expect(await first).toMatchObject({
    code: 'TOKEN_ENDPOINT_UNAVAILABLE',
    retryable: true,
    retryAfter: 120_000,
    status: 503,
  });
  await clock.advance(20 * SECOND);
  const second = client.fetch('/').catch((thrown: unknown) => thrown);

  expect(await isSettled(second)).toBe(true);
  expect(await second).toMatchObject({ retryAfter: 100_000 });
  expect(asked).toHaveLength(1);
});

test('Retry-After decides when the next attempt is made (rule T6)', async () => {
  for (const status of [429, 503]) {
    const { provider, recover } = until(
      () => new Response(null, { status, headers: { 'retry-after': '7' } }),
    );
    const { clock, asked, request } = await withEndedToken(provider);
    const waits = request();
    await clock.advance(6.9 * SECOND);
    expect(asked).toHaveLength(1);
    recover();
    await clock.advance(0.1 * SECOND);

    expect(await waits).toBe(200);
  }
});

test('an endpoint that asks to be tried again at once is not asked in a loop (rule S8)', async () => {
  for (const value of ['0', 'Thu, 01 Jan 1970 00:00:00 GMT']) {
    const { clock, asked, request } = await withEndedToken(
      () => new Response(null, { status: 503, headers: { 'retry-after': value } }),
    );
    const waits = request();
    await clock.advance(20 * SECOND);

    expect(await waits).toBe('TOKEN_ENDPOINT_UNAVAILABLE');
    expect(asked.length).toBeLessThanOrEqual(6);
  }
});

test('the network or the tab being back makes the next attempt at once (rule T6)', async () => {
  const { provider, recover } = until(() => {
    throw new TypeError('Failed to fetch');
  });
  const { clock, request } = await withEndedToken(provider, 1);
  const waits = request();
  await settle();
  expect(clock.wakeListeners).toBe(1);
  recover();
  clock.wake();

  expect(await isSettled(waits)).toBe(true);
  expect(await waits).toBe(200);
  expect([clock.timers, clock.wakeListeners]).toEqual([0, 0]);
});

test('a request after the wake-up does not wait either', async () => {
  const { provider, recover } = until(
    () => new Response(null, { status: 503, headers: { 'retry-after': '600' } }),
  );
  const { clock, request } = await withEndedToken(provider);
  expect(await request()).toBe('TOKEN_ENDPOINT_UNAVAILABLE');
  recover();
  clock.wake();

  expect(await request()).toBe(200);
});

test('a valid token is used while refreshes fail, and nobody hears of it but by an event (rule T6)', async () => {
  const { clock, asked, sent, events, request } = createTokenValet(
    () => {
      throw new Error('down');
    },
    { initial: { token: 'token-0', expiresIn: 3600 }, random: () => 1 },
  );
  await clock.advance(3_555_000);
  for (let n = 0; n < 20; n++) {
    expect(await request()).toBe(200);
    await clock.advance(SECOND);
  }

  expect(new Set(sent)).toEqual(new Set(['Bearer token-0']));
  // Nobody waits for the next attempt, so no timer does.
  expect(clock.timers).toBe(0);
  // At once, then after 1, 2, 4 and 8 seconds.
  expect(asked).toHaveLength(5);
  expect(events.filter((name) => name === 'refreshfailed')).toHaveLength(5);
});

test('a timeout is a bad moment like any other: who comes after waits for the next attempt (rule T6)', async () => {
  const { provider, calls } = createHeldProvider();
  const { clock, request } = createTokenValet(provider, { random: () => 1 });
  const first = request();
  await clock.advance(10 * SECOND);
  expect(await first).toBe('TOKEN_TIMEOUT');

  const second = request();
  await clock.advance(SECOND);
  calls[1]?.resolve('token-1');

  expect(await second).toBe(200);
});

test('success begins anew: the next failure waits for a second again', async () => {
  let fails = true;
  const { clock, asked, request } = await withEndedToken(() => {
    if (fails) throw new Error('down');
    return { token: `token-${asked.length}`, expiresIn: 1 };
  }, 1);
  void request();
  await clock.advance(3 * SECOND);
  fails = false;
  await clock.advance(4 * SECOND);
  expect(asked).toHaveLength(4);
  await clock.advance(10 * SECOND);
  fails = true;
  void request();
  await settle();
  expect(asked).toHaveLength(5);
  await clock.advance(SECOND);

  expect(asked).toHaveLength(6);
});

test('null is signed-out, and asked again at the next request (rule T6)', async () => {
  let token: string | null = null;
  const { client, asked, request } = createTokenValet(() => token);

  expect([await request(), await request()]).toEqual(['SIGNED_OUT', 'SIGNED_OUT']);
  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
  token = 'token-1';

  expect(await request()).toBe(200);
  expect(asked).toHaveLength(3);
});

test('null after a session signs out, and the tokens are gone', async () => {
  const { client, asked, events, request } = await withEndedToken(() => null);

  expect(await request()).toBe('SIGNED_OUT');
  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
  expect(events.slice(0, 3)).toEqual(['refresh', 'userchange', 'signedout']);
  await request();
  expect(asked.map(({ refreshToken }) => refreshToken)).toEqual(['r0', undefined]);
});

test('whatever ends a backoff, nothing is listened for any more', async () => {
  const ends: (() => TokenResult)[] = [
    () => null,
    () => oauthError('invalid_grant'),
    () => oauthError('invalid_client'),
    () => 'token-1',
  ];
  for (const end of ends) {
    let isDown = true;
    const { clock, request } = await withEndedToken(() => {
      if (isDown) throw new Error('down');
      return end();
    });
    const waits = request();
    await settle();
    expect(clock.wakeListeners).toBe(1);
    isDown = false;
    await clock.advance(SECOND);
    await waits;

    expect([clock.timers, clock.wakeListeners]).toEqual([0, 0]);
  }
});

test('a token that cannot be used is told at once, without its text, and nothing is sent (rule T10)', async () => {
  const answers: (() => TokenResult)[] = [
    () => '',
    () => 'undefined',
    () => 'Bearer s3cret-s3cret-s3cret',
    () => 's3cret-s3cret-s3cret\r\nx-evil: 1',
    () => ({ token: 's3cret-s3cret-s3cret', expiresIn: 0 }),
    () => ({ token: 's3cret-s3cret-s3cret', expires_in: -5 }),
    () => ({}),
    () => Response.json({ access_token: '' }),
  ];
  for (const answer of answers) {
    const { client, asked, sent } = createTokenValet(answer);
    const error = (await client.fetch('/').catch((thrown: unknown) => thrown)) as TokenError;
    expect(error.code).toBe('TOKEN_INVALID');
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain('s3cret');
    expect([asked.length, sent.length]).toEqual([1, 0]);
  }
});

test('a refresh token counts from its receipt, also beside a token that cannot be used (rule T4)', async () => {
  const bad: (() => TokenResult)[] = [
    () => ({ token: '', refreshToken: 'r1' }),
    () => ({ refresh_token: 'r1' }),
    () => Response.json({ access_token: 'token-1', expires_in: 0, refresh_token: 'r1' }),
  ];
  for (const answer of bad) {
    const { client, asked, request } = await withEndedToken(answer);
    expect(await request()).toBe('TOKEN_INVALID');
    await client.session.refresh().catch(() => {});

    expect(asked.map(({ refreshToken }) => refreshToken)).toEqual(['r0', 'r1']);
  }
});

test('a token that cannot be used is asked for again after a backoff, not at every request', async () => {
  const { clock, asked, request } = createTokenValet(() => 'Bearer abcdefgh', { random: () => 1 });
  for (let n = 0; n < 70; n++) {
    expect(await request()).toBe('TOKEN_INVALID');
    await clock.advance(100);
  }

  // At 0, 1 and 3 seconds.
  expect(asked).toHaveLength(3);
  expect(clock.timers).toBe(0);
});

test('nothing of a background failure is unhandled', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  const answers = [
    ...Object.values(FINAL),
    ...Object.values(TEMPORARY),
    () => '',
    () => oauthError('invalid_client'),
  ];
  for (const answer of answers) {
    const { client, clock, request } = createTokenValet(answer, {
      initial: { token: 'token-0', expiresIn: 60 },
    });
    void client.session.ready;
    await clock.advance(55 * SECOND);
    expect(await request()).toBe(200);
    await clock.advance(MINUTE);
    await settle();
    client.close();
  }
  await settle();
  process.off('unhandledRejection', note);

  expect(unhandled).toEqual([]);
});

test('a first token that succeeds leaves nothing behind', async () => {
  const { clock, request } = createTokenValet(countingProvider(60));
  await request();

  expect([clock.timers, clock.wakeListeners]).toEqual([0, 0]);
});

test('session.refresh() where nobody was ever signed in says so, and not that a session has ended', async () => {
  const { client } = createTokenValet(() => {
    throw Object.assign(new Error('no session'), { error: 'login_required' });
  });

  expect(await valetErrorOf(() => client.session.refresh())).toMatchObject({ code: 'SIGNED_OUT' });
  expect(client.session.snapshot.status).toBe('signed-out');
});

test('events of a refresh tell what was asked for, what came of it and when it is tried again', async () => {
  const answers = [
    { token: 'token-1', expiresIn: 100 },
    'token-2',
    Response.json({ error: 'invalid_scope' }, { status: 400 }),
    new Response('', { status: 503, headers: { 'retry-after': '7' } }),
  ];
  const told: object[] = [];
  const ask = async (): Promise<TokenResult> => {
    await clock.advance(12.4);
    return answers.shift() ?? null;
  };
  const { client, clock } = createTokenValet(ask, { deadline: 100 });
  client.on('refreshed', (event) => told.push(event));
  client.on('refreshfailed', (event) => told.push({ ...event, message: '' }));
  for (const auth of [undefined, { audience: 'a' }, { scopes: ['x'] }, { scopes: ['y'] }]) {
    await outcomeOf(client.fetch('/', { auth }));
  }

  expect(told).toStrictEqual([
    { reason: 'initial', ms: 12, lifetime: 100_000, window: expect.any(Number) },
    { reason: 'initial', audience: 'a', ms: 12 },
    { reason: 'initial', scopes: ['x'], code: 'TOKEN_ENDPOINT_REJECTED', retryable: false, message: '' },
    {
      reason: 'initial',
      scopes: ['y'],
      code: 'TOKEN_ENDPOINT_UNAVAILABLE',
      retryable: true,
      retryAfter: 7000,
      message: '',
    },
  ]);
});

test('a mistake in a provider is told at once, even where the network is back at that very moment', async () => {
  const { client, clock, asked, request } = createTokenValet(() => {
    throw new ReferenceError('tokn is not defined');
  });
  client.on('refreshfailed', () => clock.wake());

  expect(await request()).toBe('TOKEN_PROVIDER_FAILED');
  expect(asked).toHaveLength(1);
});

test('a token that contradicts itself is told at once, and not asked for past a cache (rule T10)', async () => {
  const { asked, sent, request } = createTokenValet(() => createJwt({ sub: 'u1', iat: 2_000, exp: 1_000 }));

  expect(await request()).toBe('TOKEN_INVALID');
  expect([asked.length, sent.length]).toEqual([1, 0]);
});

test('a provider that handed out an ended token may do better after a backoff (rule T10)', async () => {
  let isStuck = true;
  const now = Date.UTC(2026, 0, 1) / SECOND;
  const { clock, request } = createTokenValet(
    () => (isStuck ? createJwt({ sub: 'u1', iat: now, exp: now + 60 }) : 'token-2'),
    { user: () => ({ id: 'ada' }) },
  );
  expect(await request()).toBe(200);
  await clock.advance(MINUTE);
  expect(await request()).toBe('TOKEN_INVALID');
  isStuck = false;
  await clock.advance(2 * SECOND);

  expect(await request()).toBe(200);
});

test.each([
  ['throws', () => raise(new Error('no entropy'))],
  ['draws NaN', () => Number.NaN],
])('refreshes are tried again at their pace where the random source %s', async (_, random) => {
  let isUp = false;
  const { clock, asked, request } = createTokenValet(() => (isUp ? 'token-1' : raise(new Error('down'))), {
    random,
  });
  const first = request();
  await clock.advance(10 * SECOND);
  expect(await first).toBe('TOKEN_PROVIDER_FAILED');
  // Not in a loop: each wait is about twice the one before.
  expect(asked.length).toBeGreaterThan(1);
  expect(asked.length).toBeLessThan(10);

  isUp = true;
  const second = request();
  await clock.advance(MINUTE);
  expect(await second).toBe(200);
});

function raise(error: Error): never {
  throw error;
}
