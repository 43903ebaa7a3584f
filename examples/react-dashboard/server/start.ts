import { fileURLToPath } from 'node:url';
import { createServer as createVite, type InlineConfig } from 'vite';
import { startDashboardServer } from './dashboard-server.ts';
import { AUDIENCE, type Servers, type ServersOptions, startServers } from './servers.ts';

export interface ExampleOptions extends ServersOptions {
  /** Of the page: one that is free unless said otherwise. */
  readonly port?: number;
  /** The folder of the app: the dashboard unless said otherwise. */
  readonly app?: string;
}

export interface Example {
  /** Where the page is. */
  readonly origin: string;
  readonly servers: Servers;
  close(): Promise<void>;
}

const DASHBOARD = fileURLToPath(new URL('..', import.meta.url));

/** Found late, a dependency makes Vite load the page anew. */
const DEPENDENCIES = [
  'react/jsx-dev-runtime',
  'react-dom/client',
  '@tanstack/react-query',
  'ky',
  'jwt-decode',
  'eventemitter3',
  'oauth4webapi',
];

/** Starts everything: the servers, and the page with Vite in front of it. */
export async function startExample(options: ExampleOptions = {}): Promise<Example> {
  const { port = 0, app = DASHBOARD, ...rest } = options;
  const servers = await startServers(rest);
  const { login, api, zones } = servers;
  const page = await startDashboardServer({ zones, login, port });
  servers.admit(page.origin);
  const settings = { VITE_ISSUER: login.issuer, VITE_API: api, VITE_AUDIENCE: AUDIENCE };
  const vite = await createVite({
    ...viteConfig(app, settings),
    server: { middlewareMode: { server: page.server }, hmr: { server: page.server }, watch: null },
  });
  page.serve(vite.middlewares);
  return {
    origin: page.origin,
    servers,
    async close() {
      await vite.close();
      await Promise.all([page.close(), servers.close()]);
    },
  };
}

function viteConfig(root: string, settings: Readonly<Record<string, string>>): InlineConfig {
  return {
    root,
    configFile: fileURLToPath(new URL('../vite.config.ts', import.meta.url)),
    logLevel: 'error',
    cacheDir: fileURLToPath(new URL('../../../node_modules/.vite/react-dashboard', import.meta.url)),
    optimizeDeps: { include: DEPENDENCIES },
    define: Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [`import.meta.env.${name}`, JSON.stringify(value)]),
    ),
  };
}
