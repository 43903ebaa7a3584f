import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright';
import puppeteer from 'puppeteer-core';
import { build, type Rollup } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBrowser } from '../../tools/browsers.mjs';
import { type SmokeServer, startSmokeServer } from './server.ts';
import { startWebKit } from './webkit.ts';

interface Outcome {
  readonly name: string;
  readonly error?: string;
}

/** What is used of miniflare. It is not installed where types are checked. */
interface WorkerHost {
  readonly Miniflare: new (
    options: object,
  ) => {
    dispatchFetch(url: string): Promise<Response>;
    dispose(): Promise<void>;
  };
}

interface Servers {
  readonly origin: string;
  readonly other: string;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const platform = `linux-${process.arch}`;
const program = here('program.mjs');
const deno = [
  'run',
  '--quiet',
  '--no-remote',
  '--allow-net=127.0.0.1',
  '--allow-env',
  '--allow-read',
  program,
];

/** Each runtime, and how it runs the checks. */
const runtimes: Readonly<Record<string, (servers: Servers) => Promise<readonly Outcome[]>>> = {
  'Node 22': (servers) => runProgram(here(`node_modules/node22-${platform}/bin/node`), [program], servers),
  'Node 24': (servers) => runProgram(process.execPath, [program], servers),
  'Node 26': (servers) => runProgram(here(`node_modules/node26-${platform}/bin/node`), [program], servers),
  Deno: (servers) => runProgram(here(`node_modules/@deno/${platform}-glibc/deno`), deno, servers),
  Bun: (servers) => runProgram(here(`node_modules/@oven/bun-${platform}/bin/bun`), [program], servers),
  workerd: runWorker,
  Chromium: runChromium,
  Firefox: runFirefox,
  WebKit: runWebKit,
};

let servers: Servers;
const running: SmokeServer[] = [];

beforeAll(async () => {
  const page = await bundle('page.mjs');
  running.push(await startSmokeServer(page), await startSmokeServer(''));
  const [first, second] = running;
  servers = { origin: first?.origin ?? '', other: second?.origin ?? '' };
});
afterAll(() => Promise.all(running.map((server) => server.close())));

test.each(Object.entries(runtimes))('every check passes on %s', async (_, run) => {
  const outcomes = await run(servers);
  expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
  expect(outcomes.map(({ name }) => name)).toEqual(checksIn(readFileSync(here('smoke.mjs'), 'utf8')));
});

test('the README names the runtimes that were tried', () => {
  const readme = readFileSync(here('../../README.md'), 'utf8');
  const table = readme.split('<!-- runtimes -->')[1]?.split('<!-- /runtimes -->')[0] ?? '';
  const named = table.match(/^\| ([^|]+) \|/gm)?.slice(2) ?? [];
  expect(named.map((cell) => cell.replaceAll('|', '').trim())).toEqual(Object.keys(runtimes));
});

/** The names of the checks, as they are written. */
function checksIn(source: string): string[] {
  return [...source.matchAll(/^ {2}async '([^']+)'\(/gm)].map(([, name = '']) => name);
}

async function runProgram(
  command: string,
  args: readonly string[],
  place: Servers,
): Promise<readonly Outcome[]> {
  const env = { ...process.env, ORIGIN: place.origin, OTHER: place.other };
  const { stdout } = await promisify(execFile)(command, [...args], { env, cwd: here('.'), timeout: 60_000 });
  return JSON.parse(stdout) as readonly Outcome[];
}

async function runWorker({ origin, other }: Servers): Promise<readonly Outcome[]> {
  const { Miniflare } = createRequire(import.meta.url)('miniflare') as WorkerHost;
  const worker = new Miniflare({
    modules: true,
    script: await bundle('worker.mjs'),
    compatibilityDate: '2026-07-01',
    bindings: { ORIGIN: origin, OTHER: other },
  });
  try {
    const response = await worker.dispatchFetch('http://worker.test/');
    return (await response.json()) as readonly Outcome[];
  } finally {
    await worker.dispose();
  }
}

async function runChromium({ origin, other }: Servers): Promise<readonly Outcome[]> {
  const browser = await chromium.launch({ executablePath: findBrowser('chromium') ?? 'chromium' });
  try {
    const page = await browser.newPage();
    await page.goto(pageUrl(origin, other));
    await page.waitForFunction(() => document.title === 'done');
    return JSON.parse((await page.textContent('body')) ?? '') as readonly Outcome[];
  } finally {
    await browser.close();
  }
}

async function runFirefox({ origin, other }: Servers): Promise<readonly Outcome[]> {
  const executablePath = findBrowser('firefox') ?? 'firefox';
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath, headless: true });
  try {
    const page = await browser.newPage();
    await page.goto(pageUrl(origin, other));
    await page.waitForFunction(() => document.title === 'done');
    return JSON.parse(await page.evaluate(() => document.body.textContent ?? '')) as readonly Outcome[];
  } finally {
    await browser.close();
  }
}

async function runWebKit({ origin, other }: Servers): Promise<readonly Outcome[]> {
  const webkit = await startWebKit();
  try {
    return JSON.parse(await webkit.textOf(pageUrl(origin, other), 'done')) as readonly Outcome[];
  } finally {
    await webkit.close();
  }
}

function pageUrl(origin: string, other: string): string {
  return `${origin}/page?other=${encodeURIComponent(other)}`;
}

/** One file with the package in it, as bundlers make it of an application. */
async function bundle(entry: string): Promise<string> {
  const made = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: false,
      target: 'es2023',
      lib: { entry: here(entry), formats: ['es'], fileName: 'bundle' },
    },
  });
  const [{ output }] = [made].flat() as [Rollup.RollupOutput];
  return output[0].code;
}
