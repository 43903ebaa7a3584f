/** `npm run bench [cold] [in-memory] [profile] [stampede] [loopback] [streams]`: all parts unless some are named. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg } from 'node:os';

const parts: Readonly<Record<string, () => Promise<void>>> = {
  cold: async () => (await import('./cold.ts')).benchCold(),
  'in-memory': async () => (await import('./in-memory.ts')).benchInMemory(),
  profile: async () => (await import('./profile.ts')).benchProfile(),
  stampede: async () => (await import('./stampede.ts')).benchStampede(),
  loopback: async () => (await import('./loopback.ts')).benchLoopback(),
  streams: async () => (await import('./streams.ts')).benchStreams(),
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}. There are: ${Object.keys(parts).join(', ')}`);
  process.exitCode = 2;
} else {
  console.log(
    `Node ${process.versions.node}, ${availableParallelism()} cores of ${cpus()[0]?.model ?? 'unknown make'}`,
  );
  console.log(versions());
  for (const [name, bench] of Object.entries(parts)) {
    if (names.length === 0 || names.includes(name)) await bench();
  }
  // Above 2 or so on two cores, others have been at work: then look at the A/A rows before anything else.
  console.log(`\nload average of the last 5 minutes: ${loadavg()[1]?.toFixed(1)}`);
}

/** What is compared, in the versions that are installed. */
function versions(): string {
  const require = createRequire(import.meta.url);
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return [...Object.keys(dependencies), 'ky']
    .map((name) => `${name} ${versionOf(require, name)}`)
    .join(' · ');
}

function versionOf(require: NodeJS.Require, name: string): string {
  const found = (require.resolve.paths(name) ?? []).map((folder) => `${folder}/${name}/package.json`);
  for (const path of found) {
    try {
      return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
    } catch {
      // Not in this folder: the next one up.
    }
  }
  return 'not found';
}
