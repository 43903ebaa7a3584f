/** Processes that the benchmarks start. Each ends with its part; none is left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const QUIET = '--disable-warning=ExperimentalWarning';

export interface ServerProcess {
  readonly origin: string;
  [Symbol.dispose](): void;
}

export async function startServer(): Promise<ServerProcess> {
  const child = start([QUIET, here('server.ts')], 'pipe');
  const origin = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (data) => resolve(String(data).trim()));
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { origin, [Symbol.dispose]: () => void child.kill() };
}

/** Runs a file to its end and returns what it printed. A child that hangs is ended after `limit` milliseconds. */
export function run(file: string, args: readonly string[], limit: number): Promise<string> {
  return output(start(['--expose-gc', QUIET, here(file), ...args], 'ignore'), limit);
}

/** Runs a few lines of a module. */
export function runText(text: string, limit: number): Promise<string> {
  return output(start(['--input-type=module', '--eval', text], 'ignore'), limit);
}

function start(args: readonly string[], stdin: 'pipe' | 'ignore'): ChildProcess {
  return spawn(process.execPath, args, { cwd: here('.'), stdio: [stdin, 'pipe', 'inherit'] });
}

function output(child: ChildProcess, limit: number): Promise<string> {
  const timer = setTimeout(() => child.kill(), limit);
  let text = '';
  child.stdout?.on('data', (data) => (text += String(data)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(text);
      else reject(new Error(`a child of the benchmark ended with ${code ?? signal}`));
    });
  });
}

function here(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
