import { type AuthorizationCodeOptions, authorizationCode, type LoginPage } from '../../src/oauth.ts';
import type { AuthorizationServer } from './authorization-server.mjs';
import { createUserAgent } from './user-agent.ts';

export const CALLBACK = 'http://127.0.0.1/cb';
export const HOME = 'http://127.0.0.1/shop?page=2';
const SCOPES = ['openid', 'offline_access', 'read'];

export interface Tab {
  readonly source: ReturnType<typeof authorizationCode>;
  /** Where the tab is now. */
  href: string;
  /** What the address bar showed, one after the other. */
  readonly shown: string[];
  readonly stored: Map<string, string>;
}

/** A tab without a browser: it has an address and a session storage. */
export function openTab(
  server: Pick<AuthorizationServer, 'issuer'>,
  options: Partial<AuthorizationCodeOptions> = {},
): Tab {
  const stored = new Map<string, string>();
  const shown: string[] = [];
  const tab = { href: HOME, shown, stored };
  const page: LoginPage = {
    href: () => tab.href,
    leave(url) {
      tab.href = url;
    },
    clean(url) {
      tab.href = url;
      shown.push(url);
    },
  };
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  };
  const source = authorizationCode({
    issuer: server.issuer,
    clientId: 'spa',
    redirectUri: CALLBACK,
    scopes: SCOPES,
    audience: 'https://api.test/',
    storage,
    page,
    ...options,
  });
  return Object.assign(tab, { source });
}

/** The user signs in at the server's pages and comes back. */
export async function comeBack(tab: Tab): Promise<void> {
  const { url } = await createUserAgent().go(tab.href, CALLBACK);
  tab.href = url;
}
