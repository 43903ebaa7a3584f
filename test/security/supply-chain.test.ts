import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'tsup';
import { beforeAll, expect, test } from 'vitest';
import { buildWhenStale } from '../../tools/setup.mjs';
import { type Ended, run } from '../package/command.ts';
import { npm } from '../package/install.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const patience = 120_000;

interface Manifest {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly files?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string | { readonly default: string }>>;
  readonly [field: string]: unknown;
}

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const manifest = await readJson<Manifest>('package.json');
const lock = await readJson<{ readonly packages: Readonly<Record<string, Locked>> }>('package-lock.json');
const workspaces = manifest.workspaces ?? [];
/** What a user installs with the package. */
const runtime = ['eventemitter3', 'ky'];

beforeAll(() => buildWhenStale(), patience);

// What comes in

test.each(['.', ...workspaces])('every dependency of %s has one exact version', async (folder) => {
  const own = await readJson<Manifest>(join(folder, 'package.json'));
  // What its users bring along is theirs to choose.
  const chosen = /^(?!peer).*dependencies$/i;
  const fields = Object.keys(own).filter((field) => chosen.test(field) || field === 'overrides');
  const wanted = fields.flatMap((field) => Object.entries(own[field] as Record<string, string>));

  expect(wanted.length).toBeGreaterThan(0);
  // `npm:` gives a package another name, `file:` is this very repository.
  const exact = /^(?:npm:[@\w/-]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$|^file:\.\.$/;
  expect(wanted.filter(([, version]) => !exact.test(version))).toEqual([]);
});

test('the lock pins every package to its content, and takes none from outside the registry', () => {
  const local = new Set(['', ...workspaces]);
  const packages = Object.entries(lock.packages).filter(
    ([path, { link }]) => !local.has(path) && link !== true,
  );

  expect(packages.length).toBeGreaterThan(100);
  expect(packages.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''))).toEqual([]);
  expect(
    packages.filter(
      ([, { resolved }]) => resolved !== undefined && !resolved.startsWith('https://registry.'),
    ),
  ).toEqual([]);
});

test('what a user installs runs nothing, and brings nothing else', () => {
  expect(Object.keys(manifest.dependencies as object)).toEqual(runtime);
  for (const name of runtime) {
    const locked = lock.packages[`node_modules/${name}`];
    expect([name, locked?.hasInstallScript, locked?.dependencies]).toEqual([name, undefined, undefined]);
  }
});

test.each(['.', ...workspaces])('nothing of %s runs at an install', async (folder) => {
  const { scripts = {}, gypfile } = await readJson<Manifest>(join(folder, 'package.json'));

  const hooks = /^(?:pre|post)?(?:install|uninstall|prepare|prepublish|pack|dependencies)$/;
  expect(Object.keys(scripts).filter((name) => hooks.test(name))).toEqual([]);
  // Without a word in package.json npm would compile this.
  expect([gypfile, existsSync(join(root, folder, 'binding.gyp'))]).toEqual([undefined, false]);
});

// What goes out

test(
  'the tarball holds what `files` says, no more and no less, and none of it is a secret',
  async () => {
    const [{ files }] = JSON.parse(await npm(root, 'pack', '--dry-run', '--json', '--ignore-scripts')) as [
      { files: { path: string }[] },
    ];
    const packed = files.map(({ path }) => path);
    const always = ['LICENSE', 'README.md', 'package.json'];
    const listed = manifest.files ?? [];
    const belongsTo = (path: string): string | undefined =>
      [...always, ...listed].find((entry) => path === entry || path.startsWith(`${entry}/`));

    expect(new Set(packed.map(belongsTo))).toEqual(new Set([...always, ...listed]));
    expect(
      packed.filter((path) => !/^(?:dist|src)\/[\w/-]+(?:\.d)?\.(?:ts|js|js\.map)$|^[\w.]+$/.test(path)),
    ).toEqual([]);
    for (const path of packed) {
      const text = await readFile(join(root, path), 'utf8');
      expect([path, strangeIn(text)]).toEqual([path, undefined]);
    }
  },
  patience,
);

/** Private keys, tokens of registries and hosts, and the folders of whoever built it. */
function strangeIn(text: string): string | undefined {
  const suspects = [
    /-----BEGIN/,
    /\bnpm_[A-Za-z\d]{36}\b/,
    /\bgh[pousr]_\w{36}\b/,
    /\bAKIA[A-Z\d]{16}\b/,
    /_authToken/,
  ];
  const folders = [process.cwd(), tmpdir() === '/tmp' ? '/tmp/' : tmpdir()];
  return (
    suspects.map((pattern) => pattern.exec(text)?.[0]).find((found) => found !== undefined) ??
    folders.find((folder) => text.includes(folder))
  );
}

test('the library knows the address of no server but that of its own documentation', async () => {
  const found = new Set<string>();
  for (const file of await builtFiles()) {
    const text = await readFile(join(root, 'dist', file), 'utf8');
    for (const [, host = ''] of text.matchAll(/\b(?:https?|wss?):\/\/([^/'"`\s)?#,$\\]+)/g)) found.add(host);
  }

  // The machine itself is where logins of command-line programs come back to.
  // Names that nobody can own (RFC 6761) are those of the test kit, and what messages give for an example.
  const named = /\.(?:invalid|test)$|^(?:api|app|id)\.example\.com$|^127\.0\.0\.1:?$|^localhost:3000$/;
  expect([...found].filter((host) => !named.test(host))).toEqual(['fetch-valet.dev']);
});

// What it does where it is loaded

test(
  'every entry can be bundled for a browser: no module of Node and no code from text',
  async () => {
    const entries = entryFiles();
    const bundles = await bundleForBrowsers(entries);

    expect(bundles).toHaveLength(entries.length);
    for (const [index, { inputs, code: whole }] of bundles.entries()) {
      const code = whole
        .replace(new RegExp(`^import [^;]* from "(?:${peers.join('|')})";$`, 'gm'), '')
        // Asked for where there is one: what a print of a client shows is searched for secrets.
        .replace('getBuiltinModule?.("node:util")', '');
      expect(
        inputs.filter(
          (input) => !/(?:^|\/)(?:dist|node_modules\/(?:eventemitter3|ky|oauth4webapi))\//.test(input),
        ),
      ).toEqual([]);
      // Esbuild writes `require` for what it cannot resolve, and leaves imports of what is external.
      expect(code).not.toMatch(/\bnode:|\brequire\(|\bimport\s*\(|^import\b|^export\b[^;]*\bfrom\s*"/m);
      expect(code).not.toMatch(
        /\beval\b|\bnew Function\b|\bFunction\(|\bimportScripts\b|\bset(?:Timeout|Interval)\(\s*["'`]/,
      );
      expect(code).not.toMatch(/\binnerHTML\b|\bdocument\.(?:write|cookie|createElement)\b/);
      // Only who imports a store or a login has one.
      if (/\/(?:index|fetch)\.js$/.test(entries[index] ?? ''))
        expect(code).not.toMatch(/\blocalStorage\b|\bsessionStorage\b/);
    }
  },
  patience,
);

const peers = ['react', '@tanstack/react-query', 'msw'];

interface Bundle {
  readonly inputs: readonly string[];
  readonly code: string;
}

async function bundleForBrowsers(entries: readonly string[]): Promise<Bundle[]> {
  const outDir = await mkdtemp(join(tmpdir(), 'fetch-valet-bundle-'));
  try {
    const bundles: Bundle[] = [];
    for (const entry of entries) {
      await build({
        entry: { bundle: join(root, entry) },
        outDir,
        config: false,
        silent: true,
        dts: false,
        metafile: true,
        splitting: false,
        format: 'esm',
        platform: 'browser',
        // Everything: an import that is left over is one that a browser could not follow.
        noExternal: [/^(?!react$|@tanstack\/react-query$|msw$)/],
        // What an application has in its own bundle.
        external: peers,
        skipNodeModulesBundle: false,
      });
      const { inputs } = JSON.parse(await readFile(join(outDir, 'metafile-esm.json'), 'utf8')) as {
        inputs: Record<string, unknown>;
      };
      bundles.push({ inputs: Object.keys(inputs), code: await readFile(join(outDir, 'bundle.js'), 'utf8') });
    }
    return bundles;
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
}

test.each([
  ['any others', []],
  ['built-ins that can be changed', ['--frozen-intrinsics']],
])('the library needs no files, processes, workers or code from text, nor %s', async (_, flags) => {
  expect(await runBare(work(), ...flags)).toMatchObject({ code: 0, stdout: '200 200 SESSION_ENDED\n' });
});

test.each([
  ['eval', 'eval("1")', 'EvalError'],
  ['new Function', 'new Function("1")()', 'EvalError'],
  ['a file', `(await import('node:fs')).writeFileSync('x', '')`, 'ERR_ACCESS_DENIED'],
  ['a process', `(await import('node:child_process')).execFileSync('node')`, 'ERR_ACCESS_DENIED'],
  ['a worker', `new (await import('node:worker_threads')).Worker('', { eval: true })`, 'ERR_ACCESS_DENIED'],
])('%s would be noticed there', async (_, code, refusal) => {
  const ended = await runBare(code);

  expect(ended.code).not.toBe(0);
  expect(ended.stderr).toContain(refusal);
});

/** A program on a Node that may read this repository, and nothing else. */
function runBare(code: string, ...flags: readonly string[]): Promise<Ended> {
  const rights = [
    '--permission',
    `--allow-fs-read=${join(root, '*')}`,
    '--disallow-code-generation-from-strings',
  ];
  return run(root, process.execPath, ...rights, ...flags, '--input-type=module', '--eval', code);
}

/** A key, a token that ends, verbs and errors, over a fetch of its own. */
function work(): string {
  const [index, alone] = entryFiles().map((file) => JSON.stringify(pathToFileURL(join(root, file)).href));
  return `
    const { Client } = await import(${index});
    const { createFetch } = await import(${alone});
    const jwt = ['{"alg":"none"}', '{"sub":"ada","exp":4102444800}', ''].map(btoa).join('.');
    const fetch = async (url) => Response.json({}, { status: String(url).includes('refused') ? 401 : 200 });
    const options = { baseUrl: 'https://api.example', runtime: { fetch }, logger: { debug() {}, warn() {} } };
    const client = new Client(({ forceRefresh }) => (forceRefresh ? Response.json({ error: 'invalid_grant' }, { status: 400 }) : jwt), options);
    const { status } = await client.get('x');
    const { status: other } = await createFetch('key-0123456789', { baseUrl: 'https://api.example', runtime: { fetch } })('x');
    const error = await client.get('refused').catch((thrown) => thrown);
    console.log(status, other, error.code);
  `;
}

test(
  'an import leaves no trace on globals, built-ins, listeners, timers or the environment',
  async () => {
    for (const entry of entryFiles())
      expect(await tracesOf(pathToFileURL(join(root, entry)).href)).toEqual({
        code: 0,
        stdout: '[]\n',
        stderr: '',
      });
    // The same watch sees what does leave traces.
    for (const [code, trace] of [
      ['globalThis.trace = 1', 'globalThis'],
      ['Array.prototype.at = () => {}', 'Array'],
      ['process.env.TRACE = 1', 'process.env'],
      ['process.on("warning", () => {})', 'held'],
      ['setTimeout(() => {}, 1)', 'held'],
    ] as const) {
      const { stdout } = await tracesOf(`data:text/javascript,${encodeURIComponent(code)}`);
      expect([code, stdout.includes(trace)]).toEqual([code, true]);
    }
  },
  patience,
);

function tracesOf(module: string): Promise<Ended> {
  const program = fileURLToPath(new URL('../support/watch-import.ts', import.meta.url));
  return run(root, process.execPath, '--disable-warning=ExperimentalWarning', program, module);
}

/** The code of every entry that runs in browsers. */
function entryFiles(): string[] {
  const entries = Object.entries(manifest.exports ?? {});
  return entries.flatMap(([path, target]) =>
    typeof target === 'string' || target.default === null || path.includes('/node') ? [] : [target.default],
  );
}

async function builtFiles(): Promise<string[]> {
  return (await readdir(join(root, 'dist'))).filter((file) => file.endsWith('.js'));
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(join(root, path), 'utf8')) as T;
}
