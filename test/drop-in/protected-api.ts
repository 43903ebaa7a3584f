import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { Client, type TokenProvider } from '../../src/index.ts';
import { quiet } from '../support/quiet.ts';
import { createDeferred, type Deferred } from '../support/token-valet.ts';
import type { HostSdk } from './host-sdk.ts';

/** A request as it was on the wire, and how it was answered. */
interface Sent {
  readonly status: number;
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A server on loopback that wants a token of its own token endpoint. */
export interface ProtectedApi {
  readonly origin: string;
  /** Every request but those for tokens. */
  readonly sent: readonly Sent[];
  /** How many tokens were handed out. */
  readonly issued: number;
  /** A client whose tokens come from here. */
  readonly client: Client;
  /** From now on the token handed out last is refused; refusals go out once `count` requests have been sent with it. */
  revoke(count: number): void;
  /** From now on the token endpoint says that the session is over. */
  endSession(): void;
  /** From now on no token is accepted, the next ones neither. */
  refuseAll(): void;
  /** Lets streams go on. */
  readonly next: Deferred<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startProtectedApi(sdk: Pick<HostSdk, 'answer'>): Promise<ProtectedApi> {
  const api = new Issuer(sdk);
  const server = createServer((incoming, outgoing) => void api.answer(incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const getToken: TokenProvider = ({ signal }) => fetch(`${origin}/token`, { method: 'POST', signal });
  const client = new Client(getToken, { baseUrl: origin, logger: quiet });
  return Object.assign(api, {
    origin,
    client,
    async [Symbol.asyncDispose]() {
      client.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

class Issuer {
  readonly sent: Sent[] = [];
  readonly next: Deferred<void> = createDeferred<void>();
  issued = 0;
  readonly #sdk: Pick<HostSdk, 'answer'>;
  #accepted = 'none yet';
  #isOver = false;
  #refusesAll = false;
  #missing = 0;
  #together = createDeferred<void>();

  constructor(sdk: Pick<HostSdk, 'answer'>) {
    this.#sdk = sdk;
  }

  revoke(count: number): void {
    this.#accepted = 'revoked';
    this.#missing = count;
    this.#together = createDeferred<void>();
  }

  endSession(): void {
    this.#isOver = true;
  }

  refuseAll(): void {
    this.revoke(1);
    this.#refusesAll = true;
  }

  async answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming;
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (url === '/token') return send(outgoing, this.#token());
    const isKnown = !this.#refusesAll && headers.authorization === `Bearer ${this.#accepted}`;
    if (!isKnown && --this.#missing === 0) this.#together.resolve();
    if (!isKnown) await this.#together.promise;
    const response = isKnown
      ? await this.#sdk.answer(toRequest(incoming, body), this.next.promise)
      : refusal();
    this.sent.push({ status: response.status, line: `${method} ${url}`, headers, body });
    await send(outgoing, response);
  }

  #token(): Response {
    if (this.#isOver) return Response.json({ error: 'invalid_grant' }, { status: 400 });
    this.#accepted = `token-of-the-api-${++this.issued}`;
    return Response.json({ access_token: this.#accepted, expires_in: 600 });
  }
}

function refusal(): Response {
  const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
  return Response.json({ error: { message: 'the token is not accepted' } }, { status: 401, headers });
}

function toRequest({ method = 'GET', url = '', headers }: IncomingMessage, body: Buffer): Request {
  const copied = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : ([[name, String(value)]] as [string, string][]),
  );
  const isBare = method === 'GET' || method === 'HEAD' || method === 'DELETE';
  const init = { method, headers: copied, ...(!isBare && { body: new Uint8Array(body) }) };
  return new Request(`http://${headers.host}${url}`, init);
}

/** Chunk by chunk, as the response has them. */
async function send(outgoing: ServerResponse, response: Response): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers)).flushHeaders();
  try {
    // The types of Node and of the DOM differ in a member that nobody uses.
    if (response.body) for await (const chunk of response.body as unknown as Readable) outgoing.write(chunk);
  } finally {
    outgoing.end();
  }
}
