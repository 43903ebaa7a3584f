/** The server of the benchmarks, in a process of its own. It prints its origin, and ends with its parent. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline, Readable } from 'node:stream';

const ANSWER = JSON.stringify({ id: 1, name: 'a small order', items: [1, 2, 3] });
const CHUNK = Buffer.alloc(64 * 1024);

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/upload') return void upload(request, response);
  if (url.pathname === '/download') return download(Number(url.searchParams.get('bytes')), response);
  response
    .writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length })
    .end(ANSWER);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.stdin.on('end', () => process.exit()).resume();

/** Counts what comes, and refuses a token that ends in `old` after it has taken in the whole body. */
async function upload(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of request) bytes += (chunk as Buffer).length;
  } catch {
    return;
  }
  const status = request.headers.authorization?.endsWith('old') === true ? 401 : 200;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ bytes }));
}

function download(bytes: number, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes });
  const chunks = function* (): Generator<Buffer> {
    for (let sent = 0; sent < bytes; sent += CHUNK.length) yield CHUNK;
  };
  pipeline(Readable.from(chunks()), response, () => {});
}
