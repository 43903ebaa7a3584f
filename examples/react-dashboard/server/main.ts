/**
 * `npm run example:react`: the dashboard and everything that it talks to, on loopback.
 *
 * `npm run example:react -- servers` starts only what it talks to, for an app of your own.
 */
import process, { argv, env } from 'node:process';
import { AUDIENCE, startServers } from './servers.ts';
import { type Example, startExample } from './start.ts';

const lifetime = Number(env.TOKEN_LIFETIME ?? 60);

async function run(): Promise<() => Promise<void>> {
  if (argv[2] === 'servers') return runServers();
  const example = await onPort(Number(env.PORT ?? 4400));
  console.log(`Open ${example.origin} in a browser. Access tokens live ${lifetime} seconds. Ctrl-C ends it.`);
  return () => example.close();
}

/** On the usual port, so that a session survives a restart; on any other where that is taken. */
async function onPort(port: number): Promise<Example> {
  try {
    return await startExample({ port, lifetime });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || env.PORT !== undefined) throw error;
    return startExample({ lifetime });
  }
}

async function runServers(): Promise<() => Promise<void>> {
  const page = argv[3] ?? 'http://localhost:5173';
  // The usual ports, so that what stands in a .env file stays true; or any that are free.
  const [issuerPort, apiPort] = env.PORT === '0' ? [0, 0] : [4401, 4402];
  const servers = await startServers({ lifetime, issuerPort, apiPort });
  servers.admit(page);
  console.log(`For a page at ${page}. Its .env.local:\n`);
  console.log(`VITE_ISSUER=${servers.login.issuer}\nVITE_API=${servers.api}\nVITE_AUDIENCE=${AUDIENCE}\n`);
  console.log(`Access tokens live ${lifetime} seconds. Ctrl-C ends it.`);
  return () => servers.close();
}

const close = await run();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void close().finally(() => process.exit(0));
  });
}
