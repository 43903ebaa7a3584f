import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { apiKey, Client } from 'fetch-valet';
import type { AuthorizationServer } from './authorization-server.mjs';

export interface DashboardServerOptions {
  /** Of the API with the time zones. The key never leaves this server. */
  readonly zones: { readonly url: string; readonly key: string };
  readonly login: AuthorizationServer;
  readonly port?: number;
}

/** Handles what this server does not: the files of the page. */
export type Files = (request: IncomingMessage, response: ServerResponse) => void;

export interface DashboardServer {
  readonly origin: string;
  readonly server: ReturnType<typeof createServer>;
  /** Who serves the files. It is given late: it wants to know the server that it is part of. */
  serve(files: Files): void;
  close(): Promise<void>;
}

type Answer = readonly [status: number, body: unknown];

/** The page's own small server: it keeps the key of the public data, and it has the levers of the demo. */
export async function startDashboardServer(options: DashboardServerOptions): Promise<DashboardServer> {
  // `secret`: should this ever be bundled into a page, it throws there.
  const zones = new Client(apiKey(options.zones.key, { secret: true }), { baseUrl: options.zones.url });
  let files: Files = (_, response) => response.writeHead(503).end();
  const server = createServer((request, response) => {
    const found = routes(request, zones, options.login, origin);
    if (found === undefined) return files(request, response);
    void found
      .catch((error: unknown): Answer => {
        console.error(error);
        return [502, { detail: 'This cannot be had at the moment.' }];
      })
      .then(([status, body]) => send(response, status, body));
  });
  await listening(server, options.port ?? 0);
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    server,
    serve(handler) {
      files = handler;
    },
    close() {
      zones.close();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function routes(
  request: IncomingMessage,
  zones: Client,
  login: AuthorizationServer,
  origin: string,
): Promise<Answer> | undefined {
  const url = new URL(request.url ?? '/', origin);
  const route = `${request.method} ${url.pathname}`;
  if (route === 'GET /zones') return zonesOf(zones, url.searchParams.get('country') ?? '');
  if (!url.pathname.startsWith('/demo/')) return undefined;
  // Other sites open in the same browser have no business with the levers.
  if (request.headers.origin !== undefined && request.headers.origin !== origin)
    return Promise.resolve([403, { detail: 'Not from there.' }]);
  return lever(request, route, login);
}

/** The one question that the page may ask of the public data. */
async function zonesOf(zones: Client, country: string): Promise<Answer> {
  if (!/^[A-Z]{2}$/.test(country)) return [400, { detail: 'A country is two capital letters.' }];
  const found = await zones.get('zones', { searchParams: { country } }).json<{ zones: Zone[] }>();
  return [200, { zones: found.zones.map(({ zone, comment }) => ({ zone, comment })) }];
}

interface Zone {
  readonly zone: string;
  readonly comment: string;
}

/** What the buttons of the demo pull. */
async function lever(request: IncomingMessage, route: string, login: AuthorizationServer): Promise<Answer> {
  if (route === 'GET /demo/state') return [200, { isDown: login.isDown }];
  const { user = '', isDown = false } = await bodyOf(request);
  if (route === 'POST /demo/expire') login.expire(user);
  else if (route === 'POST /demo/revoke') await login.revoke(user);
  else if (route === 'POST /demo/token-endpoint') login.isDown = isDown;
  else return [404, { detail: 'There is no such lever.' }];
  return [200, { isDown: login.isDown }];
}

async function bodyOf(request: IncomingMessage): Promise<{ user?: string; isDown?: boolean }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString() || '{}') as { user?: string; isDown?: boolean };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  response.writeHead(status, headers).end(JSON.stringify(body));
}

function listening(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}
