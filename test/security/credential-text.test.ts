import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TokenResponse, TokenResult } from '../../src/contracts.ts';
import {
  accessToken,
  apiKey,
  bearer,
  Client,
  type Credential,
  createFetch,
  ValetError,
} from '../../src/index.ts';
import { leaksIn } from '../support/leaks.ts';
import { quiet } from '../support/quiet.ts';
import { headerText, queryText } from '../support/secrets.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** A part of every text that cannot be sent: nothing that is said of it may hold this. */
const MARK = 'Zq7-hunter2-mark';

/** Text that neither a header nor a query may carry. */
const BAD_TEXTS: Readonly<Record<string, unknown>> = {
  'a carriage return': `${MARK}\rx: y`,
  'a line feed': `${MARK}\nx: y`,
  'a line of its own': `${MARK}\r\nx-injected: 1\r\n\r\nGET /admin HTTP/1.1`,
  'a line feed at the end': `${MARK}\n`,
  'a NUL': `${MARK}\0`,
  'a tab': `${MARK}\t1`,
  'a DEL': `${MARK}\x7f`,
  'a C1 control character': `${MARK}\x85`,
  'a space': `${MARK} 1`,
  'a space before it': ` ${MARK}`,
  'a no-break space': `${MARK}\u00a01`,
  'a line separator': `${MARK}\u20281`,
  'half a character': `${MARK}\ud83d`,
  'its own scheme': `Bearer ${MARK}`,
  'its own scheme in capitals': `BEARER ${MARK}`,
  'another scheme': `Basic ${MARK}`,
  'a proof scheme': `dpop ${MARK}`,
  'more than any server takes': MARK.repeat(6000),
  'the text undefined': 'undefined',
  'the text null': 'null',
  nothing: '',
  'a number': 42,
  'a large number': 10n,
  'a symbol': Symbol(MARK),
  'a list': [MARK],
  'an object': { key: MARK },
  'an object that makes text': { toString: () => MARK },
  'a text object': Object(MARK) as unknown,
  'a date': new Date(),
  'a boolean': true,
};

/** What headers alone cannot carry. */
const BAD_HEADER_TEXTS: Readonly<Record<string, unknown>> = {
  ...BAD_TEXTS,
  'characters outside of Latin-1': `${MARK}日本`,
  'an emoji': `${MARK}💶`,
};

/** What tokens alone cannot consist of. */
const BAD_TOKENS: Readonly<Record<string, unknown>> = { ...BAD_HEADER_TEXTS, 'Latin-1': `${MARK}é` };

/** Runs what has to fail, with a server beside it that must not hear of it. */
async function refusalOf(run: (api: TestServer) => unknown): Promise<ValetError> {
  await using api = await startServer();
  try {
    await run(api);
  } catch (error) {
    expect(api.received).toHaveLength(0);
    expect(leaksIn({ error }, [MARK])).toEqual([]);
    if (ValetError.is(error)) return error;
    throw error;
  }
  throw new Error('it was sent');
}

const asCredential = (value: unknown): Credential => value as Credential;

test.each(Object.entries(BAD_HEADER_TEXTS))('a key with %s is refused at construction', async (_, value) => {
  const key = value as string;
  const codes = [
    await refusalOf((api) => new Client(asCredential(value), { baseUrl: api.origin }).fetch('x')),
    await refusalOf((api) => createFetch(key, { baseUrl: api.origin })('x')),
    await refusalOf(() => apiKey(key)),
    await refusalOf(() => apiKey(key, { scheme: 'Token' })),
    await refusalOf(() => bearer(key)),
  ].map(({ code }) => code);
  for (const code of codes) expect(['MISSING_API_KEY', 'INVALID_API_KEY', 'INVALID_OPTION']).toContain(code);
});

test.each(Object.entries(BAD_TEXTS))('a key with %s is refused for a query, too', async (_, value) => {
  const { code } = await refusalOf(() => apiKey(value as string, { in: 'query' }));
  expect(['MISSING_API_KEY', 'INVALID_API_KEY']).toContain(code);
});

test.each(Object.entries(BAD_HEADER_TEXTS))(
  'a key function that answers %s sends nothing',
  async (_, value) => {
    for (const make of [() => value as string, () => Promise.resolve(value as string)]) {
      for (const strategy of [() => apiKey(make), () => bearer(make), () => apiKey(make, { maxAge: 1000 })]) {
        const { code } = await refusalOf((api) => new Client(strategy(), { baseUrl: api.origin }).fetch('x'));
        expect(['MISSING_API_KEY', 'INVALID_API_KEY']).toContain(code);
      }
    }
  },
);

test.each(Object.entries(BAD_TEXTS))(
  'a key function for a query that answers %s sends nothing',
  async (_, value) => {
    const { code } = await refusalOf((api) =>
      new Client(
        apiKey(() => value as string, { in: 'query' }),
        { baseUrl: api.origin },
      ).get('x'),
    );
    expect(['MISSING_API_KEY', 'INVALID_API_KEY']).toContain(code);
  },
);

/** Every form in which a provider may hand out a token. */
const FORMS: Readonly<Record<string, (value: unknown) => unknown>> = {
  'as it is': (value) => value,
  'as a promise': (value) => Promise.resolve(value),
  'as token': (token) => ({ token }),
  'as accessToken': (accessTokenText) => ({ accessToken: accessTokenText }),
  'as access_token': (access_token) => ({ access_token }),
  'as authToken': (authToken) => Promise.resolve({ authToken }),
  'in a Response': (access_token) => Response.json({ access_token }),
  'in the Response of a promise': (token) => Promise.resolve(Response.json({ token })),
};

test.each(Object.entries(BAD_TOKENS))(
  'a token with %s is refused in every form, and nothing is sent',
  async (name, value) => {
    for (const [form, wrap] of Object.entries(FORMS)) {
      // JSON says nothing of a symbol, makes a text of a date, and knows no large numbers.
      if (
        form.includes('Response') &&
        ['a symbol', 'a date', 'a large number', 'a text object'].includes(name)
      )
        continue;
      // An object is an answer of its own: it is looked at for a token.
      const provider = (): TokenResult => wrap(value) as TokenResult;
      const { code } = await refusalOf((api) =>
        new Client(provider, { baseUrl: api.origin, logger: quiet }).fetch('x'),
      );
      expect(code).toBe('TOKEN_INVALID');
    }
  },
);

test.each(Object.entries(BAD_TOKENS))('tokens at hand with %s are refused', async (_, value) => {
  for (const field of ['token', 'accessToken', 'access_token', 'authToken']) {
    const tokens: TokenResponse = { [field]: value };
    const initial = await refusalOf((api) => {
      const strategy = accessToken(() => null, { initial: tokens });
      return new Client(strategy, { baseUrl: api.origin }).fetch('x');
    });
    expect(initial.code).toBe('TOKEN_INVALID');
    const signIn = await refusalOf(async (api) => {
      const client = new Client(() => null, { baseUrl: api.origin });
      await client.session.signIn(tokens);
    });
    expect(signIn.code).toBe('TOKEN_INVALID');
  }
});

test.each(['refresh_token', 'refreshToken', 'id_token', 'idToken'])(
  'a %s of a length that nobody makes is refused',
  async (field) => {
    const tokens: TokenResponse = { token: 'fine-access-token', [field]: MARK.repeat(6000) };
    const { code } = await refusalOf((api) => new Client(() => tokens, { baseUrl: api.origin }).fetch('x'));
    expect(code).toBe('TOKEN_INVALID');
  },
);

test('no text with a character that cannot be sent is sent', async () => {
  await using api = await startServer();
  const forbidden = fc.constantFrom(
    '\r',
    '\n',
    '\0',
    ' ',
    '\t',
    '\x7f',
    '\x80',
    '\u2028',
    '\ud800',
    'Ā',
    '日',
  );
  const text = fc
    .tuple(
      fc.string({ unit: 'binary', maxLength: 8 }),
      forbidden,
      fc.string({ unit: 'binary', maxLength: 8 }),
    )
    .map(([before, bad, after]) => before + MARK + bad + after);
  await fc.assert(
    fc.asyncProperty(text, async (value) => {
      expect(() => apiKey(value)).toThrow(ValetError);
      expect(() => bearer(value)).toThrow(ValetError);
      const answers = [
        new Client(() => value, { baseUrl: api.origin, logger: quiet }),
        new Client(
          apiKey(() => value),
          { baseUrl: api.origin, logger: quiet },
        ),
      ].map((client) => client.fetch('x').catch((error: unknown) => error));
      const errors = await Promise.all(answers);
      expect(errors.every((error) => ValetError.is(error))).toBe(true);
      expect(leaksIn({ errors }, [MARK])).toEqual([]);
    }),
    { numRuns: 300 },
  );
  expect(api.received).toHaveLength(0);
});

const BAD_NAMES = [
  '',
  ' ',
  'a b',
  'a:',
  'a\r\nb',
  'a\0',
  'é',
  '日本',
  '"',
  '(',
  'a,b',
  'a/b',
  42,
  {},
  [],
  true,
  Symbol(MARK),
];

test.each(BAD_NAMES)('the header name %j is refused at construction', async (name) => {
  const placement = { name: name as string };
  const errors = [
    await refusalOf(() => apiKey('a-fine-key-12', placement)),
    await refusalOf(() => accessToken(() => 'a-fine-token', { placement })),
    await refusalOf(() => apiKey('a-fine-key-12', { scheme: name as string })),
  ];
  for (const { code } of errors) expect(code).toBe('INVALID_OPTION');
});

test.each(['', ' ', 'a b', 'a\r\nb', 'a\0', '\ud800', 42, {}, true])(
  'the query name %j is refused at construction',
  async (name) => {
    const placement = { in: 'query', name: name as string } as const;
    const errors = [
      await refusalOf(() => apiKey('a-fine-key-12', placement)),
      await refusalOf(() => accessToken(() => 'a-fine-token', { placement })),
    ];
    for (const { code } of errors) expect(code).toBe('INVALID_OPTION');
  },
);

test('a place that is none is refused, and an origin is quoted without its password', async () => {
  const placement = { in: 'cookie' } as unknown as { in: 'query' };
  expect((await refusalOf(() => apiKey('a-fine-key-12', placement))).code).toBe('INVALID_OPTION');
  for (const allowedOrigins of [
    [`https://me:${MARK}@api.example`],
    [`https://api.example/?k=${MARK}`],
    [10n],
    [Symbol(MARK)],
  ]) {
    const error = await refusalOf(
      () =>
        new Client('a-fine-key-12', {
          baseUrl: 'https://api.example',
          allowedOrigins: allowedOrigins as string[],
        }),
    );
    expect(error.code).toBe('INVALID_OPTION');
  }
});

test('a header carries a key exactly as it is', async () => {
  await using api = await startServer();
  await fc.assert(
    fc.asyncProperty(headerText, async (key) => {
      await new Client(apiKey(key, { name: 'x-key' }), { baseUrl: api.origin, logger: quiet }).fetch('x');
      expect(api.received.at(-1)?.headers['x-key']).toBe(key);
    }),
    { numRuns: 200 },
  );
});

/** Queries as callers write them: whatever is no space and no fragment. */
const callersQuery = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'&=+%?/:;,!~*()\'"[]{}|^`@$-_.'.split(''), '%20', '%zz', '%E9'),
      fc.stringMatching(/^\w{1,4}$/),
    ),
  )
  .map((parts) => parts.join(''));

test('a query carries a key once encoded, and the rest of it byte for byte', async () => {
  await using api = await startServer();
  await fc.assert(
    fc.asyncProperty(queryText, queryText, callersQuery, async (key, name, query) => {
      const client = new Client(apiKey(key, { in: 'query', name }), { baseUrl: api.origin, logger: quiet });
      await client.fetch(`x?${query}`, { auth: false });
      await client.fetch(`x?${query}`);
      const [bare, sent] = api.received.slice(-2).map(({ url }) => url);
      const rest = query === '' ? '/x?' : `${bare}&`;
      expect(sent?.startsWith(rest)).toBe(true);
      const [sentName = '', sentKey = '', ...more] = sent?.slice(rest.length).split('=') ?? [];
      expect([decodeURIComponent(sentName), decodeURIComponent(sentKey), more]).toEqual([name, key, []]);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['a&b=c#d+e%f?g', 'a%26b%3Dc%23d%2Be%25f%3Fg'],
  ['100%', '100%25'],
  ['already%20encoded', 'already%2520encoded'],
  ['é日💶', '%C3%A9%E6%97%A5%F0%9F%92%B6'],
])('the query key %s is sent as %s', async (key, encoded) => {
  await using api = await startServer();
  await new Client(apiKey(key, { in: 'query', name: 'k' }), { baseUrl: api.origin, logger: quiet }).fetch(
    'x?a=%20+b',
  );
  expect(api.received.at(-1)?.url).toBe(`/x?a=%20+b&k=${encoded}`);
});
