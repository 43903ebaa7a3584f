import { randomUUID } from 'node:crypto';
import { startPublicDataApi } from '../../servers/public-data-api.ts';
import { type AuthorizationServer, startAuthorizationServer } from './authorization-server.mjs';
import { API_SCOPES, people } from './people.ts';
import { startUserApi } from './user-api.ts';

/** The API that access tokens are for, as the authorization server knows it. A name, not an address. */
export const AUDIENCE = 'https://orders.kettle.example/';

export interface ServersOptions {
  /** Of an access token, in seconds. */
  readonly lifetime?: number;
  readonly issuerPort?: number;
  readonly apiPort?: number;
}

export interface Servers {
  readonly login: AuthorizationServer;
  readonly api: string;
  readonly zones: { readonly url: string; readonly key: string };
  /** Lets a page at `origin` sign users in and ask the API. */
  admit(origin: string): void;
  close(): Promise<void>;
}

/** What the page talks to: an authorization server, an API with user data, and one with public data. */
export async function startServers(options: ServersOptions = {}): Promise<Servers> {
  const { lifetime = 60, issuerPort = 0, apiPort = 0 } = options;
  const key = `tz_demo_${randomUUID()}`;
  const audience = AUDIENCE;
  const login = await startAuthorizationServer({
    people,
    scopes: API_SCOPES,
    audience,
    lifetime,
    port: issuerPort,
  });
  const origins: string[] = [];
  const { issuer, isOver } = login;
  const [api, zones] = await Promise.all([
    startUserApi({ issuer, audience, people, isOver, origins, port: apiPort }),
    startPublicDataApi({ keys: [key] }),
  ]);
  return {
    login,
    api: api.origin,
    zones: { url: zones.url, key },
    admit(origin) {
      origins.push(origin);
      login.redirectTo(...origins.map((each) => `${each}/signed-in`));
    },
    async close() {
      await Promise.all([login.close(), api.close(), zones.close()]);
    },
  };
}
