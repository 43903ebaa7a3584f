import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { sendJson, startServer } from '../support/server.ts';
import { runCode } from './command.ts';

const project = inject('project');
const home = join(project, 'node_modules/fetch-valet');
const files = await filesIn(home);
const manifest = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, unknown>>;
};

/** The API: whoever adds to it or takes from it does so here too. */
const entries = [
  {
    specifier: 'fetch-valet',
    names: [
      'Client',
      'ConfigError',
      'HttpError',
      'NetworkError',
      'ResponseError',
      'SessionError',
      'TokenError',
      'ValetError',
      'accessToken',
      'apiKey',
      'bearer',
      'combine',
      'createFetch',
    ],
  },
  {
    specifier: 'fetch-valet/fetch',
    names: [
      'ConfigError',
      'SessionError',
      'TokenError',
      'ValetError',
      'accessToken',
      'apiKey',
      'bearer',
      'combine',
      'createFetch',
    ],
  },
  { specifier: 'fetch-valet/stores', names: ['indexedDb', 'memoryStore', 'sharedStore', 'webStorage'] },
  { specifier: 'fetch-valet/stores/node', names: ['fileStore'] },
  { specifier: 'fetch-valet/stores/redis', names: ['redisStore'] },
  {
    specifier: 'fetch-valet/testing',
    names: [
      'authHandlers',
      'createAuthServer',
      'createClock',
      'createTabs',
      'createTestClient',
      'createTestFetch',
      'createTestJwt',
      'expectNoSecrets',
      'fakeTokenProvider',
      'memoryChannel',
      'memoryLocks',
      'memoryStore',
      'protectedApi',
    ],
  },
];

/** Entries that need a package which their users install beside this one. */
const withPeer = [
  { specifier: 'fetch-valet/oauth', peer: 'oauth4webapi' },
  { specifier: 'fetch-valet/oauth/node', peer: 'oauth4webapi' },
  { specifier: 'fetch-valet/react', peer: 'react' },
  { specifier: 'fetch-valet/tanstack-query', peer: '@tanstack/react-query' },
  { specifier: 'fetch-valet/testing/react', peer: 'react' },
];
const OUTPUTS = [
  'index',
  'fetch',
  'oauth',
  'oauth-node',
  'react',
  'stores',
  'stores-node',
  'stores-redis',
  'tanstack-query',
  'testing',
  'testing-react',
];

test('the entries with components are marked for React Server Components, and no other is', async () => {
  const marked = await Promise.all(
    OUTPUTS.map(async (entry) =>
      (await readFile(join(home, `dist/${entry}.js`), 'utf8')).startsWith('"use client";'),
    ),
  );
  expect(OUTPUTS.filter((_, at) => marked[at])).toEqual(['react', 'testing-react']);
});

test('the package holds the build, its source and four documents, and nothing else', async () => {
  const sources = await filesIn(fileURLToPath(new URL('../../src', import.meta.url)));
  const output = OUTPUTS.join('|');
  const built = new RegExp(
    `^dist/(?:(?:${output}|core|chunk-[\\w-]+)\\.js(?:\\.map)?|(?:${output})\\.d\\.ts|[a-z-]+-[\\w-]{8}\\.d\\.ts)$`,
  );
  expect(files.filter((file) => !built.test(file))).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'package.json',
    ...sources.map((source) => `src/${source}`),
  ]);
  for (const entry of OUTPUTS)
    expect(files).toEqual(
      expect.arrayContaining([`dist/${entry}.d.ts`, `dist/${entry}.js`, `dist/${entry}.js.map`]),
    );
});

test('a user gets the package and its two dependencies, at exact versions', async () => {
  const dependencies = { eventemitter3: '5.0.4', ky: '2.1.0' };
  expect(await readdir(join(project, 'node_modules'))).toEqual([
    '.package-lock.json',
    'eventemitter3',
    'fetch-valet',
    'ky',
  ]);
  expect(manifest).toMatchObject({ dependencies });
  expect(Object.keys(manifest).filter((field) => /^(?:optional|bundled?)Dependencies/.test(field))).toEqual(
    [],
  );
  // Who uses an entry that needs one installs it; nobody else gets it.
  const peers = Object.keys(manifest.peerDependencies);
  expect(Object.entries(manifest.peerDependenciesMeta)).toEqual(
    peers.map((name) => [name, { optional: true }]),
  );
});

test('installing runs no script', () => {
  expect(
    Object.keys(manifest.scripts).filter((name) => /^(?:pre|post)?(?:install|prepare)$/.test(name)),
  ).toEqual([]);
});

test('no entry of the package is missing here', () => {
  const paths = Object.keys(manifest.exports).map((path) => posix.join('fetch-valet', path));
  const known = [...entries, ...withPeer].map(({ specifier }) => specifier);
  expect(paths.toSorted()).toEqual([...known, 'fetch-valet/package.json'].toSorted());
});

test.for(withPeer)('$specifier says that it needs $peer', async ({ specifier, peer }) => {
  const code = `await import('${specifier}').catch((error) => console.log(error.code, error.message))`;
  const { stdout } = await runCode(project, code);
  expect(stdout).toContain('ERR_MODULE_NOT_FOUND');
  expect(stdout).toContain(peer);
});

test.for(entries)('$specifier can be imported and exports what is public', async ({ specifier, names }) => {
  const { stdout, stderr } = await runCode(
    project,
    `console.log(JSON.stringify(Object.keys(await import('${specifier}'))))`,
  );
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual(names);
});

test.for(entries)('$specifier can be required from CommonJS', async ({ specifier, names }) => {
  const { stdout, stderr } = await runCode(
    project,
    `console.log(JSON.stringify(Object.keys(require('${specifier}'))))`,
    'commonjs',
  );
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual(names);
});

test('all entries share one copy of the library, however they are loaded', async () => {
  const { stdout, stderr } = await runCode(
    project,
    `
    import { createRequire } from 'node:module';
    import * as core from 'fetch-valet';
    import * as alone from 'fetch-valet/fetch';
    const require = createRequire(process.cwd() + '/program.js');
    const loaded = [core, alone, require('fetch-valet'), require('fetch-valet/fetch')];
    console.log(new Set(loaded.map(({ ValetError }) => ValetError)).size);
    console.log(require('fetch-valet/package.json').version);
    `,
  );
  expect(stderr).toBe('');
  expect(stdout).toBe(`1\n${manifest.version}\n`);
});

test('before the first request fetch-valet/fetch looks at nothing of the platform', async () => {
  const { stdout, stderr } = await runCode(
    project,
    `
    const seen = new Set();
    const names = ['fetch', 'Request', 'Response', 'Headers', 'FormData', 'ReadableStream', 'BroadcastChannel',
      'XMLHttpRequest', 'navigator', 'document', 'localStorage', 'sessionStorage', 'indexedDB'];
    for (const name of names) {
      const value = globalThis[name];
      Object.defineProperty(globalThis, name, { configurable: true, get: () => (seen.add(name), value) });
    }
    const { accessToken, createFetch } = await import('fetch-valet/fetch');
    const imported = [...seen];
    const baseUrl = 'http://127.0.0.1:9';
    createFetch('key', { baseUrl });
    const send = createFetch(accessToken(() => 'token'), { baseUrl });
    const made = [...seen];
    await send('nobody-is-there').catch(() => {});
    console.log(JSON.stringify({ imported, made, sent: [...seen] }));
    `,
  );
  expect(stderr).toBe('');
  const { imported, made, sent } = JSON.parse(stdout) as Record<'imported' | 'made' | 'sent', string[]>;
  expect(imported).toEqual([]);
  // Whether a key may be here at all depends on where here is (rule S7).
  expect(made.filter((name) => name !== 'navigator')).toEqual([]);
  // The same watch sees a request at work.
  expect(sent).toEqual(expect.arrayContaining(['Headers', 'fetch']));
});

test('a program that only makes clients ends by itself', async () => {
  const { code, stdout } = await runCode(
    project,
    `
    import { accessToken, Client } from 'fetch-valet';
    const client = new Client(accessToken(() => 'token', { initial: { token: 'first', expires_in: 3600 } }));
    client.session.subscribe(() => {});
    console.log(client.session.snapshot.status);
    `,
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'signed-in\n' });
});

test('source maps lead to sources that are there', async () => {
  const maps = files.filter((file) => file.endsWith('.js.map'));
  const sources = await Promise.all(maps.map(sourcesOf));
  expect(sources.flat()).toEqual(expect.arrayContaining(['src/client.ts', 'src/fetch.ts']));
  expect(sources.flat().filter((source) => !files.includes(source))).toEqual([]);
});

test('the installed package fetches with a key and with a token', async () => {
  await using server = await startServer((_, response) => sendJson(response, { place: 'Oslo' }));
  const { stdout, stderr } = await runCode(
    project,
    `
    import { apiKey, Client } from 'fetch-valet';
    import { accessToken, createFetch } from 'fetch-valet/fetch';
    const baseUrl = '${server.origin}';
    const client = new Client(apiKey('k&y', { in: 'query', name: 'appid' }), { baseUrl });
    console.log((await client.get('current').json()).place);
    console.log((await createFetch(accessToken(() => 'token'), { baseUrl })('orders')).status);
    `,
  );
  expect(stderr).toBe('');
  expect(stdout).toBe('Oslo\n200\n');
  expect(server.received.map(({ url, headers }) => [url, headers.authorization])).toEqual([
    ['/current?appid=k%26y', undefined],
    ['/orders', 'Bearer token'],
  ]);
});

/** Every file below `folder`, with forward slashes, in order. */
async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replaceAll('\\', '/'))
    .map((path) => path.replace(/^\//, ''))
    .sort();
}

async function sourcesOf(map: string): Promise<string[]> {
  const { sources } = JSON.parse(await readFile(join(home, map), 'utf8')) as { sources: string[] };
  return sources.map((source) => posix.join(posix.dirname(map), source));
}
