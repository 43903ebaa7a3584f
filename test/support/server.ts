import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What a server of a test was sent. */
export interface Received {
  readonly method: string;
  /** Path and query as they were on the wire. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface TestServer {
  readonly origin: string;
  /** Every request so far, in order of arrival. */
  readonly received: readonly Received[];
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

type Handler = (request: Received, response: ServerResponse) => void | Promise<void>;

/**
 * A real HTTP server on loopback, over TLS with a `certificate` (and its key). `handler` answers once the body has
 * arrived; by default with 204.
 */
export async function startServer(
  handler: Handler = (_, response) => void response.writeHead(204).end(),
  certificate?: string,
): Promise<TestServer> {
  const received: Received[] = [];
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
    } catch {
      // The client went away.
      return;
    }
    const { method = '', url = '', headers } = incoming;
    const request: Received = { method, url, headers, body: Buffer.concat(chunks) };
    received.push(request);
    await handler(request, response);
  };
  const listener = (incoming: IncomingMessage, response: ServerResponse): void =>
    void answer(incoming, response);
  const server =
    certificate === undefined
      ? createServer(listener)
      : createTlsServer({ key: certificate, cert: certificate }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const { port } = server.address() as AddressInfo;
  const scheme = certificate === undefined ? 'http' : 'https';
  return { origin: `${scheme}://127.0.0.1:${port}`, received, close, [Symbol.asyncDispose]: close };
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}
