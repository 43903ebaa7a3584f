import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { apiKey, Client } from '../../src/index.ts';
import { NEW, OLD } from '../support/once-refused.ts';
import { quiet } from '../support/quiet.ts';
import { bytesFrom, isWhole } from '../support/streams.ts';

const KIB = 1024;

/** A server that answers 401 to `OLD` as soon as it has `enough` bytes of the body, whatever is still to come. */
async function startHasty(headers: Record<string, string>, enough = 0) {
  const bodies: Uint8Array[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.headers['x-api-key'] === OLD) {
      let left = enough;
      for await (const chunk of request) {
        left -= (chunk as Buffer).length;
        if (left <= 0 && !response.headersSent) response.writeHead(401, headers).end('no');
      }
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    bodies.push(Buffer.concat(chunks));
    response.end();
  };
  const server = createServer((request, response) => void answer(request, response).catch(() => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A stream that waits after `before` bytes until the 401 is there, and then goes on to `total`. */
function waitingStream(before: number, total: number, refused: Promise<void>) {
  let sent = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        if (sent >= before) await refused;
        if (sent >= total) return controller.close();
        const length = Math.min(8 * KIB, total - sent);
        controller.enqueue(bytesFrom(sent, length));
        sent += length;
      },
    },
    { highWaterMark: 0 },
  );
}

const ANSWERS = [
  ['keeps the connection', {}],
  ['closes the connection', { connection: 'close' }],
] as const;
const TOTALS = [
  ['60 KiB', 60 * KIB],
  ['300 KiB', 300 * KIB],
] as const;
const CASES = ANSWERS.flatMap(([server, headers]) =>
  TOTALS.map(([size, total]) => ({ server, headers, size, total })),
);

function refusedClient(baseUrl: string) {
  const refused = Promise.withResolvers<void>();
  const strategy = apiKey(({ rejectedKey }) => {
    if (rejectedKey === undefined) return OLD;
    refused.resolve();
    return NEW;
  });
  return { client: new Client(strategy, { baseUrl, logger: quiet }), refused: refused.promise };
}

test.each(CASES)(
  'a stream of $size is replayed whole after a 401 in the middle by a server that $server',
  async ({ headers, total }) => {
    await using api = await startHasty(headers);
    const { client, refused } = refusedClient(api.origin);
    using _ = client;

    const response = await client.fetch('/', {
      method: 'POST',
      body: waitingStream(16 * KIB, total, refused),
    });

    expect(response.status).toBe(200);
    expect(api.bodies).toHaveLength(1);
    expect(isWhole(api.bodies[0], total)).toBe(true);
  },
);

test.each(CASES)(
  'a Request of $size is replayed whole or not at all after such a 401 by a server that $server',
  async ({ headers, total }) => {
    await using api = await startHasty(headers);
    const { client, refused } = refusedClient(api.origin);
    using _ = client;
    const request = new Request(api.origin, {
      method: 'POST',
      body: waitingStream(16 * KIB, total, refused),
      ...({ duplex: 'half' } as object),
    });

    const outcome = await client.fetch(request).then(
      ({ status }) => status,
      (error: { code?: string }) => error.code,
    );

    expect(outcome).toBe(total > 64 * KIB ? 'BODY_NOT_REPLAYABLE' : 200);
    expect(api.bodies.map((body) => isWhole(body, total))).toEqual(total > 64 * KIB ? [] : [true]);
  },
);

test.each(CASES)(
  'a verb replays a stream of $size just so after a 401 by a server that $server',
  async ({ headers, total }) => {
    await using api = await startHasty(headers);
    const { client, refused } = refusedClient(api.origin);
    using _ = client;

    await client.put('', { body: waitingStream(16 * KIB, total, refused) });

    expect(isWhole(api.bodies[0], total)).toBe(true);
  },
);

test('a stream of which more than 64 KiB are gone when the 401 comes is not sent again', async () => {
  await using api = await startHasty({}, 100 * KIB);
  const { client, refused } = refusedClient(api.origin);
  using _ = client;

  const answer = client.fetch('/', { method: 'POST', body: waitingStream(200 * KIB, 300 * KIB, refused) });

  await expect(answer).rejects.toMatchObject({ code: 'BODY_NOT_REPLAYABLE' });
  expect(api.bodies).toEqual([]);
});
