import { spawn } from 'node:child_process';
import process from 'node:process';

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in a folder, to its end. */
export function run(cwd: string, file: string, ...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env: environment(), timeout: 60_000 });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs `code` on this Node, in a folder. */
export function runCode(cwd: string, code: string, type: 'module' | 'commonjs' = 'module'): Promise<Ended> {
  return run(cwd, process.execPath, `--input-type=${type}`, '--eval', code);
}

/** A user's environment: what `npm test` and vitest put into ours would reach programs that are run here. */
function environment(): NodeJS.ProcessEnv {
  const ours = /^(?:npm_(?!config_(?:registry|cache|userconfig)$)|vitest|node_env$|node_options$|test$)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}
