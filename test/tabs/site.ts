import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createRotatingIssuer } from '../support/rotating-issuer.ts';

/** An app with its API and the token endpoint behind it, on an origin of its own. */
export interface Site {
  readonly origin: string;
  /** How often a refresh token was redeemed. */
  readonly redeemed: number;
  /** Whether one was redeemed twice: then all of them are dead. */
  readonly isDead: boolean;
  /** The tokens that came to the API, in order. */
  readonly sent: string[];
  /** What a login of `sub` gives. */
  login(sub: string): { token: string; refreshToken: string; expiresIn: number };
  /** From now on the token endpoint takes requests and does nothing with them. Resolves when one has come. */
  swallow(): Promise<void>;
  /** The token endpoint works again, for those who come from now on. */
  answer(): void;
  close(): Promise<void>;
}

const ROOT = new URL('../../', import.meta.url);
const PAGE = `<!doctype html><meta charset="utf-8"><title>tab</title><link rel="icon" href="data:,">
<script type="module" src="/test/tabs/tab.ts"></script>`;

/** Where refresh tokens are redeemed instead: a real authorization server. */
export type Redeem = (refreshToken: string) => Promise<Response>;

export interface SiteOptions {
  readonly redeem?: Redeem;
  /** Seconds that a token lives: 60. */
  readonly lifetime?: number;
}

export async function createSite({ redeem, lifetime }: SiteOptions = {}): Promise<Site> {
  const issuer = createRotatingIssuer(lifetime);
  const sent: string[] = [];
  let swallowed: (() => void) | undefined;
  const routes: Record<string, (request: IncomingMessage, response: ServerResponse) => unknown> = {
    '/': (_, response) => send(response, 200, 'text/html', PAGE),
    '/elsewhere': (_, response) =>
      send(response, 200, 'text/html', '<!doctype html><title>elsewhere</title>'),
    '/api': (request, response) => {
      sent.push((request.headers.authorization ?? '').replace('Bearer ', ''));
      send(response, 200, 'text/plain', 'ok');
    },
    async '/token'(request, response) {
      const refreshToken = new URLSearchParams(await textOf(request)).get('refresh_token') ?? '';
      if (swallowed) return swallowed();
      const signal = new AbortController().signal;
      const context = { reason: 'expiring', forceRefresh: true, scopes: [], signal } as const;
      const answer = redeem
        ? await redeem(refreshToken)
        : await issuer.provider({ ...context, refreshToken });
      const status = answer instanceof Response ? answer.status : 200;
      const body = answer instanceof Response ? await answer.text() : JSON.stringify(answer);
      send(response, status, 'application/json', body);
    },
  };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const done = (async () => (routes[path] ? routes[path](request, response) : sendFile(response, path)))();
    done.catch((error: Error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    sent,
    get redeemed() {
      return issuer.redeemed;
    },
    get isDead() {
      return issuer.isDead;
    },
    login: (sub) => issuer.login(sub),
    swallow: () =>
      new Promise<void>((resolve) => {
        swallowed = resolve;
      }),
    answer() {
      swallowed = undefined;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Sources as they are, without their types: what a tab runs is what is in the repository. */
export async function sendFile(response: ServerResponse, path: string): Promise<void> {
  const isServed = /^\/(src|test\/tabs|node_modules\/oauth4webapi)\/[\w/-]+\.(ts|js)$/.test(path);
  if (!isServed) return send(response, 404, 'text/plain', '');
  const stored = served.get(path);
  const text = stored ?? (await readSource(path));
  served.set(path, text);
  response.setHeader('cache-control', 'max-age=3600');
  send(response, 200, 'text/javascript', text);
}

const served = new Map<string, string>();

async function readSource(path: string): Promise<string> {
  const text = await readFile(fileURLToPath(new URL(`.${path}`, ROOT)), 'utf8');
  return path.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
}

export function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
