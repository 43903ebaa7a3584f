/**
 * Two real origins on loopback for the browser tests, each with the routes of `handlers`.
 * `inject('origins')` tells a test where they are. The part of the path before the route is a room:
 * `/my-test/log` lists what came to `/my-test/…` only, so that tests need not wait for each other.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';

export interface Origins {
  readonly api: string;
  readonly other: string;
}

/** One request as a server saw it. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    origins: Origins;
  }
}

interface Call {
  readonly seen: SeenRequest;
  readonly query: URLSearchParams;
  /** The requests of this room, this one included. */
  readonly log: SeenRequest[];
  readonly response: ServerResponse;
}

const handlers: Record<string, (call: Call) => void> = {
  /** The request as JSON, with the status that `?status=` asks for. */
  echo: ({ seen, query, response }) => sendJson(response, Number(query.get('status') ?? 200), seen),
  /** Sends the browser to `?to=`. */
  redirect: ({ query, response }) => {
    response.writeHead(Number(query.get('status') ?? 302), { location: query.get('to') ?? '/' }).end();
  },
  /** Answers 401 to a credential that begins with `old`, wherever it is, and as `echo` to any other. */
  guarded: ({ seen, query, response }) => {
    const { authorization = '', 'x-api-key': key = '' } = seen.headers;
    const isOld = /(?:^|Bearer )old/.test(authorization || key || (query.get('api_key') ?? ''));
    sendJson(response, isOld ? 401 : 200, seen);
  },
  /** A token endpoint that binds what it hands out. */
  bind: ({ log, response }) => {
    const value = { access_token: `bound-token-${log.length}`, token_type: 'DPoP', expires_in: 600 };
    sendJson(response, 200, { ...value, refresh_token: `bound-refresh-token-${log.length}` });
  },
  /** What a browser may keep and show to the next user: each answer has a number of its own. */
  cacheable: ({ log, response }) => {
    response.setHeader('cache-control', 'private, max-age=600');
    sendJson(response, 200, { number: log.filter(({ method }) => method === 'GET').length });
  },
  /** Who asks, by a credential that holds `of-NAME`: careless, as it may be kept and does not say for whom. */
  me: ({ seen, response }) => {
    const [, name = 'nobody'] = /\bof-([a-z]+)/.exec(`${seen.headers.authorization} ${seen.url}`) ?? [];
    response.setHeader('cache-control', 'private, max-age=600');
    sendJson(response, 200, { name });
  },
  /** The orders of whoever asks. */
  orders: ({ seen, response }) => {
    const [, name = 'nobody'] = /\bof-([a-z]+)/.exec(seen.headers.authorization ?? '') ?? [];
    sendJson(response, 200, { orders: [{ id: 1, what: `bread of ${name}` }] });
  },
  /** As `me`, by GraphQL. */
  graphql: ({ seen, response }) => {
    const [, name = 'nobody'] = /\bof-([a-z]+)/.exec(seen.headers.authorization ?? '') ?? [];
    sendJson(response, 200, { data: { me: { __typename: 'User', id: name, name } } });
  },
  /** Every request of the room, in order, without those to `log` and `reset`. */
  log: ({ log, response }) => sendJson(response, 200, log),
  reset: ({ log, response }) => {
    log.length = 0;
    response.writeHead(204).end();
  },
};

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await Promise.all([start(), start()]);
  const [api, other] = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  project.provide('origins', { api: api!, other: other! });
  return async () => {
    await Promise.all(servers.map(stop));
  };
}

function start(): Promise<Server> {
  const rooms = new Map<string, SeenRequest[]>();
  const server = createServer((request, response) => {
    answer(request, response, rooms).catch((error: Error) => response.destroy(error));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  rooms: Map<string, SeenRequest[]>,
): Promise<void> {
  allowEveryOrigin(request, response);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const [, room = '', route = ''] = /^(.*)\/(.*)$/.exec(pathname) ?? [];
  const log = rooms.get(room) ?? [];
  rooms.set(room, log);

  const seen = await read(request);
  if (route !== 'log' && route !== 'reset') log.push(seen);

  const handler = handlers[route];
  if (request.method === 'OPTIONS') response.writeHead(204).end();
  else if (handler) handler({ seen, query: searchParams, log, response });
  else sendJson(response, 404, seen);
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

async function read(request: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks).toString(),
  };
}

function allowEveryOrigin({ headers }: IncomingMessage, response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', headers.origin ?? '*');
  response.setHeader('access-control-allow-credentials', 'true');
  response.setHeader('access-control-allow-methods', headers['access-control-request-method'] ?? '*');
  response.setHeader('access-control-allow-headers', headers['access-control-request-headers'] ?? '*');
  response.setHeader('access-control-allow-private-network', 'true');
  response.setHeader('access-control-expose-headers', 'location, retry-after, www-authenticate');
  response.setHeader('cache-control', 'no-store');
  response.setHeader('vary', 'origin');
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
