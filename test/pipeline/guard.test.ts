import { expect, test } from 'vitest';
import { createFetch } from '../../src/fetch.ts';
import { apiKey, Client } from '../../src/index.ts';
import { createFakeFetch, ok } from '../support/fake-fetch.ts';
import { createFetchOn } from '../support/platform-pipeline.ts';
import { quiet } from '../support/quiet.ts';

const KEY = 'key-0123456789abcdef';

interface Options {
  readonly baseUrl?: string;
  readonly allowedOrigins?: readonly string[];
  readonly dangerouslyAllowHttp?: readonly string[];
}

/** Whether the key goes to `input`, or the code that says why not. */
async function outcome(input: string | URL | Request, options: Options): Promise<string> {
  const fetch = createFakeFetch(ok);
  const code = await createFetch(KEY, { ...options, runtime: { fetch } })(input).then(
    () => 'sent',
    ({ code = 'an error of another kind' }: { code?: string }) => code,
  );
  const carried = fetch.calls.map(({ request }) => request.headers.get('x-api-key'));
  expect(carried).toEqual(code === 'sent' ? [KEY] : []);
  return code;
}

const LIST = {
  baseUrl: 'https://api.test/v1',
  allowedOrigins: ['https://files.test', 'https://b%C3%BCcher.test'],
};

test.each([
  'https://api.test/x',
  'https://api.test',
  'HTTPS://API.TEST/x',
  'https://api.test:443/x',
  'https://API%2Etest/x',
  'https://ａｐｉ.test/x',
  '//api.test/x',
  'https://files.test/x',
  'https://FILES.test:443/x',
  'https://bücher.test/x',
  'https://BÜCHER.test/x',
  'https://xn--bcher-kva.test/x',
  'x@evil.test',
  '/https://evil.test',
])('the key goes to %s', async (input) => {
  expect(await outcome(input, LIST)).toBe('sent');
});

const FOREIGN = [
  'https://evil.test/x',
  'http://api.test/x',
  'https://api.test:8443/x',
  'https://api.test./x',
  'https://sub.api.test/x',
  'https://api.test.evil.test/x',
  'https://apiatest/x',
  'https://evil.test/https://api.test/',
  'https://evil.test#https://api.test/',
  'https://evil.test\\@api.test/',
  '//evil.test/x',
  '///evil.test/x',
  '\\\\evil.test/x',
  '/\\evil.test/x',
  '/\t/evil.test/x',
  '\t//evil.test/x',
  ' //evil.test/x',
  '/\n/\nevil.test/x',
  'https:evil.test/x',
  'https:/evil.test/x',
  'https:\\evil.test\\x',
  'ht\ttps://evil.test/x',
  'https://bucher.test/x',
  'blob:https://api.test/7c4c5c1e-0000-4000-8000-000000000000',
  'data:text/plain,x',
  'file:///etc/passwd',
  'ws://api.test/x',
  'ftp://api.test/x',
  'about:blank',
  'javascript:alert(1)',
  'null',
].filter((input) => input !== 'null');

test.each(FOREIGN)('the key does not go to %j', async (input) => {
  expect(await outcome(input, LIST)).toBe('ORIGIN_NOT_ALLOWED');
});

test.each(['https://evil.test/x', 'blob:https://api.test/x', 'data:text/plain,x', 'http://api.test/x'])(
  'the key does not go to %s as a URL or a Request either',
  async (input) => {
    expect(await outcome(new URL(input), LIST)).toBe('ORIGIN_NOT_ALLOWED');
    expect(await outcome(new Request(input), LIST)).toBe('ORIGIN_NOT_ALLOWED');
  },
);

test('the key goes to an allowed URL and an allowed Request', async () => {
  expect(await outcome(new URL('https://files.test/x'), LIST)).toBe('sent');
  expect(await outcome(new Request('https://API.test/x'), LIST)).toBe('sent');
});

test.each([
  'https://user:word@api.test/x',
  'https://user@api.test/x',
  '//user@api.test/x',
  'https://:@api.test/x',
])('user info in %s is refused or empty', async (input) => {
  const native = URL.parse(input, LIST.baseUrl);
  const empty = native?.username === '' && native.password === '';
  expect(await outcome(input, LIST)).toBe(empty ? 'sent' : 'INVALID_OPTION');
});

test('an empty list allows nothing more', async () => {
  expect(await outcome('https://files.test/x', { baseUrl: 'https://api.test', allowedOrigins: [] })).toBe(
    'ORIGIN_NOT_ALLOWED',
  );
  expect(await outcome('https://files.test/x', { allowedOrigins: [] })).toBe('ORIGIN_NOT_ALLOWED');
  expect(await outcome('https://files.test/x', {})).toBe('ORIGIN_NOT_ALLOWED');
});

test('a list alone is enough for whole URLs', async () => {
  expect(await outcome('https://files.test/x', { allowedOrigins: ['https://files.test'] })).toBe('sent');
});

test.each([
  'http://localhost/x',
  'http://localhost:8080/x',
  'http://LOCALHOST/x',
  'http://127.0.0.1/x',
  'http://127.0.0.1:3000/x',
  'http://127.255.255.254/x',
  'http://127.1/x',
  'http://0x7f.1/x',
  'http://2130706433/x',
  'http://[::1]:3000/x',
  'http://[0:0:0:0:0:0:0:1]/x',
])('%s is loopback, where http is fine', async (input) => {
  expect(await outcome(input, { baseUrl: input })).toBe('sent');
  expect(await outcome('/y', { baseUrl: input })).toBe('sent');
});

test.each([
  'http://api.test/x',
  'http://localhost./x',
  'http://localhost.evil.test/x',
  'http://127.0.0.1.evil.test/x',
  'http://app.localhost/x',
  'http://0.0.0.0/x',
  'http://[::]/x',
  'http://[::ffff:127.0.0.1]/x',
  'http://126.255.255.255/x',
  'http://128.0.0.1/x',
  'http://10.0.0.1/x',
  'http://192.168.0.1/x',
])('%s is not loopback, and http is refused', async (input) => {
  const { origin } = new URL(input);

  expect(await outcome(input, { baseUrl: input })).toBe('INSECURE_URL');
  expect(await outcome('/y', { baseUrl: input })).toBe('INSECURE_URL');
  expect(await outcome(input, { allowedOrigins: [origin] })).toBe('INSECURE_URL');
  expect(await outcome(input, { baseUrl: input, dangerouslyAllowHttp: [origin] })).toBe('sent');
});

test('the override for http opens one origin and no other, and allows none by itself', async () => {
  const dangerouslyAllowHttp = ['http://a.test'];

  expect(await outcome('/x', { baseUrl: 'http://b.test', dangerouslyAllowHttp })).toBe('INSECURE_URL');
  expect(await outcome('/x', { baseUrl: 'http://a.test:8080', dangerouslyAllowHttp })).toBe('INSECURE_URL');
  expect(await outcome('http://a.test/x', { baseUrl: 'https://b.test', dangerouslyAllowHttp })).toBe(
    'ORIGIN_NOT_ALLOWED',
  );
});

test('*.localhost is loopback in browsers, which send it nowhere else', async () => {
  const options = { baseUrl: 'http://app.localhost:5173' };
  const strategy = () => apiKey(KEY);

  const inBrowser = createFetchOn('browser', strategy(), createFakeFetch(ok), options)('/x');
  const onServer = createFetchOn('server', strategy(), createFakeFetch(ok), options)('/x');

  expect((await inBrowser).status).toBe(200);
  await expect(onServer).rejects.toMatchObject({ code: 'INSECURE_URL' });
});

test('nobody is asked for a token that would be refused', async () => {
  let asked = 0;
  const fetch = createFakeFetch(ok);
  using client = new Client(
    () => {
      asked += 1;
      return 'token-0123456789';
    },
    { baseUrl: 'https://api.test', logger: quiet, runtime: { fetch } },
  );

  await expect(client.fetch('https://evil.test/')).rejects.toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
  await expect(client.fetch('http://api.test/')).rejects.toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
  await expect(client.get('https://evil.test/').json()).rejects.toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
  await expect(client.fetch('/', { mode: 'no-cors' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });

  expect([asked, fetch.calls.length]).toEqual([0, 0]);
});

test.each(['https://evil.test/x', 'http://api.test/x', 'http://10.0.0.1/x', 'https://api.test/x'])(
  'auth: false sends a bare request to %s',
  async (input) => {
    for (const options of [{ auth: false }, {}] as const) {
      const fetch = createFakeFetch(ok);
      const send = createFetch(KEY, { baseUrl: 'https://api.test', ...options, runtime: { fetch } });

      await send(input, options.auth === false ? {} : { auth: false });

      expect(fetch.calls[0]?.request.url).toBe(input);
      expect([...(fetch.calls[0]?.request.headers ?? [])]).toEqual([]);
    }
  },
);

test('auth: false reads data: and blob: URLs, as the platform does', async () => {
  const send = createFetch(KEY, { auth: false });
  const url = URL.createObjectURL(new Blob(['of a blob']));

  expect(await (await send('data:text/plain,of%20data')).text()).toBe('of data');
  expect(await (await send(url)).text()).toBe('of a blob');
});

test('no-cors is refused with a credential, in the init and in a Request, and fine without', async () => {
  const fetch = createFakeFetch(ok);
  const send = createFetch(KEY, { baseUrl: 'https://api.test', runtime: { fetch } });
  const request = () => new Request('https://api.test/', { mode: 'no-cors' });

  await expect(send('/', { mode: 'no-cors' })).rejects.toMatchObject({
    name: 'ConfigError',
    code: 'INVALID_OPTION',
  });
  await expect(send(request())).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  expect(fetch.calls).toEqual([]);

  await send(request(), { mode: 'cors' });
  await send('/', { mode: 'no-cors', auth: false });
  expect(fetch.calls).toHaveLength(2);
});

test('a refusal names the origin and the way out, and nothing of the query', async () => {
  const send = createFetch(KEY, { baseUrl: 'https://api.test' });

  const error: unknown = await send('https://evil.test/x?token=secret-0123456789').catch(
    (thrown: unknown) => thrown,
  );

  expect(error).toMatchObject({ request: { method: 'GET', url: 'https://evil.test/x?…' } });
  expect(String(error)).toContain('https://evil.test');
  expect(String(error)).toContain('https://api.test');
  expect(String(error)).not.toContain('secret');
});
