import { fileURLToPath } from 'node:url';
import { startDashboardServer } from './dashboard-server.ts';
import { bundle, sources } from './files.ts';
import { AUDIENCE, type Servers, type ServersOptions, startServers } from './servers.ts';

export interface ExampleOptions extends ServersOptions {
  /** Of the page: one that is free unless said otherwise. */
  readonly port?: number;
  /** The folder of the app: the dashboard unless said otherwise. */
  readonly root?: string;
  /** Whether the page is built first, as for a deployment. */
  readonly isBuilt?: boolean;
}

export interface Example {
  /** Where the page is. */
  readonly origin: string;
  readonly servers: Servers;
  close(): Promise<void>;
}

const DASHBOARD = fileURLToPath(new URL('..', import.meta.url));

/** Starts everything: the servers, and the page. */
export async function startExample(options: ExampleOptions = {}): Promise<Example> {
  const { port = 0, root = DASHBOARD, isBuilt = false, ...rest } = options;
  const servers = await startServers(rest);
  const { login, api, zones } = servers;
  const page = await startDashboardServer({ zones, login, port });
  servers.admit(page.origin);
  const settings = { VITE_ISSUER: login.issuer, VITE_API: api, VITE_AUDIENCE: AUDIENCE };
  const app = { root, settings };
  const served = await (isBuilt ? bundle(app) : sources(app, page.server));
  page.serve(served.files);
  return {
    origin: page.origin,
    servers,
    async close() {
      await served.close();
      await Promise.all([page.close(), servers.close()]);
    },
  };
}
