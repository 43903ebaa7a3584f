// @ts-check
/** What a fresh machine needs before a task can run. Built-ins only: node_modules may not exist yet. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { provideBrowsers } from './browsers.mjs';
import { provideRedis } from './redis.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The oldest Node that every tool here runs on. */
const oldestNode = { major: 22, minor: 19 };

/**
 * Installs exactly what the lock says, when node_modules is missing or older than the lock.
 * @param {string} [folder] with a lock of its own
 */
export function installDependencies(folder = '.') {
  const lock = join(folder, 'package-lock.json');
  if (modified(join(folder, 'node_modules/.package-lock.json')) >= modified(lock)) return;

  console.log('installing dependencies …');
  const [command, args, options] = npm('ci', '--prefix', folder, '--include=dev', '--include=optional');
  const { status, stdout, stderr } = spawnSync(command, args, { ...options, encoding: 'utf8' });
  if (status !== 0) stop(`${stdout}${stderr}\n"npm ci" failed: see above.`);
}

/** Puts the pinned Node first in PATH when the caller's own is too old, or when FORCE_PINNED_NODE is set. */
export function chooseNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const { major: oldest, minor: oldestMinor } = oldestNode;
  const recent = major > oldest || (major === oldest && minor >= oldestMinor);
  const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const pinned = join(root, 'node_modules', `node-${platform}`, 'bin');

  if (recent && !process.env.FORCE_PINNED_NODE) return prependPath(dirname(process.execPath));
  if (existsSync(pinned)) return prependPath(pinned);
  return stop(
    `This needs Node ${oldest}.${oldestMinor} or newer, this is ${process.versions.node}, and no Node is pinned ` +
      `for ${platform}: install Node 24 and try again.`,
  );
}

/** Builds when dist is missing or older than what it is made of. */
export async function buildWhenStale() {
  const newest = Math.max(...['src', 'tsup.config.ts', 'tsconfig.src.json', 'package.json'].map(newestIn));
  // The declarations come last: when they are there, the build went through.
  if (modified('dist/index.d.ts') >= newest) return;

  console.log('building …');
  const code = await runTool('tsup', '--silent');
  if (code !== 0) stop('The build failed: see above.');
}

/** @param {readonly import('./browsers.mjs').BrowserName[]} names */
export function requireBrowsers(names) {
  const advice = provideBrowsers(names);
  if (advice) stop(advice);
}

export function requireRedis() {
  const advice = provideRedis();
  if (advice) stop(advice);
}

/** @returns {Record<string, string>} the scripts of package.json */
export function scripts() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;
}

/** @param {string} name a script of package.json */
export function runScript(name) {
  return launch(...npm('run', '--silent', name));
}

/**
 * Runs the command of a dependency. By path, so that neither the system's shell nor two packages with
 * a command of the same name matter.
 * @param {string} name
 * @param {...string} args
 */
export function runTool(name, ...args) {
  const home = join(root, 'node_modules', name);
  const { bin } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  return runNode(join(home, typeof bin === 'string' ? bin : bin[name]), ...args);
}

/** @param {...string} args of Node */
export function runNode(...args) {
  return launch('node', args, { cwd: root });
}

/**
 * Resolves with the exit code. A signal goes to the child first, and then ends this process as well.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<number>}
 */
function launch(command, args, options) {
  const child = spawn(command, args, { ...options, stdio: 'inherit' });
  const pass = (/** @type {NodeJS.Signals} */ signal) => {
    // Ctrl-C in a terminal reaches the child without help, and a second one would mean "at once".
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, pass);

  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const each of signals) process.off(each, pass);
      if (signal) process.kill(process.pid, signal);
      resolve(code ?? 1);
    });
  });
}

/**
 * How to call npm: the one that called us, if one did.
 * @param {...string} args
 * @returns {[command: string, args: string[], options: import('node:child_process').SpawnOptions]}
 */
function npm(...args) {
  const caller = process.env.npm_execpath;
  if (caller?.endsWith('npm-cli.js')) return [process.execPath, [caller, ...args], { cwd: root }];
  return ['npm', args, { cwd: root, shell: process.platform === 'win32' }];
}

/** @param {string} folder */
function prependPath(folder) {
  process.env.PATH = `${folder}${delimiter}${process.env.PATH}`;
}

/**
 * @param {string} path
 * @returns {number} milliseconds since the epoch; 0 when there is no such file
 */
function modified(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * The newest time in a file or folder. A folder has one of its own, which tells of files that went away.
 * @param {string} path
 * @returns {number}
 */
function newestIn(path) {
  if (!statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory()) return modified(path);
  return Math.max(modified(path), ...readdirSync(join(root, path)).map((name) => newestIn(join(path, name))));
}

/**
 * @param {string} message what went wrong and what helps
 * @returns {never}
 */
function stop(message) {
  console.error(message);
  process.exit(1);
}
