import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import {
  ConfigError,
  type ErrorCode,
  HttpError,
  NetworkError,
  ResponseError,
  SessionError,
  TokenError,
  ValetError,
} from '../src/index.ts';
import { EVERY_ERROR, endedByProvider, ORDERS, SECRETS } from './support/every-error.ts';
import { expectNoSecret, valetErrorOf } from './support/thrown.ts';

const secrets = Object.values(SECRETS);

/** What each code is, in the order of the families. */
const FAMILIES: Readonly<
  Record<ErrorCode, readonly [family: new (...args: never) => ValetError, retryable: boolean]>
> = {
  MISSING_API_KEY: [ConfigError, false],
  INVALID_API_KEY: [ConfigError, false],
  MISSING_BASE_URL: [ConfigError, false],
  INVALID_BASE_URL: [ConfigError, false],
  INVALID_OPTION: [ConfigError, false],
  ORIGIN_NOT_ALLOWED: [ConfigError, false],
  INSECURE_URL: [ConfigError, false],
  SECRET_IN_BROWSER: [ConfigError, false],
  BODY_NOT_REPLAYABLE: [ConfigError, false],
  REDIRECT_REFUSED: [ConfigError, false],
  CLIENT_CLOSED: [ConfigError, false],
  NO_PROVIDER: [ConfigError, false],
  SIGNED_OUT: [SessionError, false],
  SESSION_ENDED: [SessionError, false],
  SESSION_CHANGED: [SessionError, false],
  TOKEN_PROVIDER_FAILED: [TokenError, true],
  TOKEN_INVALID: [TokenError, true],
  TOKEN_TIMEOUT: [TokenError, true],
  TOKEN_ENDPOINT_REJECTED: [TokenError, false],
  TOKEN_ENDPOINT_UNAVAILABLE: [TokenError, true],
  STORE_UNAVAILABLE: [TokenError, true],
  HTTP_ERROR: [HttpError, false],
  NETWORK: [NetworkError, true],
  OFFLINE: [NetworkError, true],
  TIMEOUT: [NetworkError, true],
  NOT_JSON: [ResponseError, false],
  INVALID_RESPONSE: [ResponseError, false],
};
const CODES = Object.keys(FAMILIES) as ErrorCode[];

/** What was sent, or was about to be: the message and the error say which request that was. */
const ABOUT_A_REQUEST = [
  'REDIRECT_REFUSED',
  'SESSION_CHANGED',
  'HTTP_ERROR',
  'NETWORK',
  'OFFLINE',
  'TIMEOUT',
  'NOT_JSON',
  'INVALID_RESPONSE',
] as const;

test.each(CODES)('%s can be had through the public surface, in its family', async (code) => {
  const error = await valetErrorOf(EVERY_ERROR[code]);
  const [family, retryable] = FAMILIES[code];
  expect(error.code).toBe(code);
  expect(error).toBeInstanceOf(family);
  expect(error).toBeInstanceOf(ValetError);
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe(family.name);
  expect(error.retryable).toBe(retryable);
});

test.each(CODES)('%s says on one line what happened, what to do next and where to read on', async (code) => {
  const { message, docs } = await valetErrorOf(EVERY_ERROR[code]);
  expect(docs).toBe(`https://fetch-valet.dev/errors/${code}`);
  expect(message).not.toMatch(/[\r\n]/);
  expect(message.length).toBeLessThan(600);
  const [, happened = '', next = ''] = /^(.+?[.:]) (.+) https:\S+$/.exec(message) ?? [];
  expect(message.endsWith(` ${docs}`)).toBe(true);
  expect(happened).not.toBe('');
  expect(next).toMatch(
    /\b(?:ask|call|change|check|it knows|keep|look|make|pass|put|return|sent again|sign in|start it|try|use|is the|this is usually)\b/i,
  );
  // Query values are the caller's data.
  expect(message).not.toContain('ada');
});

test.each(ABOUT_A_REQUEST)('%s names the request by method and path', async (code) => {
  const error = await valetErrorOf(EVERY_ERROR[code]);
  expect(error.message.startsWith(ORDERS.name)).toBe(true);
  expect(error.request).toEqual({ id: 'r1', method: 'GET', url: ORDERS.url });
});

test.each(['ORIGIN_NOT_ALLOWED', 'INSECURE_URL'] as const)(
  '%s names the origin, and carries the request',
  async (code) => {
    const error = await valetErrorOf(EVERY_ERROR[code]);
    const { url = '', method } = error.request ?? {};
    expect(error.message).toContain(new URL(url).origin);
    expect(method).toBe('GET');
  },
);

test.each(CODES)('%s shows no secret, however it is printed', async (code) => {
  expectNoSecret(await valetErrorOf(EVERY_ERROR[code]), ...secrets);
});

test.each(CODES)(
  '%s is turned into JSON that a log can use, without cause, response and data',
  async (code) => {
    const error = await valetErrorOf(EVERY_ERROR[code]);
    const json = JSON.parse(JSON.stringify(error)) as Record<string, unknown>;
    expect(json).toMatchObject({ name: error.name, code, message: error.message, docs: error.docs });
    expect(json.retryable).toBe(error.retryable);
    const facts = code === 'HTTP_ERROR' ? ['status', 'retryAfter'] : [];
    const known = ['name', 'code', 'message', 'retryable', 'docs', 'request', ...facts];
    expect(Object.keys(json).filter((key) => !known.includes(key))).toEqual([]);
    for (const key of ['request', 'response', 'cause', 'data', 'headers', 'issues']) {
      expect(Object.keys(error)).not.toContain(key);
    }
  },
);

test('a cause is kept as a redacted copy, with its class, name and code, to the end of the chain', async () => {
  const network = await valetErrorOf(EVERY_ERROR.NETWORK);
  expect(network.cause).toBeInstanceOf(TypeError);
  expect(network.cause).toMatchObject({ message: 'fetch failed' });
  expect((network.cause as Error).cause).toMatchObject({ message: 'connect to [redacted] refused' });
  const provider = await valetErrorOf(EVERY_ERROR.TOKEN_PROVIDER_FAILED);
  expect(provider.cause).toBeInstanceOf(RangeError);
  expect((provider.cause as Error).cause).toMatchObject({ message: 'sent [redacted]' });
  expect(inspect(provider, { depth: Number.POSITIVE_INFINITY })).toContain('[cause]');
});

test('an end of the session keeps the refusal of the token endpoint as its cause', async () => {
  const error = await valetErrorOf(EVERY_ERROR.SESSION_ENDED);
  expect(error.cause).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED', oauthError: 'invalid_grant' });
});

test('a TokenError carries the status and the error of the token endpoint, and when to try again', async () => {
  const rejected = (await valetErrorOf(EVERY_ERROR.TOKEN_ENDPOINT_REJECTED)) as TokenError;
  expect(rejected).toMatchObject({ status: 401, oauthError: 'invalid_client', retryAfter: undefined });
  const unavailable = (await valetErrorOf(EVERY_ERROR.TOKEN_ENDPOINT_UNAVAILABLE)) as TokenError;
  expect(unavailable.status).toBe(503);
  expect(unavailable.retryAfter).toBeGreaterThan(0);
  expect(unavailable.retryAfter).toBeLessThanOrEqual(300_000);
});

test('ValetError.is knows the errors of another copy of the package', () => {
  class ErrorOfAnotherCopy extends Error {
    readonly code = 'HTTP_ERROR';
  }
  const foreign = new ErrorOfAnotherCopy('x');
  expect(ValetError.is(foreign)).toBe(false);
  Object.defineProperty(foreign, Symbol.for('fetch-valet.error'), { value: true });
  expect(ValetError.is(foreign)).toBe(true);
  expect(ValetError.is({ [Symbol.for('fetch-valet.error')]: 'yes' })).toBe(false);
  expect(foreign).not.toBeInstanceOf(ValetError);
});

test.each([undefined, null, 'HTTP_ERROR', 42, {}, new Error('x'), { code: 'HTTP_ERROR', name: 'HttpError' }])(
  'ValetError.is says no to %s',
  (value) => {
    expect(ValetError.is(value)).toBe(false);
  },
);

test('the brand of an error does not show', () => {
  const error = new ConfigError('CLIENT_CLOSED');
  expect(inspect(error)).not.toContain('fetch-valet.error');
  expect(Object.entries(error).map(([key]) => key)).toEqual(['name', 'code', 'retryable', 'docs']);
});

test('an error that a provider throws needs no message of its own', () => {
  for (const code of ['SIGNED_OUT', 'SESSION_ENDED', 'SESSION_CHANGED'] as const) {
    expect(new SessionError(code).message).toMatch(/^[A-Z].+\. https:/);
  }
  expect(new TokenError('TOKEN_INVALID')).toMatchObject({ retryable: false, retryAfter: undefined });
});

test('the error with which a provider ends the session itself is redacted, too', async () => {
  const error = await valetErrorOf(endedByProvider);
  expect(error.code).toBe('SESSION_ENDED');
  expect(error.cause).toBeInstanceOf(TypeError);
  expectNoSecret(error, ...secrets);
});

test('a message is one line of bearable length, whatever goes into it', () => {
  const error = new ConfigError('INVALID_OPTION', { message: `first\n\tsecond ${'x'.repeat(10_000)}` });
  expect(error.message).toMatch(/^first second x+… https:\S+$/);
  expect(error.message.length).toBeLessThan(1000);
});
