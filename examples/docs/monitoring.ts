/** The snippets of docs/guide/monitoring.md. */
import { apiKey, Client, type ClientEvents, SessionError } from 'fetch-valet';

const baseUrl = 'https://api.shop.example';

/** Stands for pino and its like. Times and fingerprints differ from run to run. */
const logger = {
  debug: (fields: object, message: string): void => console.log(`debug ${message} ${toText(fields)}`),
  info: (fields: object, message: string): void => console.log(`info ${message} ${toText(fields)}`),
  warn: (fields: object, message: string): void => console.log(`warn ${message} ${toText(fields)}`),
};

function toText(fields: object): string {
  return JSON.stringify({ ...fields, ms: undefined });
}

// #region log
function logRequests(client: Client, api: string): () => void {
  const stops = [
    client.on('response', ({ id, method, url, status, ms, replayed, credentialId }) =>
      logger.info({ api, id, method, url, status, ms, replayed, credentialId }, 'response'),
    ),
    client.on('requestfailed', ({ id, method, url, code, ms }) => {
      const told = { api, id, method, url, code, ms };
      if (code === 'ABORTED') logger.debug(told, 'no response');
      else logger.warn(told, 'no response');
    }),
    client.on('refreshfailed', ({ reason, code, retryable, message }) =>
      logger.warn({ api, reason, code, retryable, why: message }, 'no token'),
    ),
    client.on('warning', ({ code, message }) => logger.warn({ api, code, why: message }, 'warning')),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
// #endregion

// #region metrics
class Counters {
  readonly #counts = new Map<string, number>();

  add(name: string, labels: Readonly<Record<string, string>>): void {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
    const series = `${name}{${pairs.join()}}`;
    this.#counts.set(series, (this.#counts.get(series) ?? 0) + 1);
  }

  /** The text format of Prometheus. */
  toString(): string {
    return [...this.#counts].map(([series, count]) => `${series} ${count}\n`).join('');
  }
}

function countRequests(client: Client, counters: Counters): void {
  client.on('response', ({ method, status }) =>
    counters.add('api_requests_total', { method, status: String(status) }),
  );
  client.on('requestfailed', ({ method, code = 'unknown' }) =>
    counters.add('api_requests_failed_total', { method, code }),
  );
  client.on('replay', ({ status }) => counters.add('api_replays_total', { status: String(status) }));
  client.on('refreshed', ({ reason }) => counters.add('api_refreshes_total', { reason }));
  client.on('refreshfailed', ({ code }) => counters.add('api_refresh_failures_total', { code }));
  client.on('sessionend', () => counters.add('api_sessions_ended_total', {}));
}
// #endregion

// #region key-use
interface KeyUse {
  requests: number;
  refusals: number;
  last: Date;
}

function watchKeys(client: Client, uses: Map<string, KeyUse>): void {
  const count = ({ credentialId, status }: ClientEvents['response']): void => {
    if (credentialId === undefined) return;
    const use = uses.get(credentialId) ?? { requests: 0, refusals: 0, last: new Date(0) };
    use.requests += 1;
    if (status === 401 || status === 403) use.refusals += 1;
    use.last = new Date();
    uses.set(credentialId, use);
  };
  client.on('response', count);
}
// #endregion

const operators = { alert: (text: string): void => console.log(`alert: ${text}`) };

async function watchAKey(): Promise<void> {
  const keys = ({ rejectedKey }: { rejectedKey?: string }): string =>
    rejectedKey === undefined ? 'weather-key-retired' : 'weather-key-2';
  const client = new Client(apiKey(keys, { maxAge: 60_000 }), { baseUrl });
  const counters = new Counters();
  const uses = new Map<string, KeyUse>();
  countRequests(client, counters);
  watchKeys(client, uses);
  await client.fetch('orders');
  await client.fetch('orders');
  for (const { requests, refusals } of uses.values()) console.log(`a key: ${requests}, refused: ${refusals}`);
  console.log(counters.toString().trim());
}

async function watchASession(): Promise<void> {
  let isOver = false;
  const getToken = (): string => {
    if (isOver) throw new SessionError('SESSION_ENDED');
    return 'access-token-of-ada';
  };
  const client = new Client(getToken, { baseUrl });
  const stop = logRequests(client, 'orders');
  alertFor(client);
  await client.fetch('orders');
  const leaving = new AbortController();
  const left = client.fetch('orders', { signal: leaving.signal });
  leaving.abort();
  await left.catch(() => {});
  isOver = true;
  await client.session.refresh().catch(() => {});
  await client.fetch('orders').catch(() => {});
  stop();
}

function alertFor(client: Client): void {
  // #region alert
  client.on('refreshfailed', ({ code, retryable }) => {
    if (!retryable && code !== 'SESSION_ENDED') operators.alert(`No tokens any more: ${code}`);
  });
  client.on('warning', ({ code, message }) => {
    if (code === 'TOO_MANY_REFUSALS') operators.alert(message);
  });
  // #endregion
}

async function watchAConfiguration(): Promise<void> {
  const client = new Client(() => Response.json({ error: 'invalid_client' }, { status: 401 }), { baseUrl });
  alertFor(client);
  await client.fetch('orders').catch(() => {});
}

async function watchAServer(): Promise<void> {
  let issued = 0;
  const client = new Client(() => `token-revoked-${++issued}`, { baseUrl });
  alertFor(client);
  for (let count = 0; count < 4; count++) await client.fetch('orders');
}

await watchAKey();
await watchASession();
await watchAConfiguration();
await watchAServer();
