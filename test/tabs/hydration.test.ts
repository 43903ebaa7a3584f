import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type BrowserTab, launchChromium, launchFirefox, type TabBrowser } from './browser.ts';
import type { Rendered } from './rendered/browser.tsx';

declare global {
  var rendered: Rendered;
}

interface App {
  readonly origin: string;
  /** What went wrong on the server. */
  readonly errors: unknown[];
  readonly version: string;
  close(): Promise<void>;
}

const source = fileURLToPath(new URL('rendered', import.meta.url));
const react18 = fileURLToPath(new URL('../../tools/react18/node_modules', import.meta.url));
const VERSIONS = ['18', '19'] as const;
const launches = { Chromium: launchChromium, Firefox: launchFirefox };
const browsers = new Map<string, TabBrowser>();
const apps = new Map<string, App>();

beforeAll(async () => {
  await Promise.all([
    ...Object.entries(launches).map(async ([name, launch]) => browsers.set(name, await launch())),
    ...VERSIONS.map(async (version) => apps.set(version, await startApp(version))),
  ]);
}, 120_000);

afterAll(async () => {
  await Promise.all([...browsers.values(), ...apps.values()].map((each) => each.close()));
}, 30_000);

/** A real server that renders with React `version`, and sends what hydrates it. */
async function startApp(version: string): Promise<App> {
  const folder = await mkdtemp(join(tmpdir(), 'fetch-valet-rendered-'));
  await bundle(version, folder, 'browser.tsx');
  await bundle(version, folder, 'server.tsx');
  const server = (await import(
    pathToFileURL(join(folder, 'server.js')).href
  )) as typeof import('./rendered/server.tsx');
  const script = await readFile(join(folder, 'browser.js'), 'utf8');
  const errors: unknown[] = [];
  const http = createServer((request, response) => {
    const isScript = request.url === '/browser.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8');
    if (isScript) return void response.end(script);
    const login = /^\/login\?(user=\w*)/.exec(request.url ?? '');
    if (login) return void response.setHeader('set-cookie', `${login[1]}; path=/`).end();
    const [, id] = /\buser=(\w+)/.exec(request.headers.cookie ?? '') ?? [];
    server.render(response, { id, onError: (error) => errors.push(error) });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    errors,
    version: server.version,
    async close() {
      await stop(http);
      await rm(folder, { recursive: true });
    },
  };
}

/** Made for development, so that React tells all there is to tell. */
async function bundle(version: string, folder: string, entry: string): Promise<void> {
  const isServer = entry === 'server.tsx';
  const alias = [{ find: /^(react|react-dom)(?=\/|$)/, replacement: `${react18}/$1` }];
  await build({
    configFile: false,
    root: source,
    logLevel: 'error',
    mode: 'development',
    define: { 'process.env.NODE_ENV': '"development"' },
    resolve: { alias: version === '18' ? alias : [] },
    ssr: { noExternal: true },
    build: {
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      ssr: isServer,
      rolldownOptions: { input: join(source, entry), output: { entryFileNames: '[name].js' } },
    },
  });
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

const everywhere = VERSIONS.flatMap((version) =>
  Object.keys(launches).map((name) => [version, name] as const),
);

interface Scene {
  readonly app: App;
  /** What the server has sent. */
  readonly html: string;
  readonly tab: BrowserTab;
}

async function open(version: string, name: string, id?: string, search = ''): Promise<Scene> {
  const app = apps.get(version);
  const browser = browsers.get(name);
  if (app === undefined || browser === undefined) throw new Error('there is no such page');
  const cookie = id === undefined ? '' : `user=${id}`;
  const html = await (await fetch(app.origin, { headers: { cookie } })).text();
  const tab = await browser.open(`${app.origin}/login?user=${id ?? ''}`);
  onTestFinished(() => tab.close());
  await tab.goto(app.origin + search);
  return { app, html, tab };
}

test.each(VERSIONS)('the server renders with React %s', (version) => {
  expect(apps.get(version)?.version.startsWith(`${version}.`)).toBe(true);
});

test.each(everywhere)(
  'a page of a user is hydrated as it is with React %s in %s',
  async (version, name) => {
    const { app, html, tab } = await open(version, name, 'ann');
    expect(html).toContain('<h1>Ann</h1>');
    expect(html).toContain('<p id="gate">loading</p>');

    await tab.run(() => globalThis.rendered.becomes('loading'));
    const waiting = await tab.run(() => [
      globalThis.rendered.text('gate'),
      document.querySelector('h1')?.innerText,
    ]);
    expect(waiting).toEqual(['loading', 'Ann']);

    await tab.run(() => globalThis.rendered.release());
    await tab.run(() => globalThis.rendered.becomes('signed-in'));
    const after = await tab.run(() => ({
      gate: globalThis.rendered.text('gate'),
      heading: document.querySelector('h1')?.innerText,
      isSame: globalThis.rendered.isSameHeading(),
      told: globalThis.rendered.told,
    }));
    expect(after).toEqual({ gate: 'for ann', heading: 'Ann', isSame: true, told: [] });
    expect(app.errors).toEqual([]);
  },
  30_000,
);

test.each(everywhere)(
  'a page of nobody is hydrated as it is with React %s in %s',
  async (version, name) => {
    const { app, html, tab } = await open(version, name);
    expect(html).toContain('<p id="gate">loading</p>');
    await tab.run(() => globalThis.rendered.release());
    await tab.run(() => globalThis.rendered.becomes('signed-out'));
    const after = await tab.run(() => [globalThis.rendered.text('gate'), ...globalThis.rendered.told]);
    expect(after).toEqual(['signed out']);
    expect(app.errors).toEqual([]);
  },
  30_000,
);

test.each(everywhere)(
  'a page is hydrated as it is by a session that knows already, with React %s in %s',
  async (version, name) => {
    const { tab } = await open(version, name, 'ann', '/?early');
    await tab.run(() => globalThis.rendered.becomes('signed-in'));
    const after = await tab.run(() => ({
      gate: globalThis.rendered.text('gate'),
      isSame: globalThis.rendered.isSameHeading(),
      told: globalThis.rendered.told,
    }));
    expect(after).toEqual({ gate: 'for ann', isSame: true, told: [] });
  },
  30_000,
);
