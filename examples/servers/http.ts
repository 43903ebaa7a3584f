import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A handler speaks the web's own `Request` and `Response`, so that the demo APIs read like any server. */
export type Handler = (request: Request) => Response | Promise<Response>;

export interface RunningServer {
  readonly origin: string;
  readonly close: () => Promise<void>;
}

/** More than any demo sends; a server without a limit would be a bad example. */
const largestBody = 1024 * 1024;

export function json(data: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return Response.json(data, { status, headers });
}

/** An error as RFC 9457 describes it. */
export function problem(
  status: number,
  title: string,
  detail: string,
  headers: Record<string, string> = {},
): Response {
  const body = { type: 'about:blank', title, status, detail };
  return json(body, status, { 'content-type': 'application/problem+json', ...headers });
}

/** Listens on loopback only: the demo's secrets are nobody else's business. Port 0 takes a free one. */
export async function listen(port: number, handler: Handler): Promise<RunningServer> {
  let origin = '';
  const server = createServer((incoming, outgoing) => {
    void answer(incoming, origin, handler)
      .then((response) => send(outgoing, response))
      // The client went away, or its body never arrived whole: nobody is left to be told.
      .catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no TCP port.');
  origin = `http://127.0.0.1:${address.port}`;

  function close(): Promise<void> {
    return new Promise((resolve) => {
      server.close(() => resolve());
      // fetch keeps connections open for the next request; without this, close() would wait for them.
      server.closeAllConnections();
    });
  }
  return { origin, close };
}

async function answer(incoming: IncomingMessage, origin: string, handler: Handler): Promise<Response> {
  const body = await read(incoming);
  if (body === undefined) {
    return problem(413, 'Content Too Large', `This server reads at most ${largestBody} bytes.`, {
      connection: 'close',
    });
  }
  let request: Request;
  try {
    request = toRequest(incoming, origin, body);
  } catch {
    return problem(400, 'Bad Request', 'The method or the address cannot be read.');
  }
  try {
    return await handler(request);
  } catch (error) {
    console.error(error);
    return problem(500, 'Internal Server Error', 'The demo server has a bug; see its console.');
  }
}

async function read(incoming: IncomingMessage): Promise<Buffer<ArrayBuffer> | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > largestBody) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function toRequest(incoming: IncomingMessage, origin: string, body: Buffer<ArrayBuffer>): Request {
  const method = incoming.method ?? 'GET';
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  // Joined as text: `new URL('//elsewhere/', origin)` would leave the origin.
  const url = origin + (incoming.url ?? '/');
  const bare = method === 'GET' || method === 'HEAD';
  return new Request(url, { method, headers, ...(bare ? {} : { body }) });
}

async function send(outgoing: ServerResponse, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  outgoing.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    'content-length': body.length,
  });
  outgoing.end(body);
}
