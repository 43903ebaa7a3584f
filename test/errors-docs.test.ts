import { readdirSync, readFileSync } from 'node:fs';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  accessToken,
  apiKey,
  Client,
  type ClientOptions,
  ConfigError,
  type Credential,
  type ErrorCode,
  HttpError,
  ResponseError,
  SessionError,
  TokenError,
  ValetError,
} from '../src/index.ts';
import { ClientProvider, useSession } from '../src/react.ts';
import { sharedStore } from '../src/stores.ts';
import { createManualClock, settle } from './support/clock.ts';
import { EVERY_ERROR } from './support/every-error.ts';
import { quiet } from './support/quiet.ts';
import { createRecordingFetch } from './support/recording-fetch.ts';

const PAGES = new URL('../docs/errors/', import.meta.url);
const CODES = Object.keys(EVERY_ERROR) as ErrorCode[];
const read = (name: string): string => readFileSync(new URL(name, PAGES), 'utf8');

test('every code has a page, and every page a code', () => {
  const pages = readdirSync(PAGES).filter((name) => name !== 'index.md');
  expect(pages.toSorted()).toEqual(CODES.map((code) => `${code}.md`).toSorted());
});

test.each(CODES)('the page of %s says what happened, why, and what to do, on at most 40 lines', (code) => {
  const page = read(`${code}.md`);
  expect(page.startsWith(`# ${code}\n\n`)).toBe(true);
  expect(page.match(/^## .+$/gm)).toEqual(['## Usual causes', '## What to do']);
  expect(page.match(/^```ts$/gm)).toHaveLength(1);
  expect(page.split('\n').length).toBeLessThanOrEqual(41);
});

test('the index lists every code once, in its family, with whether it may succeed later', () => {
  const rows = [...read('index.md').matchAll(/^\| \[`(\w+)`\]\((\w+)\.md\) \| .+ \| (.+) \|$/gm)];
  expect(rows.map(([, code]) => String(code)).toSorted()).toEqual(CODES.toSorted());
  for (const [, code, page] of rows) expect(page).toBe(code);
});

test.each(CODES)('the index says of %s what its error says', async (code) => {
  const [, family, again] =
    new RegExp(`## (\\w+)\\n(?:(?!##)[^])*?\\| \\[\`${code}\`\\].+ \\| (.+) \\|\\n`).exec(read('index.md')) ??
    [];
  const error = await Promise.resolve()
    .then(EVERY_ERROR[code])
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: family });
  if (code !== 'HTTP_ERROR') expect(again).toBe((error as ValetError).retryable ? 'yes' : 'no');
});

// From here on: the code of the pages, which is run. A page holds the lines between #region and #endregion.

const baseUrl = 'https://api.example.com';
const key = 'key-of-the-pages-0123';

/** What the code of a page said and did. */
interface Page {
  readonly said: string[];
  readonly sent: readonly Request[];
  readonly make: (credential: Credential, options?: ClientOptions) => Client;
  readonly clock: ReturnType<typeof createManualClock>;
}

function createPage(answer?: Parameters<typeof createRecordingFetch>[0]): Page {
  const { fetch, sent } = createRecordingFetch(answer);
  const clock = createManualClock();
  const runtime = { fetch, clock };
  const make: Page['make'] = (credential, options = {}) =>
    new Client(credential, { baseUrl, logger: quiet, retry: 0, runtime, ...options });
  return { said: [], sent, make, clock };
}

test('MISSING_API_KEY: a program that can do without', () => {
  const { said } = createPage();
  const log = (text: string): number => said.push(text);
  let weather: Client | undefined;
  delete process.env.WEATHER_API_KEY;
  // #region missing-api-key
  try {
    weather = new Client(process.env.WEATHER_API_KEY, { baseUrl });
  } catch (error) {
    if (!ValetError.is(error) || error.code !== 'MISSING_API_KEY') throw error;
    log('No weather today: WEATHER_API_KEY is not set.');
  }
  // #endregion
  expect(weather).toBeUndefined();
  expect(said).toEqual(['No weather today: WEATHER_API_KEY is not set.']);
});

test('INVALID_API_KEY: a key from a file', async () => {
  const { sent, make } = createPage();
  const text = `${key}\n`;
  expect(() => new Client(text)).toThrow('white space');
  // #region invalid-api-key
  const credential = apiKey(text.trim(), { scheme: 'Token' });
  // #endregion
  await make(credential).fetch('x');
  expect(sent[0]?.headers.get('authorization')).toBe(`Token ${key}`);
});

test('MISSING_BASE_URL: a base for paths', () => {
  // #region missing-base-url
  const api = new Client(key, { baseUrl: 'https://api.example.com/v1' });
  // #endregion
  expect(api).toBeInstanceOf(Client);
});

test('INVALID_BASE_URL: a host from the configuration', () => {
  const host = 'api.example.com';
  expect(() => new Client(key, { baseUrl: host })).toThrow('baseUrl');
  // #region invalid-base-url
  const api = new Client(key, { baseUrl: `https://${host}/v1` });
  // #endregion
  expect(api).toBeInstanceOf(Client);
});

test('INVALID_OPTION: options from a file', () => {
  const settings = { baseURL: 'https://api.example.com' };
  const { said } = createPage();
  const stop = (text: string): number => said.push(text);
  let api: Client | undefined;
  // #region invalid-option
  try {
    api = new Client(key, settings as ClientOptions);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    stop(`settings.json: ${error.message}`);
  }
  // #endregion
  expect(api).toBeUndefined();
  expect(said).toEqual([expect.stringMatching(/^settings\.json: .*"baseURL"/)]);
});

test('ORIGIN_NOT_ALLOWED: a child, or no credential', async () => {
  const { sent, make } = createPage();
  const api = make(key);
  // #region origin-not-allowed
  const files = api.extend({ baseUrl: 'https://files.example.com' });
  const report = await files.get('report.pdf').blob();
  const logo = await api.fetch('https://cdn.example.net/logo.svg', { auth: false });
  // #endregion
  expect(report).toBeInstanceOf(Blob);
  expect(logo.status).toBe(200);
  expect(sent.map(({ headers }) => headers.get('x-api-key'))).toEqual([key, null]);
});

test('INSECURE_URL: an exception', () => {
  // #region insecure-url
  const origin = 'http://billing.internal:8080';
  const billing = new Client(key, { baseUrl: origin, dangerouslyAllowHttp: [origin] });
  // #endregion
  expect(billing).toBeInstanceOf(Client);
});

test('SECRET_IN_BROWSER: a mark on the key', () => {
  process.env.BILLING_KEY = key;
  // #region secret-in-browser
  const billing = new Client(apiKey(process.env.BILLING_KEY, { secret: true }), { baseUrl });
  // #endregion
  delete process.env.BILLING_KEY;
  expect(billing).toBeInstanceOf(Client);
});

test('BODY_NOT_REPLAYABLE: a function', async () => {
  const { sent, make } = createPage(({ headers }) => {
    return new Response(null, { status: headers.get('x-api-key') === key ? 401 : 200 });
  });
  const api = make(apiKey(({ rejectedKey }) => (rejectedKey === undefined ? key : 'next-key-0123')));
  const file = new Blob([new Uint8Array(200_000)]);
  // #region body-not-replayable
  const response = await api.fetch('backups', { method: 'POST', body: () => file.stream() });
  // #endregion
  expect(response.status).toBe(200);
  expect(sent).toHaveLength(2);
});

test('REDIRECT_REFUSED: where it leads', async () => {
  const { make } = createPage(() => Response.redirect('http://api.example.com/orders/'));
  const api = make(key);
  // #region redirect-refused
  const response = await api.fetch('orders', { redirect: 'manual' });
  const target = response.headers.get('location');
  // #endregion
  expect(target).toBe('http://api.example.com/orders/');
});

test('CLIENT_CLOSED: while shutting down', async () => {
  const { make, sent } = createPage();
  const api = make(key);
  api.close();
  // #region client-closed
  async function report(event: string): Promise<void> {
    try {
      await api.post('events', { json: { event } });
    } catch (error) {
      if (!ValetError.is(error) || error.code !== 'CLIENT_CLOSED') throw error;
    }
  }
  // #endregion
  await report('last words');
  expect(sent).toHaveLength(0);
});

test('NO_PROVIDER: the provider', () => {
  const { make } = createPage();
  const api = make(key);
  const Greeting = (): string => useSession().status;
  expect(() => renderToString(createElement(Greeting))).toThrow('ClientProvider');
  // #region no-provider
  const root = createElement(ClientProvider, { client: api }, createElement(Greeting));
  // #endregion
  expect(renderToString(root)).toBe('loading');
});

test('SIGNED_OUT: the login', async () => {
  const { make, said } = createPage();
  const api = make(() => null);
  const login = { show: (): number => said.push('login') };
  // #region signed-out
  try {
    await api.get('orders').json();
  } catch (error) {
    if (!(error instanceof SessionError) || error.code !== 'SIGNED_OUT') throw error;
    login.show();
  }
  // #endregion
  expect(said).toEqual(['login']);
});

test('SESSION_ENDED: an event for the whole application', async () => {
  const { make, said, clock } = createPage();
  const over = (): never => {
    throw new SessionError('SESSION_ENDED');
  };
  const initial = { token: 'token-of-the-pages', expiresIn: 60 };
  const api = make(accessToken(over, { initial, user: () => ({ id: 'ada' }) }));
  const login = { show: (reason: string): number => said.push(reason) };
  // #region session-ended
  api.on('sessionend', ({ user }) => login.show(`${user.id}, please sign in again.`));
  // #endregion
  await clock.advance(60_000);
  await api.fetch('x').catch(() => {});
  expect(said).toEqual(['ada, please sign in again.']);
});

test('SESSION_CHANGED: a view of the user before', async () => {
  const shown: unknown[] = [];
  const strategy = accessToken(() => null, { initial: { token: 'token-of-ada' } });
  const { make } = createPage(async () => {
    await api.signOut();
    return Response.json([]);
  });
  const api = make(strategy);
  // #region session-changed
  async function showOrders(): Promise<void> {
    try {
      shown.push(await api.get('orders').json());
    } catch (error) {
      if (!ValetError.is(error) || error.code !== 'SESSION_CHANGED') throw error;
    }
  }
  // #endregion
  await showOrders();
  expect(shown).toEqual([]);
});

test('TOKEN_PROVIDER_FAILED: its cause', async () => {
  const { make, said } = createPage();
  const provider = apiKey(() => Promise.reject(new RangeError('the vault is sealed')));
  const api = make(provider);
  const log = (text: string): number => said.push(text);
  // #region token-provider-failed
  try {
    await api.get('orders').json();
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    log(`${error.code}: ${String(error.cause)}`);
  }
  // #endregion
  expect(said).toEqual(['TOKEN_PROVIDER_FAILED: RangeError: the vault is sealed']);
});

test('TOKEN_INVALID: the answer of the token endpoint as it is', async () => {
  const { sent, make } = createPage();
  const tokenUrl = 'data:application/json,{"access_token":"token-1","token_type":"Bearer","expires_in":60}';
  // #region token-invalid
  const provider = (): Promise<Response> => fetch(tokenUrl);
  // #endregion
  await make(provider).fetch('x');
  expect(sent[0]?.headers.get('authorization')).toBe('Bearer token-1');
});

test('TOKEN_TIMEOUT: more patience, and a signal', async () => {
  const { sent, make } = createPage();
  const tokenUrl = 'data:application/json,{"access_token":"token-1"}';
  // #region token-timeout
  const patient = accessToken(({ signal }) => fetch(tokenUrl, { signal }), { deadline: 30_000 });
  // #endregion
  await make(patient).fetch('x');
  expect(sent[0]?.headers.get('authorization')).toBe('Bearer token-1');
});

test('STORE_UNAVAILABLE: a note in the log', async () => {
  const { said, make } = createPage();
  const log = (text: string): number => said.push(text);
  const store = { read: () => Promise.reject(new Error('down')), swap: () => false, now: () => 0 };
  const api = make(accessToken(() => 'token-1', { store: sharedStore(store) }));
  // #region store-unavailable
  api.on('warning', ({ code, message }) => {
    if (code === 'STORE_UNAVAILABLE') log(message);
  });
  // #endregion
  await expect(api.fetch('x')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  api.session.signIn({ token: 'token-2' }).catch(() => {});
  await settle();
  expect(said[0]).toContain('down');
});

test('TOKEN_ENDPOINT_REJECTED: an alert', async () => {
  const { make, said } = createPage();
  const api = make(() => Response.json({ error: 'invalid_client' }, { status: 401 }));
  const alertOperators = (text: string): number => said.push(text);
  // #region token-endpoint-rejected
  api.on('refreshfailed', ({ code, retryable }) => {
    if (!retryable && code !== 'SESSION_ENDED') alertOperators(`No tokens any more: ${code}`);
  });
  // #endregion
  await api.fetch('x').catch(() => {});
  expect(said).toEqual(['No tokens any more: TOKEN_ENDPOINT_REJECTED']);
});

test('TOKEN_ENDPOINT_UNAVAILABLE: when to try again', async () => {
  const { make, said } = createPage();
  const headers = { 'retry-after': '120' };
  const api = make(() => new Response(null, { status: 503, headers }));
  const runAgainIn = (ms: number): number => said.push(`again in ${Math.round(ms / 1000)} s`);
  // #region token-endpoint-unavailable
  try {
    await api.get('orders').json();
  } catch (error) {
    if (!(error instanceof TokenError) || !error.retryable) throw error;
    runAgainIn(error.retryAfter ?? 60_000);
  }
  // #endregion
  expect(said).toEqual(['again in 120 s']);
});

test('HTTP_ERROR: a form', async () => {
  const problem = { title: 'Unprocessable', detail: 'The quantity is missing.' };
  const headers = { 'content-type': 'application/problem+json' };
  const { make, said } = createPage(() => Response.json(problem, { status: 422, headers }));
  const api = make(key);
  const order = {};
  const form = { explain: (text = 'The server does not say why.'): number => said.push(text) };
  // #region http-error
  try {
    await api.post('orders', { json: order });
  } catch (error) {
    if (!(error instanceof HttpError) || error.status !== 422) throw error;
    form.explain(error.problem?.detail);
  }
  // #endregion
  expect(said).toEqual(['The quantity is missing.']);
});

test('NETWORK: later', async () => {
  const { make, said } = createPage(() => {
    throw new TypeError('fetch failed');
  });
  const api = make(key);
  const toast = (text: string): number => said.push(text);
  // #region network
  try {
    await api.get('orders').json();
  } catch (error) {
    if (!ValetError.is(error) || !error.retryable) throw error;
    toast('That did not work. Please try again.');
  }
  // #endregion
  expect(said).toHaveLength(1);
});

test('OFFLINE: with the network', async () => {
  const { make } = createPage();
  const api = make(key);
  const loads: Promise<string>[] = [];
  const load = (): number => loads.push(api.get('orders').text());
  const page = new EventTarget();
  const addEventListener = page.addEventListener.bind(page);
  // #region offline
  addEventListener('online', () => load(), { once: true });
  // #endregion
  page.dispatchEvent(new Event('online'));
  page.dispatchEvent(new Event('online'));
  expect(await Promise.all(loads)).toEqual(['{}']);
});

test('TIMEOUT: more time', async () => {
  const { make, sent } = createPage();
  const api = make(key);
  // #region timeout
  const report = await api.get('reports/2026', { timeout: 60_000 }).json();
  const archive = await api.get('archive.zip', { timeout: false }).blob();
  // #endregion
  expect([report, archive.size, sent.length]).toEqual([{}, 2, 2]);
});

test('NOT_JSON: what came instead', async () => {
  const { make, said } = createPage(() => new Response('<h1>Sign in</h1>'));
  const api = make(key);
  const log = (text: string): number => said.push(text);
  // #region not-json
  const response = await api.get('orders');
  log(`${response.url} ${response.status} ${await response.text()}`);
  // #endregion
  expect(said).toEqual([expect.stringContaining('200 <h1>Sign in</h1>')]);
});

test('INVALID_RESPONSE: the issues', async () => {
  const { make, said } = createPage(() => Response.json({ id: 'seven', paid: 'no' }));
  const api = make(key);
  const Order = z.object({ id: z.number(), paid: z.boolean() });
  const log = (text: string): number => said.push(text);
  // #region invalid-response
  try {
    await api.get('orders/7').json(Order);
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    for (const issue of error.issues) log(JSON.stringify(issue));
  }
  // #endregion
  expect(said).toHaveLength(2);
});
