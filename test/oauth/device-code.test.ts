import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { accessToken, Client } from '../../src/index.ts';
import { type DeviceCode, deviceCode } from '../../src/oauth.ts';
import { startAuthorizationServer } from '../support/authorization-server.mjs';
import { createManualClock, settle } from '../support/clock.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { createUserAgent } from '../support/user-agent.ts';

const tokenOf = ({ received }: TestServer, index: number): string =>
  received[index]?.headers.authorization?.slice('Bearer '.length) ?? '';

test('a program without a browser signs its user in on another device (RFC 8628)', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer();
  const agent = createUserAgent();
  const clock = createManualClock();
  const shown: DeviceCode[] = [];
  const source = deviceCode({
    issuer: server.issuer,
    clientId: 'cli',
    scopes: ['openid', 'offline_access', 'read'],
    audience: 'https://api.test/',
    clock,
    async onCode(code) {
      shown.push(code);
      await agent.approveDevice(code.verificationUriComplete ?? '');
    },
  });
  using client = new Client(source, { baseUrl: api.origin });
  expect(await valetErrorOf(() => client.get('orders'))).toMatchObject({ code: 'SIGNED_OUT' });

  const signedIn = source.signIn();
  await advanceUntil(clock, signedIn);
  expect((await client.fetch('orders')).status).toBe(204);
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'alice' } });
  expect(shown[0]?.userCode).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
  expect(shown[0]?.verificationUri).toBe(`${server.issuer}/device`);
  expect(decodeJwt(tokenOf(api, 0))).toMatchObject({ aud: 'https://api.test/', sub: 'alice' });
});

test('its refresh token buys the next tokens, also for other audiences, one after another', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer();
  const agent = createUserAgent();
  const clock = createManualClock();
  const source = deviceCode({
    issuer: server.issuer,
    clientId: 'cli',
    scopes: ['openid', 'offline_access', 'read'],
    audience: 'https://api.test/',
    furtherAudiences: ['https://stock.test/'],
    clock,
    onCode: (code) => agent.approveDevice(code.verificationUriComplete ?? ''),
  });
  using client = new Client(accessToken(source), { baseUrl: api.origin });
  await advanceUntil(clock, source.signIn());
  await Promise.all([
    client.fetch('/'),
    client.fetch('/', { auth: { audience: 'https://stock.test/' } }),
    client.fetch('/', { auth: { scopes: ['read'] } }),
  ]);
  await client.session.refresh();
  expect(client.session.snapshot.status).toBe('signed-in');
  expect(new Set(api.received.map((_, index) => decodeJwt(tokenOf(api, index)).aud))).toEqual(
    new Set(['https://api.test/', 'https://stock.test/']),
  );
  // Two further slots, and the refresh of all three.
  expect(server.asked.get('refresh_token')).toBe(5);
});

test('a user who says no is told of as such', async () => {
  await using server = await startAuthorizationServer();
  const agent = createUserAgent();
  const clock = createManualClock();
  const source = deviceCode({
    issuer: server.issuer,
    clientId: 'cli',
    scopes: ['openid'],
    clock,
    onCode: (code) => agent.approveDevice(code.verificationUriComplete ?? '', 'no'),
  });
  const failed = valetErrorOf(() => source.signIn());
  await advanceUntil(clock, failed);
  expect(await failed).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED', oauthError: 'access_denied' });
});

test('a client that may not do this is told at once', async () => {
  await using server = await startAuthorizationServer();
  const source = deviceCode({ issuer: server.issuer, clientId: 'spa', onCode: () => {} });
  expect(await valetErrorOf(() => source.signIn())).toMatchObject({
    code: 'TOKEN_ENDPOINT_REJECTED',
  });
});

interface Script {
  readonly server: TestServer;
  /** When the token endpoint was asked, in milliseconds since the code was shown. */
  readonly asked: readonly number[];
  readonly clock: ReturnType<typeof createManualClock>;
  readonly source: ReturnType<typeof deviceCode>;
}

/** A server that answers one poll after the other with what `answers` says. */
async function createScript(answers: readonly (string | number)[], device: object = {}): Promise<Script> {
  const clock = createManualClock();
  const asked: number[] = [];
  let shownAt = 0;
  const server = await startServer(({ url }, response) => {
    response.setHeader('content-type', 'application/json');
    if (url === '/device') {
      const code = {
        device_code: 'device-code-0123',
        user_code: 'ABCD',
        verification_uri: 'https://id.example/device',
      };
      response.end(JSON.stringify({ ...code, expires_in: 300, interval: 5, ...device }));
      return;
    }
    asked.push(clock.monotonic() - shownAt);
    const answer = answers[asked.length - 1] ?? 'authorization_pending';
    if (typeof answer === 'number') response.writeHead(answer).end();
    else if (answer === 'ok')
      response.end(JSON.stringify({ access_token: 'token-0123', token_type: 'bearer' }));
    else response.writeHead(400).end(JSON.stringify({ error: answer }));
  });
  const source = deviceCode({
    endpoints: { token: `${server.origin}/token`, deviceAuthorization: `${server.origin}/device` },
    clientId: 'cli',
    clock,
    onCode: () => {
      shownAt = clock.monotonic();
    },
  });
  return { server, asked, clock, source };
}

test('it polls at the interval of the server, and more slowly when asked to', async () => {
  const { server, asked, clock, source } = await createScript([
    'authorization_pending',
    'slow_down',
    'slow_down',
    'ok',
  ]);
  await advanceUntil(clock, source.signIn());
  expect(asked).toEqual([5000, 10_000, 20_000, 35_000]);
  await server.close();
});

test('a bad moment of the server is waited out, more slowly each time (RFC 8628 §3.5)', async () => {
  const { server, asked, clock, source } = await createScript([503, 503, 'ok']);
  await advanceUntil(clock, source.signIn());
  expect(asked).toEqual([5000, 15_000, 35_000]);
  await server.close();
});

test.each(['expired_token', 'access_denied', 'invalid_grant'])('%s ends the waiting', async (oauthError) => {
  const { server, asked, clock, source } = await createScript([oauthError]);
  const failed = valetErrorOf(() => source.signIn());
  await advanceUntil(clock, failed);
  expect(await failed).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED', oauthError });
  expect(asked).toHaveLength(1);
  await server.close();
});

test('a code that nobody uses is waited for until it expires, and no longer', async () => {
  const { server, asked, clock, source } = await createScript([], { expires_in: 12 });
  const failed = valetErrorOf(() => source.signIn());
  await advanceUntil(clock, failed);
  expect(await failed).toMatchObject({ oauthError: 'expired_token' });
  expect(asked).toEqual([5000, 10_000]);
  await server.close();
});

test('an abort ends the waiting and leaves no timer', async () => {
  const { server, clock, source } = await createScript([]);
  const controller = new AbortController();
  const failed = source.signIn({ signal: controller.signal }).catch((error: unknown) => error);
  await advanceOnce(clock);
  controller.abort(new Error('enough'));
  expect(await failed).toMatchObject({ message: 'enough' });
  expect(clock.timers).toBe(0);
  await server.close();
});

/** Moves the clock on whenever somebody waits for it, until `promise` has settled. */
async function advanceUntil(
  clock: ReturnType<typeof createManualClock>,
  promise: Promise<unknown>,
): Promise<void> {
  let isDone = false;
  const done = promise.finally(() => {
    isDone = true;
  });
  done.catch(() => {});
  while (!isDone) await advanceOnce(clock, () => isDone);
  await promise;
}

/**
 * Waits until a timer is armed, which the network decides, and lets a second pass. The pauses between polls are the
 * only timers of this clock: requests are timed by the platform's, so no advance can bring one to its limit.
 */
async function advanceOnce(
  clock: ReturnType<typeof createManualClock>,
  stop = (): boolean => false,
): Promise<void> {
  while (clock.timers === 0 && !stop()) await settle();
  if (clock.timers > 0) await clock.advance(1000);
}

test.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'http://id.example/device', 'x'])(
  'a server that sends the user to %s is not believed',
  async (uri) => {
    const { server, source } = await createScript(['ok'], { verification_uri: uri });
    expect(await valetErrorOf(() => source.signIn())).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
    await server.close();
  },
);

test('a server that wants to be asked all the time is asked once a second', async () => {
  const { server, asked, clock, source } = await createScript(['authorization_pending', 'ok'], {
    interval: 1e-6,
  });
  await advanceUntil(clock, source.signIn());
  expect(asked).toEqual([1000, 2000]);
  await server.close();
});

test('a code for years is waited for an hour, and a code is text', async () => {
  const shown: DeviceCode[] = [];
  const device = {
    device_code: 'd',
    user_code: 'AB\u001b[2JCD',
    verification_uri: 'https://id.example/device',
    expires_in: 1e9,
  };
  await using server = await startServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(device));
  });
  const endpoints = { token: `${server.origin}/token`, deviceAuthorization: `${server.origin}/device` };
  const source = deviceCode({
    endpoints,
    clientId: 'cli',
    onCode(code) {
      shown.push(code);
      throw new Error('seen');
    },
  });
  await source.signIn().catch(() => {});
  expect(shown).toEqual([expect.objectContaining({ userCode: 'AB[2JCD', expiresIn: 3_600_000 })]);
});

test('a server without device codes is told of as such', async () => {
  const make = (): unknown =>
    deviceCode({ endpoints: { token: 'https://id.example/token' }, clientId: 'cli', onCode: () => {} });
  expect(await valetErrorOf(make)).toMatchObject({ code: 'INVALID_OPTION' });
  await using server = await startServer(({ headers }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ issuer: `http://${headers.host}/`, token_endpoint: `http://${headers.host}/token` }),
    );
  });
  const source = deviceCode({ issuer: `${server.origin}/`, clientId: 'cli', onCode: () => {} });
  expect(await valetErrorOf(() => source.signIn())).toMatchObject({ code: 'INVALID_OPTION' });
});

test('a misspelt option of a login is refused before a code is asked for', async () => {
  await using server = await startServer();
  const source = deviceCode({ issuer: server.origin, clientId: 'cli', onCode: () => {} });
  const error = await valetErrorOf(() => source.signIn({ scope: ['read'] } as object));
  expect(error.code).toBe('INVALID_OPTION');
  expect(error.message).toContain('"scope"');
  expect(server.received).toEqual([]);
});

test('no wait that a server asks for is longer than its code is good for', async () => {
  const { server, asked, clock, source } = await createScript([], { interval: 1e9, expires_in: 600 });
  const failed = valetErrorOf(() => source.signIn());
  while (clock.timers === 0) await settle();
  await clock.advance(600_000);
  expect(await failed).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
  expect(asked).toEqual([]);
  await server.close();
});
