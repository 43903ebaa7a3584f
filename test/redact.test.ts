import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConfigError, SessionError, ValetError } from '../src/errors.ts';
import { createRedactor, fingerprint, MASK, printableUrl, type Redactor } from '../src/redact.ts';
import { createJwt } from './support/jwt.ts';
import { expectNoSecret } from './support/thrown.ts';

const SECRET = 's3cr3t/with+all="of\\it"';

function redactorOf(...secrets: readonly string[]): Redactor {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.add('api_key', secret);
  return redactor;
}

/** Secrets of everything that some encoding or some grammar treats in a way of its own. */
const secrets = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'+/=&?#%"\'\\.*^$()[]{}|-_~!;:,<>@`'.split(''), '\n', '\t', 'é', '日', '💶', ' '),
      fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
      fc.stringMatching(/^[\w-]{3}$/),
    ),
    { minLength: 8, maxLength: 24 },
  )
  .map((parts) => parts.join(''));

const lower = (text: string): string => text.replace(/%[\dA-F]{2}/g, (code) => code.toLowerCase());
const formEncoded = (text: string): string => new URLSearchParams({ text }).toString().slice('text='.length);

test.each<[string, (secret: string) => string]>([
  ['raw', (secret) => secret],
  ['percent-encoded', encodeURIComponent],
  ['percent-encoded in lower case', (secret) => lower(encodeURIComponent(secret))],
  ['form-encoded', formEncoded],
  ['form-encoded in lower case', (secret) => lower(formEncoded(secret))],
  ['JSON-escaped', (secret) => JSON.stringify(secret).slice(1, -1)],
])(
  'a secret is masked wherever it stands %s',
  (_, encode) => {
    fc.assert(
      fc.property(secrets, fc.string(), fc.string(), (secret, before, after) => {
        const said = redactorOf(secret).text(`${before}${encode(secret)}${after}`);
        expect(said).toContain(MASK);
        expect(said).not.toContain(encode(secret));
      }),
      { numRuns: 300 },
    );
  },
  60_000,
);

test.each(['base64', 'base64url'] as const)(
  'a secret is masked in %s, at whatever offset it begins',
  (form) => {
    fc.assert(
      fc.property(
        secrets,
        fc.string({ maxLength: 8 }),
        fc.string({ maxLength: 8 }),
        (secret, before, after) => {
          const encoded = Buffer.from(before + secret + after).toString(form);
          const start = Buffer.byteLength(before);
          const end = start + Buffer.byteLength(secret);
          // What depends on the secret alone: the characters at its edges share bits with its neighbours.
          const inside = encoded.slice(Math.ceil((start * 8) / 6), Math.floor((end * 8) / 6));
          const said = redactorOf(secret).text(`Authorization: ${encoded}.`);
          expect(said).toContain(MASK);
          expect(said).not.toContain(inside);
        },
      ),
      { numRuns: 600 },
    );
  },
  60_000,
);

test('the password of Basic is masked, whatever the user is called', () => {
  for (const user of ['', 'a', 'ab', 'abc', 'client-id']) {
    const basic = Buffer.from(`${user}:${SECRET}`).toString('base64');
    const said = redactorOf(SECRET).text(`sent ${basic}`);
    expect(said).toMatch(/^sent [\w+/]{0,16}\[redacted\][\w+/=]{0,4}$/);
  }
});

test('text without a secret stays as it is', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!text.includes(SECRET));
      expect(redactorOf(SECRET).text(text)).toBe(text);
    }),
  );
}, 60_000);

test('all secrets of a text are masked, each as often as it stands there', () => {
  const redactor = redactorOf('first-secret', 'second-secret');
  expect(redactor.text('first-secret, second-secret, first-secret')).toBe(`${MASK}, ${MASK}, ${MASK}`);
});

test('a secret that contains another one is masked whole', () => {
  const redactor = redactorOf('token-abc', 'token-abc.signature');
  expect(redactor.text('<token-abc.signature> <token-abc>')).toBe(`<${MASK}> <${MASK}>`);
});

test('a short secret does not blot out ordinary words', () => {
  const redactor = redactorOf('GET', 'the', 'a', '', 'seven77');
  expect(redactor.text('GET the data, a seven77')).toBe('GET the data, a seven77');
  expect(redactorOf('eight888').text('is eight888')).toBe(`is ${MASK}`);
});

test('the current secret of a kind and 16 before it are remembered', () => {
  const redactor = createRedactor();
  const secret = (index: number): string => `refresh-token-${index}.`;
  for (let index = 0; index < 18; index++) redactor.add('refresh_token', secret(index));
  redactor.add('api_key', 'api-key-of-the-app');
  expect(redactor.text(secret(0))).toBe(secret(0));
  for (let index = 1; index < 18; index++) expect(redactor.text(secret(index))).toBe(MASK);
  expect(redactor.text('api-key-of-the-app')).toBe(MASK);
});

test('a secret that is told again and again pushes no other one out', () => {
  const redactor = redactorOf('first-secret');
  for (let index = 0; index < 40; index++) redactor.add('api_key', 'second-secret');
  expect(redactor.text('first-secret')).toBe(MASK);
});

test('two secrets that take turns push no other one out, and each is the newest when it comes', () => {
  const redactor = redactorOf('oldest-secret');
  for (let index = 0; index < 40; index++) redactor.add('api_key', `secret-${index % 2}`);
  expect(redactor.text('oldest-secret')).toBe(MASK);
  for (let index = 0; index < 15; index++) redactor.add('api_key', `other-secret-${index}`);
  expect(redactor.text('oldest-secret, secret-0, secret-1')).toBe(`oldest-secret, ${MASK}, ${MASK}`);
});

test('half a character in a secret breaks nothing', () => {
  const redactor = redactorOf('secret-\ud83d-half');
  expect(redactor.text('it is secret-\ud83d-half')).toBe(`it is ${MASK}`);
});

test('what looks like a token is masked though nobody told of it', () => {
  const redactor = createRedactor();
  const jwt = createJwt({ sub: 'ada' });
  expect(redactor.text(`got ${jwt}, not sent`)).toBe(`got ${MASK}, not sent`);
  expect(redactor.text('authorization: Bearer abc.DEF-123~x+/==')).toBe(`authorization: Bearer ${MASK}`);
  expect(redactor.text('Authorization: basic dXNlcjpwYXNz')).toBe(`Authorization: basic ${MASK}`);
  expect(redactor.text('Bearer realm="x", error="invalid_token"')).toBe(
    'Bearer realm="x", error="invalid_token"',
  );
});

/** An error as HTTP libraries throw it. */
function foreignError(): Error {
  const root = Object.assign(new RangeError(`root ${SECRET}`), { errno: -111, syscall: 'connect' });
  const middle = new TypeError('in the middle', { cause: root });
  return Object.assign(new SyntaxError(`it was ${SECRET}`, { cause: middle }), {
    code: 'E_FOREIGN',
    status: 502,
    fatal: false,
    detail: `with ${encodeURIComponent(SECRET)}`,
    nothing: null,
    config: { headers: { authorization: SECRET } },
    request: new Request('https://api.example.com', { headers: { 'x-key': 'secret-in-a-header' } }),
    retry: () => SECRET,
  });
}

test('a copy of a foreign error keeps class, name, code, numbers and cause chain, and holds no object', () => {
  const copy = redactorOf(SECRET).copy(foreignError());
  expect(copy).toBeInstanceOf(SyntaxError);
  expect(copy).toMatchObject({
    name: 'SyntaxError',
    message: `it was ${MASK}`,
    code: 'E_FOREIGN',
    status: 502,
    fatal: false,
    nothing: null,
    detail: `with ${MASK}`,
  });
  for (const key of ['config', 'request', 'retry']) expect(copy).not.toHaveProperty(key);
  expect(copy.cause).toBeInstanceOf(TypeError);
  expect((copy.cause as Error).cause).toBeInstanceOf(RangeError);
  expect((copy.cause as Error).cause).toMatchObject({ errno: -111, syscall: 'connect' });
  expectNoSecret(copy, SECRET, 'secret-in-a-header');
});

test('a copy leaves the error it was made of alone', () => {
  const error = foreignError();
  redactorOf(SECRET).copy(error);
  expect(error.message).toBe(`it was ${SECRET}`);
  expect(error).toHaveProperty('config');
});

test('a cause chain that ends in itself is copied as far as it makes sense', () => {
  const error = new Error(`round ${SECRET}`);
  error.cause = error;
  const copy = redactorOf(SECRET).copy(error);
  let depth = 0;
  for (let current: unknown = copy; current instanceof Error; current = current.cause) depth++;
  expect(depth).toBeLessThan(20);
  expectNoSecret(copy, SECRET);
});

test.each<[unknown, string]>([
  [`text ${SECRET}`, `text ${MASK}`],
  [{ message: `object ${SECRET}` }, `object ${MASK}`],
  [{ error: `oauth ${SECRET}` }, `oauth ${MASK}`],
  [{ secret: SECRET }, 'a thrown object'],
  [undefined, 'a thrown undefined'],
  [null, 'a thrown null'],
  [42, 'a thrown number'],
])('what is thrown and is no error becomes one: %j', (thrown, message) => {
  const copy = redactorOf(SECRET).copy(thrown);
  expect(copy).toBeInstanceOf(Error);
  expect(copy.message).toBe(message);
});

test('odd errors are copied, too', () => {
  const redactor = redactorOf(SECRET);
  const oddMessage = Object.assign(new Error('x'), { message: { text: SECRET }, stack: undefined, name: 7 });
  expect(redactor.copy(oddMessage).message).toBe('[object Object]');
  const timeout = redactor.copy(new DOMException(`late ${SECRET}`, 'TimeoutError'));
  expect(timeout).toMatchObject({ name: 'TimeoutError', message: `late ${MASK}`, code: 23 });
  const frozen = redactor.copy(Object.freeze(new Error(SECRET)));
  expect(frozen.message).toBe(MASK);
  const otherRealm: unknown = runInNewContext('new TypeError("of another realm")');
  expect(redactor.copy(otherRealm).message).toBe('of another realm');
  expect(inspect(timeout)).toContain('TimeoutError');
});

test('an error of ours stays one of ours when it has to be copied', () => {
  const error = new SessionError('SESSION_ENDED', { message: `Over: ${SECRET}.` });
  const clean = redactorOf(SECRET).clean(error);
  expect(clean).not.toBe(error);
  expect(ValetError.is(clean)).toBe(true);
  expect(clean).toBeInstanceOf(SessionError);
  expect(clean).toMatchObject({ code: 'SESSION_ENDED', retryable: false });
  expectNoSecret(clean, SECRET);
});

test('a clean error is handed on as the very object, with all that it holds', () => {
  const redactor = redactorOf(SECRET);
  const mine = Object.assign(new Error('mine', { cause: new Error('why') }), {
    details: { list: [1, 'two'] },
  });
  for (const error of [mine, new ConfigError('CLIENT_CLOSED'), new DOMException('', 'AbortError'), 'text']) {
    expect(redactor.clean(error)).toBe(error);
  }
});

test.each<[string, (error: Error) => void]>([
  ['its message', (error) => (error.message = SECRET)],
  ['its stack', (error) => (error.stack = `Error\n  at ${SECRET}`)],
  ['its cause', (error) => (error.cause = new Error(SECRET))],
  ['a text on it', (error) => Object.assign(error, { url: `https://x/?k=${encodeURIComponent(SECRET)}` })],
  ['a configuration on it', (error) => Object.assign(error, { config: { headers: { 'x-key': SECRET } } })],
  ['headers on it', (error) => Object.assign(error, { headers: new Headers({ 'x-key': SECRET }) })],
  [
    'a request on it',
    (error) =>
      Object.assign(error, { request: new Request('https://x.example', { headers: { 'x-key': SECRET } }) }),
  ],
  [
    'a URL on it',
    (error) =>
      Object.assign(error, { target: new URL(`https://x.example/?k=${encodeURIComponent(SECRET)}`) }),
  ],
  ['a list on it', (error) => Object.assign(error, { args: [['x-key', SECRET]] })],
  ['a map on it', (error) => Object.assign(error, { sent: new Map([['x-key', SECRET]]) })],
])('an error with a secret in %s is replaced by a copy', (_, put) => {
  const error = new TypeError('fetch failed');
  put(error);
  const clean = redactorOf(SECRET).clean(error);
  expect(clean).toBeInstanceOf(TypeError);
  expectNoSecret(clean, SECRET);
});

test('an error that holds itself is looked through once', () => {
  const error = new Error('round');
  const holder: Record<string, unknown> = { error, bytes: new Uint8Array(1_000_000) };
  Object.assign(holder, { holder, list: Array.from({ length: 500 }, () => holder) });
  Object.assign(error, { holder });
  expect(redactorOf(SECRET).clean(error)).toBe(error);
});

test('an error that holds a world of objects is looked through as far as 1000 of them, and copied', () => {
  let reads = 0;
  const world = (): object => ({
    get more() {
      reads++;
      return Array.from({ length: 50 }, world);
    },
  });
  const error = Object.assign(new Error('x'), { world: world() });
  expect(redactorOf(SECRET).clean(error)).not.toHaveProperty('world');
  expect(reads).toBeLessThan(2000);
});

test.each([
  ['https://api.example.com/v1/orders', 'https://api.example.com/v1/orders'],
  ['https://api.example.com/x?key=secret&a=1', 'https://api.example.com/x?…'],
  ['https://api.example.com/x?', 'https://api.example.com/x?…'],
  ['https://api.example.com/x#token=secret', 'https://api.example.com/x'],
  ['https://api.example.com/x?a=secret#b?c', 'https://api.example.com/x?…'],
  ['https://me:secret@api.example.com/x', 'https://api.example.com/x'],
  ['https://me:se@cret@api.example.com/x', 'https://api.example.com/x'],
  ['https://api.example.com/a@b', 'https://api.example.com/a@b'],
  ['https://api.example.com?mail=a@b', 'https://api.example.com?…'],
])('%s is printed as %s', (href, printed) => {
  expect(printableUrl(href)).toBe(printed);
});

test('a fingerprint tells secrets apart and gives none of them away', () => {
  const prints = Array.from({ length: 1000 }, (_, index) => fingerprint(`secret-key-${index}`));
  expect(new Set(prints).size).toBeGreaterThan(990);
  for (const print of prints) expect(print).toMatch(/^[\da-f]{6}$/);
  expect(fingerprint('secret-key-1')).toBe(fingerprint('secret-key-1'));
});
