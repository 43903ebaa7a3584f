import { expect, test } from 'vitest';
import { createFetch } from '../../src/fetch.ts';
import { Client } from '../../src/index.ts';
import type { PipelineOptions } from '../../src/pipeline/settings.ts';
import { createFakeFetch, ok } from '../support/fake-fetch.ts';
import { valetErrorOf } from '../support/thrown.ts';

const KEY = 'key-0123456789abcdef';

/** The code that construction throws, by both doors. */
function codeOf(options: Record<string, unknown>): unknown {
  const codes = [createFetch, (key: string, given: object) => new Client(key, given)].map((make) => {
    try {
      make(KEY, options as PipelineOptions);
      return undefined;
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  });
  expect(codes[0]).toBe(codes[1]);
  return codes[0];
}

test.each([
  '',
  'api.test',
  'x/y',
  './x',
  '?q',
  'https://',
  'https://[',
  'ftp://api.test',
  'file:///x',
  'data:text/plain,x',
  'javascript:alert(1)',
  'blob:https://api.test/x',
  'https://user:word@api.test',
  'https://user@api.test',
  'https://api.test/?q=1',
  'https://api.test/#top',
  '/api?q=1',
  '/api#top',
  '//api.test',
  '/\\api.test',
  '\\\\api.test',
  null,
  42,
  {},
])('refuses %j as a base URL', (baseUrl) => {
  expect(codeOf({ baseUrl })).toBe('INVALID_BASE_URL');
});

test.each(['localhost:3000', 'localhost:3000/v1', 'api.test:8080'])(
  'a base URL without its scheme, %s, is told that the scheme comes first',
  async (baseUrl) => {
    const error = await valetErrorOf(() => createFetch(KEY, { baseUrl }));
    expect(error.code).toBe('INVALID_BASE_URL');
    expect(error.message).toContain("'http://localhost:3000'");
  },
);

test.each([
  'https://api.test',
  'http://api.test/v1/',
  'HTTPS://API.test',
  '/',
  '/api',
  new URL('https://api.test'),
])('takes %s as a base URL', (baseUrl) => {
  expect(codeOf({ baseUrl })).toBeUndefined();
});

test.each([
  ['*'],
  ['https://*.api.test'],
  ['api.test'],
  ['https://api.test/path'],
  ['https://api.test?q'],
  ['https://user@api.test'],
  ['null'],
  [''],
  ['ftp://api.test'],
  ['blob:https://api.test/x'],
  [new URL('https://api.test')],
  [undefined],
])('refuses %j as an origin', (origin) => {
  expect(codeOf({ allowedOrigins: [origin] })).toBe('INVALID_OPTION');
  expect(codeOf({ dangerouslyAllowHttp: [origin] })).toBe('INVALID_OPTION');
});

test.each([
  'https://api.test',
  'https://api.test/',
  'https://api.test:443',
  'http://[::1]:80',
  'https://bücher.test',
])('takes %s as an origin', (origin) => {
  expect(codeOf({ allowedOrigins: [origin] })).toBeUndefined();
  expect(codeOf({ dangerouslyAllowHttp: [origin] })).toBeUndefined();
});

test.each(['https://api.test', {}, null, new Set(['https://api.test'])])(
  'refuses %j as a list of origins',
  (list) => {
    expect(codeOf({ allowedOrigins: list })).toBe('INVALID_OPTION');
    expect(codeOf({ dangerouslyAllowHttp: list })).toBe('INVALID_OPTION');
  },
);

test.each(['allowedOrigin', 'dangerouslyAllowHTTP', 'baseURL', 'Auth', '__proto_'])(
  'refuses the unknown option %s',
  (name) => {
    expect(codeOf({ [name]: undefined })).toBe('INVALID_OPTION');
  },
);

test.each([true, 'required', null, 1, { scope: 'a' }, { scopes: [''] }, { audience: 1 }, ['a']])(
  'refuses auth: %j, of a client and of a request',
  async (auth) => {
    expect(codeOf({ auth })).toBe('INVALID_OPTION');
    const fetch = createFakeFetch(ok);
    using client = new Client(KEY, {
      baseUrl: 'https://api.test',
      runtime: { fetch },
      logger: { debug() {}, warn() {} },
    });
    const options = { auth } as unknown as { auth: false };

    await expect(client.fetch('/', options)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(client.get('', options)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    expect(fetch.calls).toEqual([]);
  },
);

test('options of a polluted prototype are not ours', async () => {
  const fetch = createFakeFetch(ok);
  const options = Object.assign(
    Object.create({
      allowedOrigins: ['https://evil.test'],
      dangerouslyAllowHttp: ['http://evil.test'],
      baseUrl: 'https://evil.test',
    }) as PipelineOptions,
    { runtime: { fetch } },
  );
  const send = createFetch(KEY, options);

  await expect(send('https://evil.test/')).rejects.toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
  await expect(send('/')).rejects.toMatchObject({ code: 'MISSING_BASE_URL' });
  expect(fetch.calls).toEqual([]);
});

test('what is done to the options afterwards changes nothing', async () => {
  const fetch = createFakeFetch(ok);
  const allowedOrigins: string[] = [];
  const send = createFetch(KEY, { baseUrl: 'https://api.test', allowedOrigins, runtime: { fetch } });
  allowedOrigins.push('https://evil.test');

  await expect(send('https://evil.test/')).rejects.toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
});
