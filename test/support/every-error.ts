import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { z } from 'zod';
import {
  accessToken,
  apiKey,
  Client,
  type ClientOptions,
  type Credential,
  createFetch,
  type ErrorCode,
  SessionError,
} from '../../src/index.ts';
import { useClient } from '../../src/react.ts';
import { sharedStore } from '../../src/stores.ts';
import { asBrowser } from './as-browser.ts';
import { createManualClock } from './clock.ts';
import { createRecordingFetch } from './recording-fetch.ts';

/** Secrets of the clients below. No error may show one. */
export const SECRETS = {
  key: 'api-key-s3cr3t/+=0123',
  next: 'next-key-s3cr3t/+=4567',
  token: 'access-token-s3cr3t-01',
  refreshToken: 'refresh-token-s3cr3t-01',
};
const { key, next, token, refreshToken } = SECRETS;

/** The request that most of the errors below are about. */
export const ORDERS = {
  name: 'GET /v1/orders',
  path: 'orders?customer=ada',
  url: 'https://api.example.com/v1/orders?…',
};

type Answer = Parameters<typeof createRecordingFetch>[0];

function clientOf(credential: Credential, answer?: Answer, options?: ClientOptions): Client {
  const { fetch } = createRecordingFetch(answer);
  const logger = { debug: () => {}, warn: () => {} };
  return new Client(credential, {
    baseUrl: 'https://api.example.com/v1',
    logger,
    runtime: { fetch },
    ...options,
  });
}

const get = (client: Client): Promise<unknown> => client.get(ORDERS.path, { retry: 0 }).json();

/** A session that is about to need a refresh, for which `provider` is asked. */
function refreshing(
  provider: Parameters<typeof accessToken>[0],
  deadline?: number,
): [Client, () => Promise<void>] {
  const clock = createManualClock();
  const { fetch } = createRecordingFetch();
  const initial = { token, refreshToken, expiresIn: 1 };
  const strategy = accessToken(provider, { initial, ...(deadline !== undefined && { deadline }) });
  const client = clientOf(strategy, undefined, { runtime: { fetch, clock } });
  return [client, () => clock.advance(60_000)];
}

async function refreshed(provider: Parameters<typeof accessToken>[0]): Promise<unknown> {
  const [client, advance] = refreshing(provider);
  await advance();
  const failed = get(client);
  failed.catch(() => {});
  await advance();
  return failed;
}

const Orphan = (): string => useClient().session.snapshot.status;

const withConfig = (message: string, secret: string): Error =>
  Object.assign(new TypeError(message), { config: { headers: { authorization: secret } }, sent: secret });

/** A way through the public surface to every code there is. */
export const EVERY_ERROR: Readonly<Record<ErrorCode, () => unknown>> = {
  MISSING_API_KEY: () => new Client(undefined),
  INVALID_API_KEY: () => new Client(`${key} `),
  MISSING_BASE_URL: () => get(new Client(key)),
  INVALID_BASE_URL: () => new Client(key, { baseUrl: `ftp://me:${key}@api.example.com` }),
  INVALID_OPTION: () => createFetch(key, { baseURL: 'https://api.example.com' } as object),
  ORIGIN_NOT_ALLOWED: () => clientOf(key).get(`https://other.example.com/v1/orders?k=${key}`),
  INSECURE_URL: () => get(clientOf(key, undefined, { baseUrl: 'http://api.example.com/v1' })),
  SECRET_IN_BROWSER: () => asBrowser(() => new Client(apiKey(key, { secret: true }))),
  BODY_NOT_REPLAYABLE: () => {
    const rotating = apiKey(({ rejectedKey }) => (rejectedKey === undefined ? key : next));
    const client = clientOf(rotating, async (request) => {
      await request.arrayBuffer();
      return new Response(null, { status: 401 });
    });
    return client.fetch('orders', { method: 'POST', body: new Blob([new Uint8Array(100_000)]).stream() });
  },
  REDIRECT_REFUSED: () => {
    const headers = { location: 'http://api.example.com/v1/orders' };
    return get(clientOf(key, () => new Response(null, { status: 302, headers })));
  },
  CLIENT_CLOSED: () => {
    const client = clientOf(key);
    client.close();
    return get(client);
  },
  NO_PROVIDER: () => renderToString(createElement(Orphan)),
  SIGNED_OUT: () => get(clientOf(() => null)),
  SESSION_ENDED: () =>
    refreshed(() =>
      Response.json({ error: 'invalid_grant', error_description: `no ${refreshToken}` }, { status: 400 }),
    ),
  SESSION_CHANGED: async () => {
    let change = async (): Promise<void> => {};
    const strategy = accessToken(() => null, {
      initial: { token },
      user: () => ({ id: crypto.randomUUID() }),
    });
    const client = clientOf(strategy, async () => {
      await change();
      return Response.json({});
    });
    change = () => client.session.signIn({ token: `other-${token}` });
    return get(client);
  },
  TOKEN_PROVIDER_FAILED: () =>
    refreshed(() => {
      throw Object.assign(
        new RangeError(`no answer for ${refreshToken}`, { cause: withConfig(`sent ${token}`, refreshToken) }),
        {
          request: { headers: { authorization: token } },
        },
      );
    }),
  TOKEN_INVALID: () => get(clientOf(async () => `Bearer ${token}`)),
  TOKEN_TIMEOUT: async () => {
    const [client, advance] = refreshing(() => new Promise(() => {}), 5000);
    await advance();
    const failed = get(client);
    failed.catch(() => {});
    await advance();
    return failed;
  },
  STORE_UNAVAILABLE: () => {
    const read = (): never => {
      throw new Error(`no document with ${refreshToken}`);
    };
    const store = { read, swap: () => false, now: () => 0 };
    return get(clientOf(accessToken(() => token, { store: sharedStore(store), initial: { refreshToken } })));
  },
  TOKEN_ENDPOINT_REJECTED: () =>
    refreshed(() =>
      Response.json({ error: 'invalid_client', error_description: refreshToken }, { status: 401 }),
    ),
  TOKEN_ENDPOINT_UNAVAILABLE: () =>
    refreshed(
      () => new Response(`<h1>${refreshToken}</h1>`, { status: 503, headers: { 'retry-after': '300' } }),
    ),
  HTTP_ERROR: () =>
    get(
      clientOf(key, () =>
        Response.json(
          { echo: key },
          { status: 403, headers: { 'www-authenticate': `Bearer error="${key}"` } },
        ),
      ),
    ),
  NETWORK: () =>
    get(
      clientOf(key, () => {
        throw new TypeError('fetch failed', { cause: withConfig(`connect to ${key} refused`, key) });
      }),
    ),
  OFFLINE: async () => {
    const { navigator } = globalThis;
    Object.defineProperty(navigator, 'onLine', { value: false, configurable: true });
    try {
      return await get(
        clientOf(key, () => {
          throw new TypeError('fetch failed');
        }),
      );
    } finally {
      Reflect.deleteProperty(navigator, 'onLine');
    }
  },
  TIMEOUT: async () => {
    const clock = createManualClock();
    const fetch: typeof globalThis.fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
      });
    const client = clientOf(key, undefined, { runtime: { fetch, clock }, timeout: 3000 });
    const failed = get(client);
    failed.catch(() => {});
    await clock.advance(3000);
    return failed;
  },
  NOT_JSON: () =>
    get(clientOf(key, () => new Response(`<p>${key}`, { headers: { 'content-type': `text/html;${key}` } }))),
  INVALID_RESPONSE: () =>
    clientOf(key, () => Response.json({ id: key }))
      .get(ORDERS.path)
      .json(z.object({ id: z.number() })),
};

/** A session that its provider ends by throwing the error itself. */
export const endedByProvider = (): Promise<unknown> =>
  refreshed(() => {
    throw new SessionError('SESSION_ENDED', { cause: withConfig(`refused ${refreshToken}`, refreshToken) });
  });
