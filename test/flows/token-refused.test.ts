import { expect, test } from 'vitest';
import { SessionError } from '../../src/index.ts';
import { settle } from '../support/clock.ts';
import {
  countingProvider,
  createDeferred,
  createHeldProvider,
  createTokenValet,
  type Deferred,
  isSettled,
  outcomeOf,
} from '../support/token-valet.ts';

const SECOND = 1000;

function unauthorized(challenge?: string): Response {
  return new Response('refused', {
    status: 401,
    ...(challenge !== undefined && { headers: { 'www-authenticate': challenge } }),
  });
}

function bearerOf(request: Request): string {
  return request.headers.get('authorization')?.slice('Bearer '.length) ?? '';
}

/** An API that refuses the tokens of `revoked`. */
function refusing(revoked: ReadonlySet<string>): (request: Request) => Response {
  return (request) => (revoked.has(bearerOf(request)) ? unauthorized() : new Response('ok'));
}

/** An API whose every answer a test gives by hand. */
function createHeldApi(): {
  respond: (request: Request) => Promise<Response>;
  answers: Deferred<Response>[];
} {
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

test('a refused token is renewed and the request replayed once, with what was refused and why (rule T5)', async () => {
  const { asked, sent, events, request } = createTokenValet(countingProvider(), {
    respond: refusing(new Set(['token-1'])),
  });

  expect(await request()).toBe(200);
  expect(sent).toEqual(['Bearer token-1', 'Bearer token-2']);
  expect(asked[1]).toMatchObject({ reason: 'rejected', forceRefresh: true, rejectedToken: 'token-1' });
  expect(events.filter((name) => name === 'replay')).toHaveLength(1);
});

test('a token that is refused again is not renewed a second time: the 401 is the answer (rule P2)', async () => {
  const { asked, sent, request } = createTokenValet(countingProvider(), { respond: () => unauthorized() });

  expect(await request()).toBe(401);
  expect([asked.length, sent.length]).toEqual([2, 2]);
});

test('the same token back is not sent again: the 401 is the answer, with its body (rule T5)', async () => {
  const { client, asked, sent, events } = createTokenValet(() => 'the-only-token', {
    respond: () => unauthorized(),
  });

  const response = await client.fetch('/');

  expect([response.status, await response.text()]).toEqual([401, 'refused']);
  expect([asked.length, sent.length]).toEqual([2, 1]);
  expect(events).not.toContain('replay');
});

test('the same token back leaves the session signed in, and the next request may try it', async () => {
  const revoked = new Set(['the-only-token']);
  const { client, request } = createTokenValet(() => 'the-only-token', { respond: refusing(revoked) });
  expect(await request()).toBe(401);
  expect(client.session.snapshot.status).toBe('signed-in');
  revoked.clear();

  expect(await request()).toBe(200);
});

test('a late 401 for an old token does not renew again: it is replayed with the current one (rule T5)', async () => {
  const { respond, answers } = createHeldApi();
  const { client, asked, sent } = createTokenValet(countingProvider(), { respond });
  const late = outcomeOf(client.fetch('/late'));
  const early = outcomeOf(client.fetch('/early'));
  await settle();
  answers[1]?.resolve(unauthorized());
  await settle();
  answers[2]?.resolve(new Response());
  expect(await early).toBe(200);

  answers[0]?.resolve(unauthorized());
  await settle();
  answers[3]?.resolve(new Response());

  expect(await late).toBe(200);
  expect(sent).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2', 'Bearer token-2']);
  expect(asked).toHaveLength(2);
});

test('five parallel 401s of one token are one renewal and five replays (rule T5)', async () => {
  const { respond, answers } = createHeldApi();
  const { asked, sent, events, request } = createTokenValet(countingProvider(), { respond });
  const requests = Array.from({ length: 5 }, () => request());
  await settle();
  for (const answer of answers.splice(0)) answer.resolve(unauthorized());
  await settle();
  for (const answer of answers.splice(0)) answer.resolve(new Response());

  expect(await Promise.all(requests)).toEqual([200, 200, 200, 200, 200]);
  expect(asked).toHaveLength(2);
  expect(sent.slice(5)).toEqual(Array.from({ length: 5 }, () => 'Bearer token-2'));
  expect(events.filter((name) => name === 'replay')).toHaveLength(5);
});

test('a 401 during a background refresh joins it (rule T5)', async () => {
  const { provider, calls } = createHeldProvider();
  const { clock, asked, sent, request } = createTokenValet(provider, {
    initial: { token: 'token-1', expiresIn: 60 },
    respond: refusing(new Set(['token-1'])),
  });
  await clock.advance(55 * SECOND);
  const refused = request();
  await settle();
  expect(asked.map(({ reason }) => reason)).toEqual(['expiring']);
  calls[0]?.resolve({ token: 'token-2', expiresIn: 60 });

  expect(await refused).toBe(200);
  expect(sent).toEqual(['Bearer token-1', 'Bearer token-2']);
  expect(asked).toHaveLength(1);
});

test('a 401 whose joined refresh brings the refused token again asks past the cache', async () => {
  const { provider, calls } = createHeldProvider();
  const { clock, asked, sent, request } = createTokenValet(provider, {
    initial: { token: 'token-1', expiresIn: 60 },
    respond: refusing(new Set(['token-1'])),
  });
  await clock.advance(55 * SECOND);
  const refused = request();
  await settle();
  calls[0]?.resolve('token-1');
  await settle();
  expect(asked[1]).toMatchObject({ reason: 'rejected', forceRefresh: true, rejectedToken: 'token-1' });
  calls[1]?.resolve('token-2');

  expect(await refused).toBe(200);
  expect(sent).toEqual(['Bearer token-1', 'Bearer token-2']);
});

test('while a refused token is being renewed, other requests wait for the new one', async () => {
  const { provider, calls } = createHeldProvider();
  const { sent, request } = createTokenValet(provider, {
    initial: { token: 'token-1' },
    respond: refusing(new Set(['token-1'])),
  });
  const refused = request();
  await settle();
  const other = request();
  expect(await isSettled(other)).toBe(false);
  expect(sent).toHaveLength(1);
  calls[0]?.resolve('token-2');

  expect(await Promise.all([refused, other])).toEqual([200, 200]);
  expect(sent).toEqual(['Bearer token-1', 'Bearer token-2', 'Bearer token-2']);
});

test('a refused token stays in use for the others when it cannot be renewed for the moment (rule T6)', async () => {
  const unavailable = (): Response => new Response(null, { status: 503, headers: { 'retry-after': '60' } });
  const { client, asked, sent, request } = createTokenValet(unavailable, {
    initial: { token: 'token-1' },
    respond: ({ url }) => (url.endsWith('/refused') ? unauthorized() : new Response()),
  });

  expect(await outcomeOf(client.fetch('/refused'))).toBe('TOKEN_ENDPOINT_UNAVAILABLE');
  expect(await request()).toBe(200);
  expect(sent).toEqual(['Bearer token-1', 'Bearer token-1']);
  expect(asked).toHaveLength(1);
});

test('a refusal of the refresh ends the session for the refused request (rule T6)', async () => {
  const { client, events, request } = createTokenValet(
    () => Response.json({ error: 'invalid_grant' }, { status: 400 }),
    {
      initial: { token: 'token-1' },
      respond: () => unauthorized(),
    },
  );

  expect(await request()).toBe('SESSION_ENDED');
  expect(client.session.snapshot.status).toBe('ended');
  expect(events.filter((name) => name === 'sessionend')).toHaveLength(1);
});

test('nobody signed in any more, says the provider of a refused token', async () => {
  const { client, request } = createTokenValet(() => null, {
    initial: { token: 'token-1' },
    respond: () => unauthorized(),
  });

  expect(await request()).toBe('SIGNED_OUT');
  expect(client.session.snapshot).toEqual({ status: 'signed-out' });
});

test('a 401 of a request that carried no token renews nothing (rule T5)', async () => {
  const { client, asked } = createTokenValet(countingProvider(), { respond: () => unauthorized() });

  expect(await outcomeOf(client.fetch('/', { auth: false }))).toBe(401);
  expect(asked).toHaveLength(0);
});

test('a 401 that asks for something a fresh token does not give renews nothing (rule T13)', async () => {
  for (const challenge of ['Bearer error="insufficient_user_authentication"', 'Basic realm="staff"']) {
    const { asked, sent, request } = createTokenValet(countingProvider(), {
      respond: () => unauthorized(challenge),
    });
    expect([challenge, await request()]).toEqual([challenge, 401]);
    expect([asked.length, sent.length]).toEqual([1, 1]);
  }
});

test('a 401 that names the scheme that the token is sent with is about the token (rule T13)', async () => {
  for (const scheme of ['JWT', 'Token']) {
    const answers = [unauthorized(`${scheme} realm="api"`), new Response('ok')];
    const { sent, request } = createTokenValet(countingProvider(), {
      placement: { scheme },
      respond: () => answers.shift() ?? new Response('ok'),
    });
    expect([scheme, await request(), sent.length]).toEqual([scheme, 200, 2]);
  }
});

test('the challenge of a 401 and the URL are handed to the provider', async () => {
  const challenge = 'Bearer realm="api", error="invalid_token", error_description="revoked"';
  const { asked, request } = createTokenValet(countingProvider(), { respond: () => unauthorized(challenge) });
  await request();

  expect(asked[1]?.challenge?.parameters.get('error_description')).toBe('revoked');
  expect(asked[1]?.resource).toBe('https://api.test/');
});

test('a 403 renews nothing', async () => {
  const { asked, sent, request } = createTokenValet(countingProvider(), {
    respond: () => new Response(null, { status: 403 }),
  });

  expect(await request()).toBe(403);
  expect([asked.length, sent.length]).toEqual([1, 1]);
});

test('a 401 whose caller aborts meanwhile is renewed for the others, and the caller is free at once (rule P4)', async () => {
  const { provider, calls } = createHeldProvider();
  const { client, sent, request } = createTokenValet(provider, {
    initial: { token: 'token-1' },
    respond: refusing(new Set(['token-1'])),
  });
  const controller = new AbortController();
  const aborted = outcomeOf(client.fetch('/', { signal: controller.signal }));
  await settle();
  controller.abort();
  expect(await isSettled(aborted)).toBe(true);
  expect(await aborted).toBe('AbortError');
  calls[0]?.resolve('token-2');

  expect(await request()).toBe(200);
  expect(sent).toEqual(['Bearer token-1', 'Bearer token-2']);
  expect(calls).toHaveLength(1);
});

test('a source that knows nobody for a challenge is asked about it once (rule T5)', async () => {
  const challenge = 'Bearer resource_metadata="https://api.test/.well-known/oauth-protected-resource"';
  const { asked, sent, request } = createTokenValet(
    {
      discovers: true,
      getToken() {
        // A loop without an end fails rather than hang.
        if (asked.length > 10) throw new SessionError('SESSION_ENDED');
        return null;
      },
    },
    { respond: () => new Response(null, { status: 401, headers: { 'www-authenticate': challenge } }) },
  );

  expect(await request()).toBe('SIGNED_OUT');

  expect(sent).toEqual(['']);
  expect(asked.map((context) => context.challenge !== undefined)).toEqual([false, true]);
});
