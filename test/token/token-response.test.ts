import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TokenResponse } from '../../src/contracts.ts';
import { TokenError } from '../../src/errors.ts';
import { readGrant } from '../../src/token/token-response.ts';

const AT = Date.UTC(2026, 0, 1, 12);

/** What reading `answer` throws. */
function refusalOf(answer: unknown): TokenError {
  try {
    readGrant(answer as TokenResponse);
  } catch (error) {
    expect(error).toBeInstanceOf(TokenError);
    return error as TokenError;
  }
  throw new Error('It was taken.');
}

test('a text is the token itself, and nothing else is known of it', () => {
  expect(readGrant('opaque-token')).toEqual({ value: 'opaque-token' });
});

test('the token is found under every name that token endpoints and SDKs give it', () => {
  for (const name of ['access_token', 'accessToken', 'token', 'authToken'])
    expect(readGrant({ [name]: 'opaque-token' }).value).toBe('opaque-token');
});

test('every other field is read in its own and in camel case', () => {
  const snake = { access_token: 't', refresh_token: 'r', id_token: 'i', expires_in: 60, scope: 'a b' };
  const camel = { accessToken: 't', refreshToken: 'r', idToken: 'i', expiresIn: 60, scope: 'a b' };
  const read = { value: 't', refreshToken: 'r', idToken: 'i', expiresIn: 60_000, scope: 'a b' };

  expect(readGrant(snake)).toEqual(read);
  expect(readGrant(camel)).toEqual(read);
});

test('null, undefined and empty texts are the same as nothing', () => {
  for (const none of [null, undefined, '']) {
    const answer: TokenResponse = {
      token: 't',
      expiresIn: none as null,
      expiresAt: none as null,
      refreshToken: none,
      idToken: none,
      scope: none,
    };
    expect(readGrant(answer)).toEqual({ value: 't' });
  }
});

test('a name whose value is null gives way to the other name', () => {
  expect(readGrant({ access_token: null, token: 't', expires_in: null, expiresIn: 5 })).toEqual({
    value: 't',
    expiresIn: 5000,
  });
});

test('expiresIn is seconds, as a number or as a text', () => {
  expect(readGrant({ token: 't', expiresIn: 3600 }).expiresIn).toBe(3_600_000);
  expect(readGrant({ token: 't', expires_in: '3600' }).expiresIn).toBe(3_600_000);
  expect(readGrant({ token: 't', expiresIn: 0.5 }).expiresIn).toBe(500);
});

test('an expiresIn that is no number is as good as none', () => {
  for (const expiresIn of ['soon', ' ', Number.NaN, Number.POSITIVE_INFINITY, '1h'])
    expect(readGrant({ token: 't', expiresIn })).toEqual({ value: 't' });
});

test('expiresAt is a date, an ISO text, milliseconds, or seconds when below 1e11', () => {
  const seconds = AT / 1000;
  for (const expiresAt of [new Date(AT), '2026-01-01T12:00:00Z', AT, seconds, String(AT), String(seconds)])
    expect(readGrant({ token: 't', expiresAt }).expiresAt).toBe(AT);
  expect(readGrant({ token: 't', expires_at: seconds }).expiresAt).toBe(AT);
});

test('an expiresAt that is no time is as good as none', () => {
  for (const expiresAt of [new Date(Number.NaN), 'tomorrow-ish', Number.NaN])
    expect(readGrant({ token: 't', expiresAt }).expiresAt).toBeUndefined();
});

test('times are read the same in seconds and in milliseconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1e9, max: 99_999_999_999 }), (seconds) => {
      const read = (expiresAt: number | string | Date): number | undefined =>
        readGrant({ token: 't', expiresAt }).expiresAt;
      expect(read(seconds)).toBe(seconds * 1000);
      expect(read(seconds * 1000)).toBe(seconds * 1000);
      expect(read(new Date(seconds * 1000))).toBe(seconds * 1000);
    }),
  );
});

test('a token that no header can carry, or that is none, is refused (rule T10)', () => {
  const tokens = [
    '',
    'undefined',
    'null',
    'a b',
    'a\r\nx-evil: 1',
    'a\nb',
    ' a',
    'a ',
    'tokén',
    'a\0b',
    '😀',
  ];
  for (const token of tokens) {
    expect([token, refusalOf(token).code]).toEqual([token, 'TOKEN_INVALID']);
    expect([token, refusalOf({ token }).code]).toEqual([token, 'TOKEN_INVALID']);
  }
});

test('a token with its scheme before it is refused, with the advice to hand out the bare one', () => {
  for (const token of ['Bearer abcdefgh', 'bearer abcdefgh', 'BEARER\tabcdefgh', 'DPoP abcdefgh']) {
    const error = refusalOf(token);
    expect(error.code).toBe('TOKEN_INVALID');
    expect(error.message).toContain('bare token');
  }
});

test('a lifetime that is over before it begins is refused', () => {
  for (const expiresIn of [0, -1, '0', '-3600'])
    expect(refusalOf({ token: 't', expiresIn }).code).toBe('TOKEN_INVALID');
});

test('an answer that holds no token is refused', () => {
  const answers: unknown[] = [{}, { expires_in: 60 }, { token: 5 }, { token: {} }, [], ['t'], 5, true];
  for (const answer of answers) expect(refusalOf(answer).code).toBe('TOKEN_INVALID');
});

test('no refusal holds the secret it is about (rule S4)', () => {
  const secret = 'S3CRET-s3cret-S3CRET';
  const answers = [
    `Bearer ${secret}`,
    `${secret}\r\n`,
    { token: `${secret} ${secret}` },
    { token: secret, expiresIn: 0, refreshToken: secret },
    { access_token: null, refresh_token: secret },
  ];
  for (const answer of answers) {
    const error = refusalOf(answer);
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain(secret);
  }
});

test('a refused token may be a better one next time', () => {
  expect(refusalOf('').retryable).toBe(true);
});

test('fields of a polluted prototype are not fields of the answer (rule S8)', () => {
  const polluted = Object.create({ token: 'inherited', expires_in: 60 }) as TokenResponse;
  expect(refusalOf(polluted).code).toBe('TOKEN_INVALID');

  const answer = JSON.parse('{"token":"t","__proto__":{"refresh_token":"evil"}}') as TokenResponse;
  expect(readGrant(answer)).toEqual({ value: 't' });
});

test('any text is either refused or sent exactly as it came', () => {
  const anyUnit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
  const texts = fc.oneof(fc.string(), fc.string({ unit: anyUnit }), fc.base64String());
  fc.assert(
    fc.property(texts, (token) => {
      const canBeSent = /^[\x21-\x7e]+$/.test(token) && !['undefined', 'null'].includes(token);
      if (canBeSent) expect(readGrant(token).value).toBe(token);
      else expect(refusalOf(token).code).toBe('TOKEN_INVALID');
    }),
  );
});

test('no answer of any shape throws anything but TOKEN_INVALID', () => {
  const names = [
    'token',
    'access_token',
    'expiresIn',
    'expires_in',
    'expiresAt',
    'expires_at',
    'refreshToken',
    'id_token',
  ];
  const answers = fc.dictionary(fc.constantFrom(...names), fc.anything());
  fc.assert(
    fc.property(fc.oneof(answers, fc.anything()), (answer) => {
      try {
        readGrant(answer as TokenResponse);
      } catch (error) {
        expect(error).toMatchObject({ code: 'TOKEN_INVALID' });
      }
    }),
    { numRuns: 500 },
  );
});
