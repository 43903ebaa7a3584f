import { expect, test } from 'vitest';
import { Client } from '../../src/index.ts';
import { boundedFetch } from '../../src/oauth/bounded-fetch.ts';
import { Issuer } from '../../src/oauth/issuer.ts';
import { authorizationCode, clientCredentials, deviceCode } from '../../src/oauth.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { sendJson, startServer } from '../support/server.ts';
import { thrownBy, valetErrorOf } from '../support/thrown.ts';
import { createDeferred } from '../support/token-valet.ts';

const machine = { clientId: 'svc', clientSecret: 'svc-secret-0123' };
const baseUrl = 'https://api.test';

test.each([301, 400, 403, 404, 410])(
  'a metadata document that answers %i is a wrong configuration: told at once, asked for once in each place',
  async (status) => {
    await using server = await startServer((_, response) => void response.writeHead(status).end());
    using client = new Client(clientCredentials({ issuer: server.origin, ...machine }), { baseUrl });
    for (let request = 0; request < 2; request++) {
      expect(await valetErrorOf(() => client.get('orders'))).toMatchObject({
        code: 'TOKEN_ENDPOINT_REJECTED',
        retryable: false,
        status,
        message: expect.stringContaining('Check issuer'),
      });
    }
    expect(server.received.map(({ url }) => url)).toEqual([
      '/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server',
    ]);
  },
);

test.each([408, 429, 500, 503])(
  'a metadata document that answers %i has a bad moment: it is asked for again',
  async (status) => {
    let isDown = true;
    await using server = await startServer(({ url, headers }, response) => {
      const issuer = `http://${headers.host}/`;
      if (url === '/token') sendJson(response, { access_token: 'token-0123', token_type: 'Bearer' });
      else if (isDown) response.writeHead(status).end();
      else sendJson(response, { issuer, token_endpoint: `${issuer}token` });
    });
    await using api = await startServer();
    const clock = createManualClock();
    const source = clientCredentials({ issuer: `${server.origin}/`, ...machine });
    using client = new Client(source, { baseUrl: api.origin, runtime: { clock, random: () => 1 } });
    const login = authorizationCode({
      issuer: server.origin,
      clientId: 'spa',
      redirectUri: 'http://127.0.0.1/',
      page: { href: () => 'http://127.0.0.1/', leave: () => {}, clean: () => {} },
    });
    const temporary = { code: 'TOKEN_ENDPOINT_UNAVAILABLE', retryable: true };
    expect(await valetErrorOf(() => login.signIn())).toMatchObject(temporary);
    const answered = client.fetch('/');
    while (clock.timers < 2) await settle();
    isDown = false;
    while (clock.timers > 0) await clock.advance(1000);
    expect((await answered).status).toBe(204);
  },
);

test('a page of a web site in its place is a bad moment, too', async () => {
  await using server = await startServer((_, response) => void response.end('<h1>Sign in to the hotel</h1>'));
  const source = deviceCode({ issuer: server.origin, clientId: 'cli', onCode: () => {} });
  expect(await valetErrorOf(() => source.signIn())).toMatchObject({
    code: 'TOKEN_ENDPOINT_UNAVAILABLE',
    retryable: true,
  });
});

test('metadata without a token endpoint is a wrong configuration', async () => {
  await using server = await startServer(({ headers }, response) =>
    sendJson(response, { issuer: `http://${headers.host}` }),
  );
  using client = new Client(clientCredentials({ issuer: server.origin, ...machine }), { baseUrl });
  expect(await valetErrorOf(() => client.get('orders'))).toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining('endpoints: { token }'),
  });
});

test('a server that never answers is given up after a minute, where no session listens', async () => {
  const arrived = createDeferred<void>();
  await using server = await startServer(() => arrived.resolve());
  const clock = createManualClock();
  const failed = valetErrorOf(() => boundedFetch(fetch, clock)(server.origin, {}));
  await arrived.promise;
  await clock.advance(61_000);
  expect(await failed).toMatchObject({ code: 'TOKEN_ENDPOINT_UNAVAILABLE', retryable: true });
  expect(clock.timers).toBe(0);
});

test('who aborts gets their own reason, and a mistake in an own fetch is shown as it is', async () => {
  const controller = new AbortController();
  await using server = await startServer(() => controller.abort(new TypeError('enough')));
  const { signal } = controller;
  const clock = createManualClock();
  const aborted = await thrownBy(() => boundedFetch(fetch, clock)(server.origin, { signal }));
  expect(aborted).toBe(signal.reason);
  expect(clock.timers).toBe(0);
  const mistaken = boundedFetch(() => Promise.reject(new ReferenceError('sedn is not defined')));
  expect(await thrownBy(() => mistaken(server.origin, {}))).toBeInstanceOf(ReferenceError);
});

test('who asked for the metadata first and has gone fails nobody else', async () => {
  const answers: ((response: Response) => void)[] = [];
  const fetch: typeof globalThis.fetch = (_, init) =>
    new Promise((resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
      answers.push(resolve);
    });
  const issuer = new Issuer({ issuer: 'https://login.test/', clientId: 'spa', fetch });
  const first = new AbortController();
  const gone = thrownBy(() => issuer.metadata(first.signal));
  const found = issuer.metadata();
  await settle();
  first.abort(new Error('gone'));
  expect(await gone).toMatchObject({ message: 'gone' });
  await settle();
  answers[1]?.(Response.json({ issuer: 'https://login.test/', token_endpoint: 'https://login.test/token' }));

  expect(await found).toMatchObject({ token_endpoint: 'https://login.test/token' });
});
