import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { accessToken, apiKey, Client, type TokenProvider, type ValetError } from '../../src/index.ts';
import { createManualClock } from '../support/clock.ts';
import { sendJson, startServer, type TestServer } from '../support/server.ts';
import { expectNoSecret, valetErrorOf } from '../support/thrown.ts';

const KEY = 'weather-key-of-tests-7f3a';

/** What every message is, whatever happened: one line that ends with the page to read on. */
function expectReadable(error: ValetError): void {
  expect(error.message).not.toMatch(/[\r\n]/);
  expect(error.message.endsWith(` https://fetch-valet.dev/errors/${error.code}`)).toBe(true);
  // What an uncaught error prints begins with it, below the class.
  expect(inspect(error)).toContain(`${error.name}: ${error.message}`);
}

/** A server that knows one key. */
function startWeather(): Promise<TestServer> {
  return startServer(({ headers }, response) => {
    if (headers['x-api-key'] === KEY) sendJson(response, { degrees: 7 });
    else {
      const body = { type: 'about:blank', title: 'Unauthorized', detail: 'This key is not known.' };
      sendJson(response, body, 401, { 'content-type': 'application/problem+json' });
    }
  });
}

/** A server that has gone. */
async function startAndStop(): Promise<string> {
  const server = await startServer();
  await server.close();
  return server.origin;
}

test('a missing key: says that there is none, where it was expected, and how to set it', async () => {
  const error = await valetErrorOf(() => new Client(process.env.WEATHER_API_KEY_THAT_NOBODY_SET));
  expectReadable(error);
  expect(error.code).toBe('MISSING_API_KEY');
  expect(error.message).toContain('new Client()');
  expect(error.message).toContain('is undefined');
  expect(error.message).toContain('process.env');
  expect(error.message).toContain('--env-file');
});

test('a wrong key: says which request, what the server says, and which key went where', async () => {
  await using server = await startWeather();
  const wrong = 'weather-key-of-somebody-else';
  const error = await valetErrorOf(() =>
    new Client(wrong, { baseUrl: server.origin }).get('current?q=Oslo').json(),
  );
  expectReadable(error);
  expect(error).toMatchObject({ code: 'HTTP_ERROR', status: 401, retryable: false });
  expect(error.message).toContain('GET /current');
  expect(error.message).toContain('401');
  expect(error.message).toContain('This key is not known');
  expect(error.message).toContain('header x-api-key');
  expect(error.message).toContain('…else');
  expect(error.message).not.toContain('Oslo');
  expectNoSecret(error, wrong);
});

test('a wrong key at a gateway that answers 403: says that this may be the reason', async () => {
  await using server = await startServer((_, response) => sendJson(response, { message: 'Forbidden' }, 403));
  const error = await valetErrorOf(() => new Client(KEY, { baseUrl: server.origin }).get('current'));
  expectReadable(error);
  expect(error.message).toContain('GET /current');
  expect(error.message).toContain('bad key');
});

test('a key in the query that is wrong: says the parameter, not its value', async () => {
  await using server = await startServer((_, response) => sendJson(response, {}, 401));
  const client = new Client(apiKey(KEY, { in: 'query', name: 'appid' }), { baseUrl: server.origin });
  const error = await valetErrorOf(() => client.get('current?q=Oslo'));
  expectReadable(error);
  expect(error.message).toContain('query parameter appid');
  expectNoSecret(error, KEY);
});

test('the server is down: says which host, why, and asks whether it runs', async () => {
  const baseUrl = await startAndStop();
  const error = await valetErrorOf(() => new Client(KEY, { baseUrl }).get('current', { retry: 0 }).json());
  expectReadable(error);
  expect(error).toMatchObject({ code: 'NETWORK', retryable: true });
  expect(error.message).toContain('GET /current');
  expect(error.message).toContain(new URL(baseUrl).host);
  expect(error.message).toContain('ECONNREFUSED');
  expect(error.message).toContain('Is the server running');
});

test('the host does not exist: says so', async () => {
  const client = new Client(KEY, { baseUrl: 'https://no-such-host.invalid' });
  const error = await valetErrorOf(() => client.get('current', { retry: 0 }));
  expectReadable(error);
  expect(error.code).toBe('NETWORK');
  expect(error.message).toContain('no-such-host.invalid');
  expect(error.message).toMatch(/ENOTFOUND|EAI_AGAIN|ENETUNREACH/);
});

test('a page instead of JSON: says what came, how it begins, and what that usually is', async () => {
  await using server = await startServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!DOCTYPE html><title>Sign in</title>');
  });
  const error = await valetErrorOf(() => new Client(KEY, { baseUrl: server.origin }).get('current').json());
  expectReadable(error);
  expect(error.code).toBe('NOT_JSON');
  expect(error.message).toContain('GET /current');
  expect(error.message).toContain('text/html');
  expect(error.message).toContain('<!DOCTYPE html>');
  expect(error.message).toContain('baseUrl');
});

const TOKENS = { token: 'access-token-of-tests', refreshToken: 'refresh-token-of-tests', expiresIn: 60 };

/** The error of a request whose token has expired, with a refresh by `provider`. */
async function afterExpiry(provider: TokenProvider): Promise<{ error: ValetError; sent: number }> {
  await using server = await startServer();
  const clock = createManualClock();
  const strategy = accessToken(provider, { initial: TOKENS, deadline: 5000 });
  const client = new Client(strategy, { baseUrl: server.origin, runtime: { clock } });
  await clock.advance(60_000);
  // The time passes when an answer has come, not while one is on its way.
  client.on('refreshfailed', ({ retryAfter = 0 }) => void clock.advance(retryAfter));
  const error = await valetErrorOf(() => client.get('orders').json());
  return { error, sent: server.received.length };
}

test('the token endpoint is down: says so, that the session stays, and that it is tried again', async () => {
  const tokenUrl = await startAndStop();
  const { error, sent } = await afterExpiry(({ refreshToken = '', signal }) =>
    fetch(tokenUrl, { method: 'POST', body: new URLSearchParams({ refresh_token: refreshToken }), signal }),
  );
  expectReadable(error);
  expect(error).toMatchObject({ code: 'TOKEN_PROVIDER_FAILED', retryable: true });
  expect(error.message).toContain('token');
  expect(error.message).toContain('tried again');
  expect((error.cause as Error).cause).toMatchObject({ code: 'ECONNREFUSED' });
  expectNoSecret(error, TOKENS.token, TOKENS.refreshToken);
  expect(sent).toBe(0);
});

test('the token endpoint answers 503: says so, and when it is asked again', async () => {
  await using endpoint = await startServer((_, response) => {
    response.writeHead(503, { 'retry-after': '120', 'content-type': 'text/html' }).end('<h1>Down</h1>');
  });
  const { error, sent } = await afterExpiry(({ signal }) =>
    fetch(endpoint.origin, { method: 'POST', signal }),
  );
  expectReadable(error);
  expect(error).toMatchObject({ code: 'TOKEN_ENDPOINT_UNAVAILABLE', status: 503, retryable: true });
  expect(error.message).toContain('503');
  expect(error.message).toContain('tried again');
  expect(error).toHaveProperty('retryAfter', expect.any(Number));
  expect(sent).toBe(0);
});

test('the token endpoint refuses the client: says what it says, and what to look at', async () => {
  await using endpoint = await startServer((_, response) => {
    sendJson(response, { error: 'invalid_client', error_description: 'client is disabled' }, 401);
  });
  const { error } = await afterExpiry(({ signal }) => fetch(endpoint.origin, { method: 'POST', signal }));
  expectReadable(error);
  expect(error).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED', retryable: false });
  expect(error.message).toContain('invalid_client');
  expect(error.message).toContain('client is disabled');
  expect(error.message).toContain('client id');
});

test('the session is over: says so, and that the user has to sign in', async () => {
  await using endpoint = await startServer((_, response) =>
    sendJson(response, { error: 'invalid_grant' }, 400),
  );
  const { error } = await afterExpiry(({ signal }) => fetch(endpoint.origin, { method: 'POST', signal }));
  expectReadable(error);
  expect(error.code).toBe('SESSION_ENDED');
  expect(error.message).toContain('invalid_grant');
  expect(error.message).toContain('sign in again');
});

test('a token that is refused twice: says that a new one was tried, and what the server says', async () => {
  await using server = await startServer((_, response) => {
    const challenge = 'Bearer error="invalid_token", error_description="audience not allowed"';
    sendJson(response, {}, 401, { 'www-authenticate': challenge });
  });
  let count = 0;
  const client = new Client(() => `access-token-${++count}`, { baseUrl: server.origin });
  const error = await valetErrorOf(() => client.get('orders'));
  expectReadable(error);
  expect(error.message).toMatch(/^GET \/orders answered 401 twice/);
  expect(error.message).toContain('invalid_token, "audience not allowed"');
  expect(error.message).toContain('audience');
  expect(server.received).toHaveLength(2);
});

test('a key that would go elsewhere: says where, where it belongs, and three ways out', async () => {
  const client = new Client(KEY, { baseUrl: 'https://api.example.com/v1' });
  const error = await valetErrorOf(() => client.get('https://other.example/orders?id=7'));
  expectReadable(error);
  expect(error.code).toBe('ORIGIN_NOT_ALLOWED');
  expect(error.message).toContain('https://other.example');
  expect(error.message).toContain('https://api.example.com');
  for (const way of ['extend(', 'allowedOrigins', 'auth: false']) expect(error.message).toContain(way);
});
