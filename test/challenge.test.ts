import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { parseChallenges, tokenChallenge } from '../src/challenge.ts';
import type { Challenge } from '../src/contracts.ts';

/** What a header says, in plain objects. */
function read(header: string | null | undefined): unknown[] {
  return parseChallenges(header).map(plain);
}

function plain({ scheme, token68, parameters }: Challenge): unknown {
  return { scheme, ...(token68 !== undefined && { token68 }), ...Object.fromEntries(parameters) };
}

test.each([undefined, null, '', ' ', ',', ', ,\t,'])('there is no challenge in %j', (header) => {
  expect(read(header)).toEqual([]);
});

test('the example of RFC 9110 §11.6.1 holds two challenges, in whichever order', () => {
  const basic = { scheme: 'basic', realm: 'simple' };
  const newauth = { scheme: 'newauth', realm: 'apps', type: '1', title: 'Login to "apps"' };
  const parts = ['Basic realm="simple"', String.raw`Newauth realm="apps", type=1, title="Login to \"apps\""`];
  expect(read(parts.join(', '))).toEqual([basic, newauth]);
  expect(read(parts.toReversed().join(', '))).toEqual([newauth, basic]);
});

test.each<[string, string, unknown[]]>([
  ['RFC 6750 §3, no credential sent', 'Bearer realm="example"', [{ scheme: 'bearer', realm: 'example' }]],
  [
    'RFC 6750 §3, an expired token',
    'Bearer realm="example", error="invalid_token", error_description="The access token expired"',
    [
      {
        scheme: 'bearer',
        realm: 'example',
        error: 'invalid_token',
        error_description: 'The access token expired',
      },
    ],
  ],
  [
    'RFC 7235 §4.1, without parameters between others',
    'Digest realm="a, b", nonce="x=", Negotiate, Basic',
    [{ scheme: 'digest', realm: 'a, b', nonce: 'x=' }, { scheme: 'negotiate' }, { scheme: 'basic' }],
  ],
  [
    'RFC 7616 §3.9.1, Digest',
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXw=", opaque="FQ"',
    [
      {
        scheme: 'digest',
        realm: 'http-auth@example.org',
        qop: 'auth, auth-int',
        algorithm: 'SHA-256',
        nonce: '7ypf/xlj9XXw=',
        opaque: 'FQ',
      },
    ],
  ],
  [
    'RFC 9449 §7.1, DPoP beside Bearer',
    'Bearer, DPoP algs="ES256 PS256", error="use_dpop_nonce"',
    [{ scheme: 'bearer' }, { scheme: 'dpop', algs: 'ES256 PS256', error: 'use_dpop_nonce' }],
  ],
  ['RFC 9449 §7.1, no token', 'DPoP algs="ES256 PS256"', [{ scheme: 'dpop', algs: 'ES256 PS256' }]],
  [
    'RFC 9449 §7.1, a token of another key',
    'DPoP error="invalid_token", error_description="Invalid DPoP key binding", algs="ES256"',
    [
      {
        scheme: 'dpop',
        error: 'invalid_token',
        error_description: 'Invalid DPoP key binding',
        algs: 'ES256',
      },
    ],
  ],
  [
    'RFC 9449 §9, a nonce',
    'DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof"',
    [
      {
        scheme: 'dpop',
        error: 'use_dpop_nonce',
        error_description: 'Resource server requires nonce in DPoP proof',
      },
    ],
  ],
  [
    'RFC 9470 §3, another level',
    'Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="myACR"',
    [
      {
        scheme: 'bearer',
        error: 'insufficient_user_authentication',
        error_description: 'A different authentication level is required',
        acr_values: 'myACR',
      },
    ],
  ],
  [
    'RFC 9470 §3, a newer login',
    'Bearer error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="5"',
    [
      {
        scheme: 'bearer',
        error: 'insufficient_user_authentication',
        error_description: 'More recent authentication is required',
        max_age: '5',
      },
    ],
  ],
  [
    'RFC 6750 §3, scopes with commas and equals signs',
    'Bearer error="insufficient_scope", scope="urn:example:channel=HBO&urn:example:rating=G,PG-13"',
    [
      {
        scheme: 'bearer',
        error: 'insufficient_scope',
        scope: 'urn:example:channel=HBO&urn:example:rating=G,PG-13',
      },
    ],
  ],
  [
    'RFC 6750 §3, scopes of OpenID Connect',
    'Bearer realm="example", scope="openid profile email"',
    [{ scheme: 'bearer', realm: 'example', scope: 'openid profile email' }],
  ],
  [
    'RFC 7617 §2.1, Basic',
    'Basic realm="foo", charset="UTF-8"',
    [{ scheme: 'basic', realm: 'foo', charset: 'UTF-8' }],
  ],
  [
    'RFC 9728 §5.1, resource metadata',
    'Bearer resource_metadata="https://resource.example.com/.well-known/oauth-protected-resource"',
    [
      {
        scheme: 'bearer',
        resource_metadata: 'https://resource.example.com/.well-known/oauth-protected-resource',
      },
    ],
  ],
])('%s', (_, header, challenges) => {
  expect(read(header)).toEqual(challenges);
});

test('two headers that the platform joined are read like one', () => {
  const headers = new Headers([
    ['www-authenticate', 'Bearer error="invalid_token"'],
    ['www-authenticate', 'ApiKey realm="x", Basic'],
  ]);
  expect(read(headers.get('www-authenticate'))).toEqual([
    { scheme: 'bearer', error: 'invalid_token' },
    { scheme: 'apikey', realm: 'x' },
    { scheme: 'basic' },
  ]);
});

test('a token68 is told from parameters', () => {
  expect(read('Negotiate oYGeMIGboAMKAQ==, Basic realm="x"')).toEqual([
    { scheme: 'negotiate', token68: 'oYGeMIGboAMKAQ==' },
    { scheme: 'basic', realm: 'x' },
  ]);
  expect(read('NTLM a/b+c-._~1')).toEqual([{ scheme: 'ntlm', token68: 'a/b+c-._~1' }]);
  expect(read('Bearer a = b')).toEqual([{ scheme: 'bearer', a: 'b' }]);
});

test('white space may stand around equals signs and commas', () => {
  expect(read('Bearer\t realm \t= "a" ,\t, error =invalid_token ,Basic')).toEqual([
    { scheme: 'bearer', realm: 'a', error: 'invalid_token' },
    { scheme: 'basic' },
  ]);
});

test('a forgotten comma between parameters is forgiven', () => {
  expect(read('Bearer error="invalid_token" error_description="no"')).toEqual([
    { scheme: 'bearer', error: 'invalid_token', error_description: 'no' },
  ]);
});

test('quoted pairs, commas and equals signs belong to the text', () => {
  expect(read(String.raw`Bearer a="\"", b="x, Basic realm=\"y\"", c="\\", d=""`)).toEqual([
    { scheme: 'bearer', a: '"', b: 'x, Basic realm="y"', c: '\\', d: '' },
  ]);
});

test('names are read in any case, and the first of two equal ones wins', () => {
  expect(read('BEARER Error="one", ERROR="two", error=three')).toEqual([{ scheme: 'bearer', error: 'one' }]);
});

test('__proto__, constructor and toString are parameters like any other', () => {
  const [challenge] = parseChallenges('Bearer __proto__="x", constructor="y", toString=z');
  expect([...(challenge?.parameters ?? [])]).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
    ['tostring', 'z'],
  ]);
  expect(parseChallenges('Bearer a=b')[0]?.parameters.get('constructor')).toBeUndefined();
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});

test.each([
  ['"', []],
  ['=', []],
  ['Bearer error="never closed', [{ scheme: 'bearer' }, { scheme: 'error' }]],
  ['Bearer error="ok", "', [{ scheme: 'bearer', error: 'ok' }]],
  ['Bearer é="x"', [{ scheme: 'bearer' }]],
  ['Bearer error="ok"; realm="x"', [{ scheme: 'bearer', error: 'ok' }]],
])('what breaks the grammar of %j ends the list', (header, challenges) => {
  expect(read(header)).toEqual(challenges);
});

test('no more than 64 parameters are kept, of all challenges together', () => {
  const many = (scheme: string, count: number): string =>
    `${scheme} ${Array.from({ length: count }, (_, index) => `${scheme}${index}=v`).join(', ')}`;
  const count = (header: string): number =>
    parseChallenges(header).reduce((sum, { parameters }) => sum + parameters.size, 0);
  expect(count(many('a', 64))).toBe(64);
  expect(count(many('a', 65))).toBe(64);
  expect(count(`${many('a', 40)}, ${many('b', 40)}`)).toBe(64);
  expect(count(`Bearer ${'a=1, '.repeat(100)}b=2`)).toBeLessThanOrEqual(64);
});

test('nothing behind the first 8 KiB is read', () => {
  const pad = (size: number): string => `Pad realm="${'x'.repeat(size - 'Pad realm="", '.length)}", `;
  expect(read(`${pad(8192 - 'Bearer a=b'.length)}Bearer a=b`)).toHaveLength(2);
  expect(read(`${pad(8192)}Bearer a=b`)).toHaveLength(1);
});

test('tokenChallenge takes the one with an error, of Bearer and DPoP, wherever it stands', () => {
  const find = (header: string): unknown => {
    const found = tokenChallenge(header);
    return found === undefined ? undefined : plain(found);
  };
  expect(find('Basic error="x", Bearer, Bearer error="invalid_token"')).toEqual({
    scheme: 'bearer',
    error: 'invalid_token',
  });
  expect(find('Bearer, DPoP error="use_dpop_nonce"')).toEqual({ scheme: 'dpop', error: 'use_dpop_nonce' });
  expect(find('Basic, Bearer realm="x"')).toEqual({ scheme: 'bearer', realm: 'x' });
  expect(find('Basic realm="x", Digest')).toEqual({ scheme: 'basic', realm: 'x' });
  expect(find('')).toBeUndefined();
});

const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const of = (characters: string): fc.Arbitrary<string> => fc.constantFrom(...characters.split(''));
const token = fc.string({ unit: of(TOKEN_CHARACTERS), minLength: 1, maxLength: 12 });
const text = fc.string({ unit: of(' \t"\\,=abc/'), maxLength: 12 });
const quoted = text.map((value) => ({ value, wire: `"${value.replace(/["\\]/g, '\\$&')}"` }));
const bare = token.map((value) => ({ value, wire: value }));
const parameters = fc.uniqueArray(fc.record({ name: token, value: fc.oneof(quoted, bare) }), {
  selector: ({ name }) => name.toLowerCase(),
  maxLength: 6,
});
const challenge = fc.record({ scheme: token, parameters });

test('whatever is written by the grammar is read back', () => {
  const written = fc.array(challenge, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(written, (challenges) => {
      const header = challenges
        .map((one) =>
          [one.scheme, one.parameters.map(({ name, value }) => `${name}=${value.wire}`).join(', ')]
            .filter((part) => part !== '')
            .join(' '),
        )
        .join(', ');
      const back = parseChallenges(header).map((one) => [one.scheme, [...one.parameters]]);
      expect(back).toEqual(
        challenges.map((one) => [
          one.scheme.toLowerCase(),
          one.parameters.map(({ name, value }) => [name.toLowerCase(), value.value]),
        ]),
      );
    }),
    { numRuns: 3000 },
  );
}, 60_000);

test('whatever a server sends is read without an exception, within the bounds, in well-formed pieces', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: of('ab="\\, \t=/~\n\0é') }),
    fc
      .array(fc.constantFrom('Bearer', ' ', ',', '=', '"', '\\"', 'a=b', '__proto__', 'x="y"', 'abc=='))
      .map((all) => all.join('')),
  );
  fc.assert(
    fc.property(hostile, (header) => {
      const challenges = parseChallenges(header);
      expect(challenges.reduce((sum, one) => sum + one.parameters.size, 0)).toBeLessThanOrEqual(64);
      for (const { scheme, parameters: found } of challenges) {
        expect(scheme).toMatch(/^[!#$%&'*+\-.^_`|~\da-z]+$/);
        for (const name of found.keys()) expect(name).toMatch(/^[!#$%&'*+\-.^_`|~\da-z]+$/);
      }
    }),
    { numRuns: 12_000 },
  );
}, 60_000);

test.each([
  ['commas', ','],
  ['spaces', ' '],
  ['schemes', 'a,'],
  ['schemes and spaces', 'a '],
  ['open quotes', 'a="'],
  ['backslashes', 'a="\\'],
  ['equals signs', 'a ='],
  ['token68s', 'a b/c,'],
  ['slashes', 'b/'],
  ['parameters', 'a=b,'],
])('8 KiB of %s cost a bounded number of steps', (_, unit) => {
  const header = `Bearer ${unit.repeat(8192)}`;
  // Each step of the scanner is one look with one of its patterns, which are linear by themselves.
  const look = vi.spyOn(RegExp.prototype, 'exec');
  parseChallenges(header);
  const steps = look.mock.calls.length;
  look.mockRestore();
  expect(steps).toBeGreaterThan(0);
  expect(steps).toBeLessThan(4 * 8192);
});
