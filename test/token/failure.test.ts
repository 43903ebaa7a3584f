import { expect, test } from 'vitest';
import { ConfigError, NetworkError, SessionError, TokenError } from '../../src/errors.ts';
import { HttpError } from '../../src/http-errors.ts';
import { createRedactor } from '../../src/redact.ts';
import { isConnectionReset } from '../../src/token/call-provider.ts';
import { type Failure, judgeError, judgeRefusal } from '../../src/token/failure.ts';

const redactor = createRedactor();

function thrown(error: unknown): Failure {
  return judgeError(error, redactor);
}

function refused(status: number, oauthError?: string): Failure {
  return judgeRefusal({ status, oauthError }, redactor);
}

/** An error as the SDK of an identity provider throws it. */
function sdkError(name: string, fields: object): Error {
  return Object.assign(new Error('Something for the developer'), { name, ...fields });
}

const FINAL_CODES = [
  'invalid_grant',
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
  'missing_refresh_token',
];

test('an error that asks for a login ends the session, wherever its SDK puts the code (rule T6)', () => {
  for (const code of FINAL_CODES) {
    for (const field of ['error', 'errorCode', 'code']) {
      const failure = thrown(sdkError('SdkError', { [field]: code }));
      expect([code, field, failure.kind, failure.error.code]).toEqual([
        code,
        field,
        'final',
        'SESSION_ENDED',
      ]);
      expect(failure.error.retryable).toBe(false);
    }
  }
});

test.each<[string, object]>([
  ['axios', { code: 'ERR_BAD_REQUEST', response: { status: 400, data: { error: 'invalid_grant' } } }],
  ['ofetch', { status: 400, data: { error: 'invalid_grant' } }],
  ['ky', { response: new Response(null, { status: 400 }), data: { error: 'invalid_grant' } }],
])('what an endpoint answered counts where %s has thrown it', (_, fields) => {
  expect(thrown(sdkError('HttpError', fields)).kind).toBe('final');
});

test('an answer without a code of OAuth is a bad moment, wherever it stands (rule T6)', () => {
  for (const data of ['invalid_grant', { error: { code: 'invalid_grant' } }, null, ['invalid_grant']]) {
    expect(thrown(sdkError('AxiosError', { response: { data } })).kind).toBe('temporary');
    expect(thrown(sdkError('FetchError', { data })).kind).toBe('temporary');
  }
});

test('a thrown object that is no error is read the same', () => {
  expect(thrown({ error: 'login_required' }).kind).toBe('final');
  expect(thrown({ error: 'invalid_client' }).kind).toBe('misconfigured');
});

test('a SessionError that a provider throws ends the session and is told as it is', () => {
  for (const code of ['SESSION_ENDED', 'SIGNED_OUT'] as const) {
    const error = new SessionError(code);
    expect(thrown(error)).toMatchObject({ kind: 'final', error, waitable: false });
  }
});

test('a SessionError of another copy of the package ends the session too', () => {
  const error = new SessionError('SESSION_ENDED');
  Object.setPrototypeOf(error, Error.prototype);

  expect(thrown(error).kind).toBe('final');
});

test('an error that tells of a wrong configuration is told and not tried again (rule T6)', () => {
  const codes = [
    'invalid_client',
    'invalid_request',
    'invalid_scope',
    'invalid_target',
    'unauthorized_client',
    'unsupported_grant_type',
  ];
  for (const error of codes) {
    const failure = thrown(sdkError('OAuthError', { error }));
    expect([error, failure.kind, failure.error.code]).toEqual([
      error,
      'misconfigured',
      'TOKEN_ENDPOINT_REJECTED',
    ]);
    expect(failure.error.retryable).toBe(false);
  }
  expect(thrown(new ConfigError('INVALID_OPTION')).kind).toBe('misconfigured');
});

test('everything else that is thrown is a bad moment: only final ends a session (rule T6)', () => {
  const errors: unknown[] = [
    new Error('boom'),
    new TypeError('Failed to fetch'),
    new DOMException('The operation timed out.', 'TimeoutError'),
    new DOMException('This operation was aborted', 'AbortError'),
    sdkError('TimeoutError', { error: 'timeout' }),
    sdkError('ClerkRuntimeError', { code: 'network_error' }),
    sdkError('FirebaseError', { code: 'auth/network-request-failed' }),
    'a text',
    'login_required',
    undefined,
    null,
    42,
    {},
    new NetworkError('NETWORK'),
    new TokenError('TOKEN_TIMEOUT', { retryable: true }),
  ];
  for (const error of errors) {
    const failure = thrown(error);
    expect([error, failure.kind, failure.error.retryable]).toEqual([error, 'temporary', true]);
  }
});

test('an unknown error is told with its name and message, and without its secrets', () => {
  const own = createRedactor();
  own.add('refresh_token', 'rt-0123456789');
  const error = new Error('posting rt-0123456789 failed', { cause: new Error('again rt-0123456789') });

  const failure = judgeError(error, own);

  expect(failure.error.code).toBe('TOKEN_PROVIDER_FAILED');
  expect(failure.error.message).toContain('Error: posting');
  expect(failure.error.message).not.toContain('rt-0123456789');
  const cause = failure.error.cause as Error;
  expect(`${cause.message} ${String((cause.cause as Error).message)}`).not.toContain('rt-0123456789');
});

test('a token endpoint that refuses the grant, or answers a bare 401, ends the session (rule T6)', () => {
  for (const code of FINAL_CODES) expect(refused(400, code).kind).toBe('final');
  expect(refused(401).kind).toBe('final');
  expect(refused(401, 'invalid_grant').kind).toBe('final');
  expect(refused(200, 'invalid_grant').kind).toBe('final');
});

test('a token endpoint that refuses the client is misconfigured, and so is any other 4xx', () => {
  expect(refused(401, 'invalid_client').kind).toBe('misconfigured');
  expect(refused(400, 'invalid_client').kind).toBe('misconfigured');
  for (const status of [400, 403, 404, 405, 410, 415, 422])
    expect([status, refused(status).kind]).toEqual([status, 'misconfigured']);
  expect(refused(400, 'something_new').kind).toBe('misconfigured');
  expect(refused(200, 'bad_verification_code').kind).toBe('misconfigured');
});

test('a token endpoint that is overloaded, broken or not there has a bad moment, whatever it says', () => {
  for (const status of [408, 429, 500, 502, 503, 504, 599]) {
    expect([status, refused(status).kind]).toEqual([status, 'temporary']);
    expect([status, refused(status, 'invalid_grant').kind]).toEqual([status, 'temporary']);
  }
  // Not JSON, or a redirect that was not followed.
  for (const status of [0, 200, 204, 302])
    expect([status, refused(status).kind]).toEqual([status, 'temporary']);
});

test('what the endpoint said is told: status, OAuth error, description and wait', () => {
  const refusal = { status: 429, oauthError: 'slow_down', description: 'Too "fast"', retryAfter: 7000 };
  const failure = judgeRefusal(refusal, redactor);

  expect(failure).toMatchObject({ kind: 'temporary', retryAfter: 7000 });
  expect(failure.error).toMatchObject({ code: 'TOKEN_ENDPOINT_UNAVAILABLE', retryAfter: 7000, status: 429 });
  expect(failure.error.message).toContain('429');
  expect(failure.error.message).toContain('slow_down');
  expect(judgeRefusal({ status: 200, contentType: 'text/html' }, redactor).error.message).toContain(
    'text/html',
  );
  expect(refused(400, 'invalid_scope').error).toMatchObject({ status: 400, oauthError: 'invalid_scope' });
  expect(refused(400, 'invalid_grant').error.cause).toMatchObject({ oauthError: 'invalid_grant' });
});

test('what the endpoint said is told without secrets', () => {
  const own = createRedactor();
  own.add('refresh_token', 'rt-0123456789');
  const refusal = { status: 400, oauthError: 'invalid_grant', description: 'rt-0123456789 is spent' };
  const { error } = judgeRefusal(refusal, own);

  expect(`${error.message} ${String((error.cause as Error).message)}`).not.toContain('rt-0123456789');
});

/** What a provider throws that calls its token endpoint with a client of ours. */
function httpError(status: number, data: unknown, headers: Record<string, string> = {}): HttpError {
  const response = new Response(null, { status, headers });
  return new HttpError({ response, data, challenges: [], retryable: status >= 500 });
}

test('an HttpError of ours is judged by the answer it carries', () => {
  const table = [
    { error: httpError(400, { error: 'invalid_grant' }), kind: 'final' },
    { error: httpError(401, 'Unauthorized'), kind: 'final' },
    { error: httpError(401, { error: 'invalid_client' }), kind: 'misconfigured' },
    { error: httpError(404, null), kind: 'misconfigured' },
    { error: httpError(503, '<html>', { 'retry-after': '3' }), kind: 'temporary' },
    { error: httpError(429, undefined), kind: 'temporary' },
  ];
  for (const { error, kind } of table)
    expect([error.status, thrown(error).kind]).toEqual([error.status, kind]);
  expect(thrown(httpError(503, '', { 'retry-after': '3' })).retryAfter).toBe(3000);
});

test('a connection that was cut is recognised by its code, however deep', () => {
  const deep = (code: string): Error =>
    new TypeError('fetch failed', {
      cause: new Error('socket', { cause: Object.assign(new Error(), { code }) }),
    });

  for (const code of ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])
    expect(isConnectionReset(deep(code))).toBe(true);
  for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT'])
    expect(isConnectionReset(deep(code))).toBe(false);
  for (const other of [undefined, null, 'ECONNRESET', { code: 'ECONNRESET' }, new Error('ECONNRESET')])
    expect(isConnectionReset(other)).toBe(false);
});

test('an error that is its own cause is looked at and left', () => {
  const error = new Error('round');
  error.cause = error;

  expect(isConnectionReset(error)).toBe(false);
  expect(thrown(error).kind).toBe('temporary');
});

test.each<[string, () => unknown]>([
  [
    'an error with a message that is no text',
    () => Object.assign(new Error(), { message: Object.create(null) }),
  ],
  ['an error whose code throws', () => throwing('code')],
  ['an error whose cause throws', () => throwing('cause')],
  ['an error with a member that throws', () => throwing('config')],
  ['a revoked proxy', () => revoked()],
  ['an HttpError without its headers', () => createRedactor().copy(httpError(503, 'down'))],
])('%s is a failure like any other', (_, make) => {
  expect(isConnectionReset(make())).toBe(false);
  expect(thrown(make()).kind).toBe('temporary');
});

function throwing(name: string): Error {
  const get = (): never => {
    throw new Error('not to be read');
  };
  return Object.defineProperty(new Error('odd'), name, { get, enumerable: true });
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
