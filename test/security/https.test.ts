import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { createFetch } from '../../src/fetch.ts';
import { accessToken, apiKey, bearer, Client } from '../../src/index.ts';
import { createFakeFetch, ok } from '../support/fake-fetch.ts';
import { quiet } from '../support/quiet.ts';
import { redirecting, to } from '../support/redirecting.ts';
import { startServer, type TestServer } from '../support/server.ts';

const certificate = readFileSync(new URL('../support/localhost.pem', import.meta.url), 'utf8');
const roots = getCACertificates('default');
const KEY = 'key-0123456789abcdef';
const COOKIE = 'cookie-0123456789';

/** Every place for a credential. */
const STRATEGIES = [
  ['a key in a header', () => apiKey(KEY)],
  ['a key in the query', () => apiKey(KEY, { in: 'query' })],
  ['a key in Authorization', () => bearer(KEY)],
  ['a token', () => accessToken(() => KEY)],
] as const;

let open: TestServer[] = [];

beforeEach(() => setDefaultCACertificates([...roots, certificate]));
afterEach(async () => {
  await Promise.all(open.map((server) => server.close()));
  open = [];
});
afterAll(() => setDefaultCACertificates(roots));

async function start(tls?: string): Promise<TestServer> {
  const server = await startServer(redirecting, tls);
  open.push(server);
  return server;
}

const secure = (): Promise<TestServer> => start(certificate);
const plain = (): Promise<TestServer> => start();

function everything(server: TestServer): string {
  return JSON.stringify(server.received.map(({ url, headers, body }) => [url, headers, body.toString()]));
}

test('a server whose certificate nobody vouches for gets nothing', async () => {
  const api = await secure();
  setDefaultCACertificates(roots);

  for (const [, strategy] of STRATEGIES) {
    const sent = createFetch(strategy(), { baseUrl: api.origin })('/');
    await expect(sent).rejects.toMatchObject({ cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
  }

  expect(api.received).toEqual([]);
});

test.each(STRATEGIES)('%s goes over https, and on to the same origin', async (_, strategy) => {
  const api = await secure();

  const response = await createFetch(strategy(), { baseUrl: api.origin })(to('/end', 307), {
    method: 'POST',
    body: 'the body',
  });

  expect([response.status, response.redirected]).toEqual([200, true]);
  expect(api.received.map(({ body }) => body.toString())).toEqual(['the body', 'the body']);
  for (const { url, headers } of api.received) expect(`${url} ${JSON.stringify(headers)}`).toContain(KEY);
});

test.each(STRATEGIES)(
  '%s does not go on to another https origin, unless it is allowed',
  async (_, strategy) => {
    const api = await secure();
    const other = await secure();
    const send = (allowedOrigins: readonly string[]): Promise<Response> =>
      createFetch(strategy(), { baseUrl: api.origin, allowedOrigins })(to(`${other.origin}/end`), {
        headers: { cookie: COOKIE, 'proxy-authorization': COOKIE, 'x-mine': 'stays' },
      });

    expect((await send([])).status).toBe(200);
    expect(everything(other)).not.toMatch(new RegExp(`${KEY}|${COOKIE}`));
    expect(other.received[0]?.headers['x-mine']).toBe('stays');

    expect((await send([other.origin])).status).toBe(200);
    expect(everything(other)).toContain(KEY);
    expect(everything(other)).not.toContain(COOKIE);
  },
);

test.each([301, 302, 303, 307, 308])(
  'a %i from https to http is refused, even to loopback that is allowed',
  async (code) => {
    const api = await secure();
    const clear = await plain();
    const options = { allowedOrigins: [clear.origin], dangerouslyAllowHttp: [clear.origin] };
    let asked = 0;
    const token = (): string => {
      asked += 1;
      return KEY;
    };
    for (const [, strategy] of [...STRATEGIES, ['a counted token', () => accessToken(token)] as const]) {
      for (const target of [`${clear.origin}/status/401`, clear.origin.replace('http', 'HTTP')]) {
        for (const init of [{}, { method: 'HEAD' }, { method: 'POST', body: 'the body' }]) {
          const sent = createFetch(strategy(), { ...options, baseUrl: api.origin })(to(target, code), init);
          await expect(sent).rejects.toMatchObject({ name: 'ConfigError', code: 'REDIRECT_REFUSED' });
        }
      }
    }

    expect(clear.received).toEqual([]);
    // Six clients with the counted token: one question each, and none for the 401 behind the redirect.
    expect(asked).toBe(6);
  },
);

test('verbs refuse the way down to http, too, and do not try again', async () => {
  const api = await secure();
  const clear = await plain();
  using client = new Client(KEY, { baseUrl: api.origin, allowedOrigins: [clear.origin], logger: quiet });

  await expect(client.get(to(`${clear.origin}/end`))).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });

  expect([api.received.length, clear.received.length]).toEqual([1, 0]);
});

test('a chain that leaves https in the middle ends there, and one that stays may come back', async () => {
  const api = await secure();
  const other = await secure();
  const clear = await plain();
  const send = createFetch(KEY, { baseUrl: api.origin, allowedOrigins: [clear.origin] });
  const over = (last: string): string => to(other.origin + to(last));

  await expect(send(over(`${clear.origin}/end`))).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
  expect(clear.received).toEqual([]);

  const response = await send(over(`${api.origin}/end`));
  expect(await response.json()).toMatchObject({ url: '/end', headers: { 'x-api-key': KEY } });
  expect(everything(other)).not.toContain(KEY);
});

test('a Location without a scheme keeps https', async () => {
  const api = await secure();
  const other = await secure();
  const { host } = new URL(other.origin);

  const response = await createFetch(KEY, { baseUrl: api.origin })(to(`//${host}/end`));

  expect(response.url).toBe(`${other.origin}/end`);
  expect(everything(other)).not.toContain(KEY);
});

test('loopback over http may lead up to https, with the credential where that is allowed', async () => {
  const clear = await plain();
  const api = await secure();
  const options = { baseUrl: clear.origin };

  await createFetch(KEY, options)(to(`${api.origin}/end`));
  expect(everything(api)).not.toContain(KEY);

  await createFetch(KEY, { ...options, allowedOrigins: [api.origin] })(to(`${api.origin}/end`));
  expect(everything(api)).toContain(KEY);
});

test('a bare request follows the platform, down to http, with nothing of ours', async () => {
  const api = await secure();
  const clear = await plain();
  using client = new Client(() => KEY, { baseUrl: api.origin, auth: false });

  const response = await client.fetch(to(`${clear.origin}/end`));

  expect(response.url).toBe(`${clear.origin}/end`);
  expect(everything(clear)).not.toContain(KEY);
});

test.each(STRATEGIES)(
  '%s never starts on http outside of loopback, unless this very origin is opened',
  async (_, strategy) => {
    const fetch = createFakeFetch(ok);
    const send = (baseUrl: string, dangerouslyAllowHttp: readonly string[]): Promise<Response> =>
      createFetch(strategy(), { baseUrl, dangerouslyAllowHttp, runtime: { fetch } })('/x');

    for (const [baseUrl, opened] of [
      ['http://intranet.example', []],
      ['http://192.0.2.1', []],
      ['http://intranet.example', ['https://intranet.example']],
      ['http://intranet.example', ['http://intranet.example:8080']],
      ['http://intranet.example:8080', ['http://intranet.example']],
      ['http://intranet.example', ['http://www.intranet.example', 'http://127.0.0.1']],
    ] as const) {
      await expect(send(baseUrl, opened)).rejects.toMatchObject({
        name: 'ConfigError',
        code: 'INSECURE_URL',
      });
    }
    expect(fetch.calls).toEqual([]);

    await send('http://intranet.example', ['http://intranet.example:80']);
    expect(fetch.calls).toHaveLength(1);
  },
);
