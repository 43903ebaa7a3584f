import { spawn } from 'node:child_process';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** How a program ended, and every line it wrote. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly lines: readonly string[];
}

/** A program that hangs is a failure to be told, not to be waited for. */
const patience = 45_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** Runs an example as a user would: as a program of its own, with what it needs in its environment. */
export async function runProgram(
  name: string,
  env: Environment,
  onLine: (line: string) => void = () => {},
  args: readonly string[] = [],
): Promise<ProgramEnd> {
  const path = fileURLToPath(new URL(`../${name}`, import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patience,
  });
  const lines: string[] = [];
  const read = async (stream: NodeJS.ReadableStream): Promise<void> => {
    for await (const line of createInterface({ input: stream })) {
      lines.push(line);
      onLine(line);
    }
  };
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('exit', resolve);
  });
  const [code] = await Promise.all([ended, read(child.stdout), read(child.stderr)]);
  return { code, lines };
}
