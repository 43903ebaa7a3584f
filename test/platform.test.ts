import { expect, test } from 'vitest';
import {
  detectPlatform,
  isDevelopment,
  isLoopback,
  isOffline,
  pageOrigin,
  platformFetch,
} from '../src/platform.ts';

const NODE = { versions: { node: '24.0.0' } };

test.each<[string, Parameters<typeof detectPlatform>[0], string]>([
  ['Node', { process: NODE, navigator: { userAgent: 'Node.js/24' } }, 'server'],
  ['jsdom on Node, whose fetch shows redirects', { process: NODE, document: {} }, 'server'],
  ['Deno', { navigator: { userAgent: 'Deno/2.9.5' } }, 'server'],
  ['Bun', { process: NODE, navigator: { userAgent: 'Bun/1.4' } }, 'server'],
  ['workerd', { navigator: { userAgent: 'Cloudflare-Workers' } }, 'workerd'],
  ['workerd with Node’s API', { process: NODE, navigator: { userAgent: 'Cloudflare-Workers' } }, 'workerd'],
  ['a page', { document: {}, navigator: { userAgent: 'Mozilla/5.0' } }, 'browser'],
  ['a worker', { WorkerGlobalScope: class {}, navigator: { userAgent: 'Mozilla/5.0' } }, 'browser'],
  ['a page with a process polyfill', { document: {}, process: { env: {} } }, 'browser'],
  ['a window of Electron', { document: {}, process: { ...NODE, type: 'renderer' } }, 'browser'],
  ['the main process of Electron', { process: { ...NODE, type: 'browser' } }, 'server'],
  ['a page with an element called process', { document: {}, process: { versions: { node: {} } } }, 'browser'],
  ['something unknown', {}, 'server'],
])('%s is found out', (_, globals, platform) => {
  expect(detectPlatform(globals)).toBe(platform);
});

test('this test runs on a server', () => {
  expect(detectPlatform()).toBe('server');
});

test.each<[string, Parameters<typeof isDevelopment>[0], boolean]>([
  ['NODE_ENV=production', { process: { env: { NODE_ENV: 'production' } } }, false],
  ['NODE_ENV=development', { process: { env: { NODE_ENV: 'development' } } }, true],
  ['NODE_ENV=test', { process: { env: { NODE_ENV: 'test' } } }, true],
  ['a page on localhost', { location: { hostname: 'localhost' } }, true],
  ['a page on app.localhost', { location: { hostname: 'app.localhost' } }, true],
  ['a page on the web', { location: { hostname: 'app.example.com' } }, false],
  ['a page on the web with an empty process', { process: {}, location: { hostname: 'example.com' } }, false],
  ['neither', {}, false],
])('whether it is development is told by %s', (_, globals, development) => {
  expect(isDevelopment(globals)).toBe(development);
});

test('the origin of a sandboxed page is none', () => {
  expect(pageOrigin({ origin: 'https://app.example.com' })).toBe('https://app.example.com');
  expect(pageOrigin({ origin: 'null' })).toBeUndefined();
  expect(pageOrigin({ origin: '' })).toBeUndefined();
  expect(pageOrigin({})).toBeUndefined();
});

test('the origin of a page is that of its location, which no script can assign to', () => {
  const location = { origin: 'https://app.example.com' };
  expect(pageOrigin({ origin: 'https://evil.example', location })).toBe('https://app.example.com');
  // A frame without a URL of its own has the origin of its page, and a sandboxed one has none.
  expect(pageOrigin({ origin: 'https://app.example.com', location: { origin: 'null' } })).toBe(
    'https://app.example.com',
  );
  expect(pageOrigin({ origin: 'null', location })).toBeUndefined();
});

test('only a platform that says so is offline', () => {
  expect(isOffline({ navigator: { onLine: false } })).toBe(true);
  expect(isOffline({ navigator: { onLine: true } })).toBe(false);
  expect(isOffline({ navigator: {} })).toBe(false);
  expect(isOffline({})).toBe(false);
});

test.each(['localhost', '127.0.0.1', '127.255.0.3', '[::1]'])('%s is this very machine', (host) => {
  expect(isLoopback(host, true)).toBe(true);
  expect(isLoopback(host, false)).toBe(true);
});

test('names under localhost are this very machine in browsers only: elsewhere DNS is asked', () => {
  expect(isLoopback('app.localhost', true)).toBe(true);
  expect(isLoopback('app.localhost', false)).toBe(false);
});

test.each([
  '',
  'example.com',
  'localhost.example.com',
  'notlocalhost',
  '127.0.0.1.example.com',
  '128.0.0.1',
  '0.0.0.0',
  '10.0.0.1',
  '[::2]',
  '[::ffff:7f00:1]',
])('%j is another machine', (host) => {
  expect(isLoopback(host, true)).toBe(false);
});

test('the fetch of the platform is looked up at each call, for polyfills that come late', async () => {
  const { fetch } = globalThis;
  globalThis.fetch = () => Promise.resolve(new Response('late'));
  try {
    expect(await (await platformFetch('https://example.com')).text()).toBe('late');
  } finally {
    globalThis.fetch = fetch;
  }
});
