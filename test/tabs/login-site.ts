import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuthorizationServer } from '../support/authorization-server.mjs';
import { startAuthorizationServer } from '../support/authorization-server.mjs';
import type { LoginConfig } from './login-tab.ts';
import { send, sendFile } from './site.ts';

/** An app with its API on an origin of its own, and the authorization server whose pages its users see. */
export interface LoginSite {
  readonly origin: string;
  readonly server: AuthorizationServer;
  /** The answers of logins that came to the app, as URLs. */
  readonly answers: readonly string[];
  /** How often the API was asked, with a token. */
  readonly sent: readonly string[];
  close(): Promise<void>;
}

const MODULES = { oauth4webapi: '/node_modules/oauth4webapi/build/index.js' };

/** Every page of the app is the same page. */
const pageOf = (config: LoginConfig): string => `<!doctype html><meta charset="utf-8"><title>app</title>
<link rel="icon" href="data:,"><script type="importmap">${JSON.stringify({ imports: MODULES })}</script>
<script>globalThis.config = ${JSON.stringify(config)}</script>
<script type="module" src="/test/tabs/login-tab.ts"></script>`;

export async function createLoginSite(options: Omit<LoginConfig, 'issuer'>): Promise<LoginSite> {
  const answers: string[] = [];
  const sent: string[] = [];
  const config = { issuer: '', ...options };
  const app = createServer((request, response) => {
    const { pathname, href, searchParams } = new URL(request.url ?? '/', origin);
    if (searchParams.has('state')) answers.push(href);
    if (pathname === '/api') {
      sent.push(request.headers.authorization ?? '');
      send(response, 200, 'text/plain', 'ok');
    } else if (/\.(ts|js)$/.test(pathname)) {
      sendFile(response, pathname).catch((error: Error) => response.destroy(error));
    } else {
      send(response, 200, 'text/html', pageOf(config));
    }
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const origin = `http://localhost:${(app.address() as AddressInfo).port}`;
  const server = await startAuthorizationServer({
    pages: true,
    redirectUris: [`${origin}/signed-in`],
    postLogoutRedirectUris: [`${origin}/signed-out`],
  });
  config.issuer = server.issuer;
  return {
    origin,
    server,
    answers,
    sent,
    async close() {
      app.closeAllConnections();
      await Promise.all([server.close(), new Promise((resolve) => app.close(resolve))]);
    },
  };
}
