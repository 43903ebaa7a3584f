import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import type { TokenProvider } from '../../src/contracts.ts';
import { accessToken, Client } from '../../src/index.ts';
import { createManualClock, type ManualClock } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { type Received, sendJson, startServer, type TestServer } from '../support/server.ts';
import { createDeferred, outcomeOf } from '../support/token-valet.ts';

const SECOND = 1000;
const DAY = 86_400_000;

type TokenAnswer = (response: ServerResponse, form: URLSearchParams) => unknown;

interface Issuer {
  readonly server: TestServer;
  /** The forms that were posted, in order of arrival. */
  readonly forms: readonly URLSearchParams[];
  /** How often a refresh token was redeemed that had been before. */
  readonly reuses: number;
  /** What the next calls of the token endpoint do instead of answering with tokens. */
  readonly script: TokenAnswer[];
  /** Answers with tokens. */
  readonly issue: TokenAnswer;
  /** Revokes the newest access token. */
  revoke(): void;
}

/** One real server: `/token` rotates refresh tokens and kills the family at a re-use, `/api` wants the newest token. */
async function startIssuer(): Promise<Issuer> {
  const forms: URLSearchParams[] = [];
  const script: TokenAnswer[] = [];
  const spent = new Set<string>();
  let count = 0;
  let revoked = '';
  let reuses = 0;
  const issue: TokenAnswer = (response, form) => {
    const refreshToken = form.get('refresh_token') ?? '';
    if (spent.has(refreshToken) || reuses > 0) {
      reuses++;
      return sendJson(response, { error: 'invalid_grant' }, 400);
    }
    spent.add(refreshToken);
    count++;
    sendJson(response, { access_token: `token-${count}`, refresh_token: `refresh-${count}`, expires_in: 60 });
  };
  const handle = async (request: Received, response: ServerResponse): Promise<void> => {
    if (request.url === '/token') {
      const form = new URLSearchParams(request.body.toString());
      forms.push(form);
      await (script.shift() ?? issue)(response, form);
      return;
    }
    const { authorization = '' } = request.headers;
    const isGood = authorization !== revoked && (count === 0 || authorization === `Bearer token-${count}`);
    response.writeHead(isGood ? 200 : 401).end('answer');
  };
  const server = await startServer(handle);
  return {
    server,
    forms,
    script,
    issue,
    revoke() {
      revoked = `Bearer token-${count}`;
    },
    get reuses() {
      return reuses;
    },
  };
}

interface User {
  readonly client: Client;
  readonly clock: ManualClock;
  /** Sends a request, reads it to its end, and gives its status, or the code it failed with. */
  readonly request: () => Promise<number | string>;
  /** Resolves with the next event of that name. */
  next(event: 'refreshed' | 'refreshfailed'): Promise<unknown>;
}

/** A user as in the guide: one line over the token endpoint, whose first token has ended. */
function createUser({ server }: Issuer, clock = createManualClock()): User {
  const provider: TokenProvider = ({ refreshToken, signal }) =>
    refreshToken === undefined
      ? null
      : fetch(`${server.origin}/token`, {
          method: 'POST',
          body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
          signal,
        });
  const client = new Client(
    accessToken(provider, { initial: { token: 'token-0', expiresIn: 1, refreshToken: 'refresh-0' } }),
    {
      baseUrl: server.origin,
      logger: { debug() {}, warn() {} },
      runtime: { clock, random: () => 0.5 },
    },
  );
  clock.sleep(SECOND);
  const request = async (): Promise<number | string> =>
    outcomeOf(
      client.fetch('/api').then(async (response) => {
        await response.arrayBuffer();
        return response;
      }),
    );
  const next = (event: 'refreshed' | 'refreshfailed'): Promise<unknown> =>
    new Promise((resolve) => {
      const off = client.on(event, (payload) => {
        off();
        resolve(payload);
      });
    });
  return { client, clock, request, next };
}

test('one line over a token endpoint keeps a rotating refresh token alive (rule T4)', async () => {
  const issuer = await startIssuer();
  await using _ = issuer.server;
  const { clock, request } = createUser(issuer);
  for (let lifetime = 0; lifetime < 5; lifetime++) {
    const statuses = await Promise.all(Array.from({ length: 20 }, request));
    expect(new Set(statuses)).toEqual(new Set([200]));
    await clock.advance(60 * SECOND);
  }

  expect(issuer.forms.map((form) => form.get('refresh_token'))).toEqual([
    'refresh-0',
    'refresh-1',
    'refresh-2',
    'refresh-3',
    'refresh-4',
  ]);
  expect(issuer.reuses).toBe(0);
  expect([clock.timers, clock.wakeListeners]).toEqual([0, 0]);
});

test('a token revoked at the server is renewed once by all who meet the 401 (rule T5)', async () => {
  const issuer = await startIssuer();
  await using _ = issuer.server;
  const { client, request } = createUser(issuer);
  await request();
  issuer.revoke();

  expect(await Promise.all([request(), request(), request()])).toEqual([200, 200, 200]);
  expect(issuer.forms).toHaveLength(2);
  expect(client.session.snapshot.status).toBe('signed-in');
});

test('a connection that the server cuts is tried once more at once (rule T4)', async () => {
  const issuer = await startIssuer();
  await using _ = issuer.server;
  issuer.script.push((response) => response.socket?.resetAndDestroy());
  const { clock, request } = createUser(issuer);

  expect(await request()).toBe(200);
  expect(issuer.forms.map((form) => form.get('refresh_token'))).toEqual(['refresh-0', 'refresh-0']);
  expect(clock.timers).toBe(0);
});

test('a connection that is cut in the middle of the answer is tried once more too', async () => {
  const issuer = await startIssuer();
  await using _ = issuer.server;
  issuer.script.push((response) => {
    response.writeHead(200, { 'content-length': '500' });
    response.write('{"access_token":"tok', () => response.socket?.resetAndDestroy());
  });
  const { request } = createUser(issuer);

  expect(await request()).toBe(200);
  expect(issuer.forms).toHaveLength(2);
});

test('a server that cuts every connection costs nothing but a wait (rule T6)', async () => {
  const issuer = await startIssuer();
  await using _ = issuer.server;
  const cut: TokenAnswer = (response) => response.socket?.resetAndDestroy();
  issuer.script.push(cut, cut);
  const { client, clock, request, next } = createUser(issuer);
  const failed = next('refreshfailed');
  const answer = request();
  expect(await failed).toMatchObject({ code: 'TOKEN_PROVIDER_FAILED', retryable: true });
  expect(client.session.snapshot.status).toBe('signed-in');
  await clock.advance(SECOND);

  expect(await answer).toBe(200);
});

const BUSY: Readonly<Record<string, TokenAnswer>> = {
  'a 503 with Retry-After': (response) => response.writeHead(503, { 'retry-after': '2' }).end(),
  'a 429 with a date to retry after': (response) =>
    response.writeHead(429, { 'retry-after': new Date(Date.now() + 2 * SECOND).toUTCString() }).end(),
  'a login page instead of JSON': (response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>'),
  'five megabytes of JSON': (response) => {
    response.writeHead(200).write('{"access_token":"');
    for (let n = 0; n < 80; n++) response.write('x'.repeat(65_536));
    response.end('"}');
  },
};

for (const [name, answer] of Object.entries(BUSY)) {
  test(`${name} is a bad moment: the request waits, and the next attempt is made (rules T6, S8)`, async () => {
    const issuer = await startIssuer();
    await using _ = issuer.server;
    issuer.script.push(answer);
    // A day behind: what the server says of time is measured by the server's clock.
    const { clock, request, next } = createUser(issuer, createManualClock(Date.now() - DAY));
    const failed = next('refreshfailed');
    const waits = request();
    expect(await failed).toMatchObject({ code: 'TOKEN_ENDPOINT_UNAVAILABLE' });
    await clock.advance(3 * SECOND);

    expect(await waits).toBe(200);
    expect(issuer.reuses).toBe(0);
  });
}

test('invalid_grant ends the session, and the refresh token is never posted again (rule T6)', async () => {
  const issuer = await startIssuer();
  await using _ = issuer.server;
  issuer.script.push((response) =>
    sendJson(response, { error: 'invalid_grant', error_description: 'gone' }, 400),
  );
  const { client, clock, request } = createUser(issuer);

  expect(await request()).toBe('SESSION_ENDED');
  const { snapshot } = client.session;
  expect(snapshot).toMatchObject({ status: 'ended', error: { code: 'SESSION_ENDED' } });
  expect(snapshot.status === 'ended' && snapshot.error.message).toContain('gone');
  await clock.advance(60 * SECOND);
  expect(await request()).toBe('SESSION_ENDED');
  await client.session.refresh().catch(() => {});
  expect(issuer.forms).toHaveLength(1);
});

test('an answer that comes after the deadline is kept: the family lives on (rule T4)', async () => {
  const issuer = await startIssuer();
  await using _ = issuer.server;
  const arrived = createDeferred<() => void>();
  issuer.script.push((response, form) => arrived.resolve(() => issuer.issue(response, form)));
  const { clock, request, next } = createUser(issuer);
  const freed = request();
  const release = await arrived.promise;
  await clock.advance(10 * SECOND);
  expect(await freed).toBe('TOKEN_TIMEOUT');
  const late = request();
  const refreshed = next('refreshed');
  await clock.advance(5 * SECOND);
  release();
  await refreshed;

  expect(await late).toBe(200);
  expect(issuer.forms).toHaveLength(1);
  await clock.advance(60 * SECOND);
  expect(await request()).toBe(200);
  expect(issuer.reuses).toBe(0);
});

test('a sign-out ends the call that is on the wire', async () => {
  const issuer = await startIssuer();
  await using _ = issuer.server;
  const arrived = createDeferred<ServerResponse>();
  issuer.script.push((response) => arrived.resolve(response));
  const { client, request } = createUser(issuer);
  const pending = request();
  const response = await arrived.promise;
  const closed = new Promise<void>((resolve) => void response.on('close', resolve));
  await client.signOut();

  await closed;
  expect(await pending).toBe('SESSION_CHANGED');
});

test('a clock that is a day wrong is corrected by the Date of the endpoint (rule T2)', async () => {
  for (const wrong of [-DAY, DAY]) {
    const issuer = await startIssuer();
    await using _ = issuer.server;
    const now = Math.round(Date.now() / SECOND);
    issuer.script.push((response) =>
      sendJson(response, {
        access_token: createJwt({ sub: 'u1', iat: now, exp: now + 3600 }),
        expires_at: now + 3600,
        refresh_token: 'refresh-1',
      }),
    );
    const { clock, request } = createUser(issuer, createManualClock(Date.now() + wrong));
    for (let minutes = 0; minutes < 55; minutes++) {
      expect(await request()).toBe(200);
      await clock.advance(60 * SECOND);
    }

    expect(issuer.forms).toHaveLength(1);
  }
});

test('a provider of null: nobody is signed in, and nothing is sent (rule T6)', async () => {
  const issuer = await startIssuer();
  await using _ = issuer.server;
  const client = new Client(() => null, { baseUrl: issuer.server.origin, logger: { debug() {}, warn() {} } });

  expect(await client.session.ready).toEqual({ status: 'signed-out' });
  expect(await outcomeOf(client.fetch('/api'))).toBe('SIGNED_OUT');
  expect(issuer.server.received).toHaveLength(0);
});
