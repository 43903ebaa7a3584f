import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { createFetch } from '../../src/fetch.ts';
import { Client } from '../../src/index.ts';
import { createFakeFetch, ok } from '../support/fake-fetch.ts';

const KEY = 'key-0123456789abcdef';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** The URL that a client with `baseUrl` sends `input` to, as the platform reads it. */
async function sentTo(baseUrl: string | URL | undefined, input: string | URL | Request): Promise<string> {
  const fetch = createFakeFetch(ok);
  await createFetch(KEY, { baseUrl, runtime: { fetch } })(input);
  return fetch.calls[0]?.request.url ?? 'nowhere';
}

const JOINED = [
  ['x', '/x'],
  ['/x', '/x'],
  ['x/', '/x/'],
  ['x//y', '/x//y'],
  ['', ''],
  ['?q=1', '?q=1'],
  ['/?q=1', '/?q=1'],
  ['#top', '#top'],
  ['./x', '/x'],
  ['a/../x', '/x'],
  ['a%2Fb', '/a%2Fb'],
  ['x?u=https://other.test/&v=//other.test', '/x?u=https://other.test/&v=//other.test'],
  ['x?q=a\\b', '/x?q=a\\b'],
  ['ørsta?q=ø', '/%C3%B8rsta?q=%C3%B8'],
  ['12:30', '/12:30'],
  [':x', '/:x'],
  ['@evil.test', '/@evil.test'],
  ['a/user:word@evil.test', '/a/user:word@evil.test'],
  ['.evil.test', '/.evil.test'],
  [':8080/x', '/:8080/x'],
  [' x ', '/x'],
  ['x y', '/x%20y'],
  ['\tx\r\n', '/x'],
  ['a\\b', '/a/b'],
] as const;

test.each(JOINED)('joins %j to a base URL with exactly one slash', async (input, path) => {
  for (const baseUrl of ['https://api.test/v1', 'https://api.test/v1/', 'https://api.test/v1//']) {
    expect(await sentTo(baseUrl, input)).toBe(`https://api.test/v1${path}`);
  }
  const root = path === '' || path.startsWith('?') || path.startsWith('#') ? `/${path}` : path;
  for (const baseUrl of ['https://api.test', 'https://api.test/', new URL('https://api.test')]) {
    expect(await sentTo(baseUrl, input)).toBe(`https://api.test${root}`);
  }
});

test('a path may leave that of the base URL, but not its origin', async () => {
  expect(await sentTo('https://api.test/v1', '../x')).toBe('https://api.test/x');
  expect(await sentTo('https://api.test/v1', '../../../../x')).toBe('https://api.test/x');
});

test.each([
  ['https://api.test/other', 'https://api.test/other'],
  ['HTTPS://API.test/other', 'https://api.test/other'],
  ['https:\\\\api.test\\other', 'https://api.test/other'],
  ['\thttps://api.test/other', 'https://api.test/other'],
  ['ht\ntps://api.test/other', 'https://api.test/other'],
  ['//api.test/other', 'https://api.test/other'],
  ['/\\api.test/other', 'https://api.test/other'],
  ['\\\\api.test/other', 'https://api.test/other'],
  ['/\t/api.test/other', 'https://api.test/other'],
])('takes %j for what the platform takes it for: a whole URL', async (input, expected) => {
  expect(await sentTo('https://api.test/v1', input)).toBe(expected);
});

test('a URL and a Request stand for themselves', async () => {
  const url = 'https://api.test/other?q=1';

  expect(await sentTo('https://api.test/v1', new URL(url))).toBe(url);
  expect(await sentTo('https://api.test/v1', new Request(url))).toBe(url);
});

const PIECES = fc.oneof(
  fc.constantFrom('/', '\\', '//', '\\\\', '\t', '\n', '\r', ' ', '\0', ':', '@', '?', '#', '.', '..', '%'),
  fc.constantFrom(
    'https:',
    'http:',
    'HTTP:',
    'blob:',
    'data:',
    'javascript:',
    'file:',
    'evil.test',
    'api.test',
  ),
  fc.constantFrom(
    '%2f',
    '%5c',
    '\u00a0',
    '\u0085',
    '\u2028',
    '\u3002',
    '\uff0f',
    '\ud800',
    '[::1]',
    'x',
    '1',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const TEXTS = fc.array(PIECES, { maxLength: 8 }).map((pieces) => pieces.join(''));
const BASES = fc.constantFrom(
  'https://api.test',
  'https://api.test/v1',
  'https://api.test:8443/a/b',
  'http://localhost:1',
);

test('no text at all sends the key to another origin than that of the base URL', async () => {
  await fc.assert(
    fc.asyncProperty(BASES, TEXTS, async (baseUrl, text) => {
      const { origin } = new URL(baseUrl);
      const natively = URL.parse(text, `${baseUrl}/`);

      const sent = await sentTo(baseUrl, text).catch(
        ({ code = 'an error of another kind' }: { code?: string }) => code,
      );

      // What the platform takes for another place is refused; what it cannot read, too.
      const elsewhere = natively === null || natively.origin !== origin;
      if (elsewhere) expect(['ORIGIN_NOT_ALLOWED', 'INVALID_OPTION', 'INSECURE_URL']).toContain(sent);
      else if (sent.includes('://')) expect(new URL(sent).origin).toBe(origin);
      else expect(['ORIGIN_NOT_ALLOWED', 'INVALID_OPTION']).toContain(sent);
    }),
    { numRuns: 3000 },
  );
});

test('verbs join just so', async () => {
  await fc.assert(
    fc.asyncProperty(TEXTS, async (text) => {
      const fetch = createFakeFetch(ok);
      using client = new Client(KEY, { baseUrl: 'https://api.test/v1', runtime: { fetch } });

      await client.get(text).catch(() => {});

      for (const { request } of fetch.calls) expect(new URL(request.url).origin).toBe('https://api.test');
    }),
  );
});

test('a missing base URL is told at the first request that needs it', async () => {
  const fetch = createFakeFetch(ok);
  using client = new Client(KEY, { runtime: { fetch }, logger: { debug() {}, warn() {} } });

  await expect(client.fetch('/x')).rejects.toMatchObject({ name: 'ConfigError', code: 'MISSING_BASE_URL' });
  await expect(client.fetch('//api.test/x')).rejects.toMatchObject({ code: 'MISSING_BASE_URL' });
  await expect(client.fetch('/x', { auth: false })).rejects.toMatchObject({ code: 'MISSING_BASE_URL' });
  await expect(client.get('x')).rejects.toMatchObject({ code: 'MISSING_BASE_URL' });
  await expect(client.get('x').json()).rejects.toMatchObject({ code: 'MISSING_BASE_URL' });
  expect(fetch.calls).toEqual([]);
  expect((await client.fetch('https://api.test/x', { auth: false })).status).toBe(200);
});

test('the message of a missing base URL holds nothing of the query', async () => {
  await expect(sentTo(undefined, '/x?token=secret-0123456789')).rejects.toThrow(/^(?!.*secret).*"\/x"/);
});

test('a relative base URL stands on the origin of the page, which is looked up at the first request', async () => {
  const fetch = createFakeFetch(ok);
  const send = createFetch(KEY, { baseUrl: '/api/', runtime: { fetch } });
  await expect(send('x')).rejects.toMatchObject({ code: 'MISSING_BASE_URL' });

  vi.stubGlobal('origin', 'https://page.test');
  await send('x');
  await send('/y?z');

  expect(fetch.calls.map(({ request }) => request.url)).toEqual([
    'https://page.test/api/x',
    'https://page.test/api/y?z',
  ]);
});

test('the origin of the page is the default', async () => {
  vi.stubGlobal('origin', 'https://page.test');

  expect(await sentTo(undefined, 'x')).toBe('https://page.test/x');
  expect(await sentTo('/', 'x')).toBe('https://page.test/x');
  await expect(sentTo(undefined, 'https://api.test/x')).rejects.toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
});

test.each(['null', '', undefined])('an origin of %j counts as absent', async (origin) => {
  vi.stubGlobal('origin', origin);

  await expect(sentTo(undefined, 'x')).rejects.toMatchObject({ code: 'MISSING_BASE_URL' });
  await expect(sentTo('/api', 'x')).rejects.toMatchObject({ code: 'MISSING_BASE_URL' });
});

test('a base element of the page has no say', async () => {
  vi.stubGlobal('origin', 'https://page.test');
  vi.stubGlobal('document', { baseURI: 'https://evil.test/' });

  expect(await sentTo('/api', 'x')).toBe('https://page.test/api/x');
});

test.each(['http://[', 'https://api.test:99999/', 'http://'])(
  'refuses %j, which is no URL',
  async (input) => {
    await expect(sentTo('https://api.test', input)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  },
);
