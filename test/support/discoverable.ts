import type { ServerResponse } from 'node:http';
import { type Received, sendJson, startServer, type TestServer } from './server.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** An API that says in its 401 where its tokens come from (RFC 9728). It takes every token that is not refused. */
export interface DiscoverableApi extends TestServer {
  /** What it says of itself at its usual place. */
  metadata: unknown;
  /** Answers for the metadata in its place. */
  answer: ((request: Received, response: ServerResponse) => void | Promise<void>) | undefined;
  /** The challenge of its 401; `undefined`: none. */
  challenge: string | undefined;
  refuses: (token: string) => boolean;
  /** How often its metadata were asked for. */
  readonly asked: () => number;
}

export async function startDiscoverableApi(...issuers: string[]): Promise<DiscoverableApi> {
  const server = await startServer((request, response) => {
    if (request.url.startsWith('/.well-known/')) {
      if (made.answer) return made.answer(request, response);
      return sendJson(response, made.metadata);
    }
    const token = /^(?:Bearer|DPoP) (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (token !== undefined && !made.refuses(token)) return void response.end('content');
    if (made.challenge !== undefined) response.setHeader('www-authenticate', made.challenge);
    response.writeHead(401).end();
  });
  const made: DiscoverableApi = {
    origin: server.origin,
    received: server.received,
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
    metadata: { resource: `${server.origin}/mcp`, authorization_servers: issuers },
    answer: undefined,
    challenge: `Bearer resource_metadata="${server.origin}${WELL_KNOWN}/mcp"`,
    refuses: () => false,
    asked: () => server.received.filter(({ url }) => url.startsWith(WELL_KNOWN)).length,
  };
  return made;
}

/** An authorization server of as few lines as possible, which a test may have say anything. */
export interface PlainIssuer extends TestServer {
  /** Members of its metadata, besides issuer and endpoints. */
  metadata: Record<string, unknown>;
  /** What the token endpoint answers to a form: tokens that are numbered unless said otherwise. */
  token: (form: URLSearchParams, response: ServerResponse) => unknown;
  /** The forms that came to an endpoint. */
  readonly forms: (path: '/token' | '/revoke') => URLSearchParams[];
}

export async function startPlainIssuer(): Promise<PlainIssuer> {
  let count = 0;
  const server = await startServer(async ({ url, body }, response) => {
    const { origin } = server;
    if (url.startsWith('/.well-known/')) {
      const endpoints = Object.fromEntries(
        ['authorization', 'token', 'revocation', 'end_session', 'device_authorization'].map((name) => [
          `${name}_endpoint`,
          `${origin}/${name === 'revocation' ? 'revoke' : name}`,
        ]),
      );
      return sendJson(response, { issuer: origin, ...endpoints, ...made.metadata });
    }
    if (url === '/revoke') return void response.end();
    const answer = await made.token(new URLSearchParams(body.toString()), response);
    if (!response.writableEnded) sendJson(response, answer);
  });
  const made: PlainIssuer = {
    origin: server.origin,
    received: server.received,
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
    metadata: {},
    token: () => ({
      access_token: `access-${++count}-of-${new URL(server.origin).port}`,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: `refresh-${count}-of-${new URL(server.origin).port}`,
    }),
    forms: (path) =>
      server.received
        .filter(({ url }) => url === path)
        .map(({ body }) => new URLSearchParams(body.toString())),
  };
  return made;
}
