import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface SmokeServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** The API of the checks. `page` is the program of pages. */
export async function startSmokeServer(page: string): Promise<SmokeServer> {
  let goOn = (): void => {};
  const routes: Record<string, (request: IncomingMessage, response: ServerResponse) => void | Promise<void>> =
    {
      '/echo': (request, response) => echo(request, response),
      '/guarded': (request, response) => {
        if (request.headers.authorization === 'Bearer token-1') request.resume();
        return request.headers.authorization === 'Bearer token-1'
          ? void response.writeHead(401).end()
          : echo(request, response);
      },
      '/redirect': ({ url = '' }, response) => {
        const location = new URL(url, 'http://localhost').searchParams.get('to') ?? '/';
        response.writeHead(302, { location }).end();
      },
      // The rest comes when the client has shown that it has read the beginning.
      '/stream': async (_request, response) => {
        const read = new Promise<void>((resolve) => {
          goOn = resolve;
        });
        response.write('first ');
        await read;
        response.end('last');
      },
      '/stream-on': (_request, response) => {
        goOn();
        response.end();
      },
      '/never': () => {},
      '/token': ({ url = '' }, response) => {
        const type = new URL(url, 'http://localhost').searchParams.get('type') ?? 'Bearer';
        send(response, { access_token: 'issued', token_type: type, expires_in: 600 });
      },
      '/page': (_request, response) => {
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.end(
          '<!doctype html><title>smoke</title><body><script type="module" src="/page.js"></script>',
        );
      },
      '/page.js': (_request, response) => {
        response.setHeader('content-type', 'text/javascript').end(page);
      },
    };
  const server = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*').setHeader('access-control-allow-headers', '*');
    const route = routes[request.url?.replace(/\?.*/, '') ?? ''];
    if (request.method === 'OPTIONS') response.writeHead(204).end();
    else if (route) void route(request, response);
    else send(response, { title: 'not there' }, 404);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, close: () => stop(server) };
}

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = request;
  send(response, { method, url, headers, body: await text(request) });
}

function send(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
