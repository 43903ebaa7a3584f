// @ts-check
/**
 * What every runtime has to be able to do, with the built package. No test runner, no module of Node: the same file
 * runs in Node, Deno, Bun, workerd and in pages.
 */
import { accessToken, apiKey, Client } from 'fetch-valet';
import { createFetch } from 'fetch-valet/fetch';
import { clientCredentials } from 'fetch-valet/oauth';
import { indexedDb, memoryStore, webStorage } from 'fetch-valet/stores';

/**
 * @typedef {object} Place
 * @property {string} origin of the server that may see the credential
 * @property {string} other another origin
 * @typedef {{ readonly name: string, readonly error?: string }} Outcome
 */

const KEY = 'key-0123456789abcdef';
const quiet = { debug() {}, warn() {} };

/** @type {Readonly<Record<string, (place: Place) => Promise<void>>>} */
const checks = {
  async 'a key goes into its header'({ origin }) {
    const client = new Client(KEY, { baseUrl: origin, logger: quiet });
    const { headers } = await echoOf(client.get('echo').json());
    equal(headers['x-api-key'], KEY);
  },

  async 'a key in the query is in no URL that is shown'({ origin }) {
    const fetch = createFetch(apiKey(KEY, { in: 'query', name: 'appid' }), { baseUrl: origin });
    const response = await fetch('echo?page=2');
    equal(response.url.includes(KEY), false);
    const { url } = await response.json();
    equal(url, `/echo?page=2&appid=${KEY}`);
  },

  async 'five requests on a dead token are one refresh, and bodies are sent again'({ origin }) {
    const { client, asked } = withTokens(origin);
    const bodies = ['1', '2', '3', '4', '5'];
    const answers = await Promise.all(bodies.map((body) => echoOf(client.post('guarded', { body }).json())));
    equal(answers.map(({ body }) => body).join(), bodies.join());
    equal(asked(), 2);
  },

  async 'a key does not follow a redirect to another origin'({ origin, other }) {
    const client = new Client(KEY, { baseUrl: origin, logger: quiet });
    const to = encodeURIComponent(`${other}/echo`);
    try {
      const { headers } = await echoOf(client.get(`redirect?to=${to}`).json());
      equal(headers['x-api-key'], undefined);
    } catch (error) {
      // A page does not see where a redirect leads.
      equal(codeOf(error), 'REDIRECT_REFUSED');
      equal(typeof document, 'object');
    }
  },

  async 'an answer streams'({ origin }) {
    const { client } = withTokens(origin);
    const response = await client.fetch('stream');
    const reader = response.body?.getReader();
    const first = await reader?.read();
    equal(new TextDecoder().decode(first?.value), 'first ');
    await client.fetch('stream-on');
    let rest = '';
    for (;;) {
      const part = await reader?.read();
      if (part === undefined || part.done) break;
      rest += new TextDecoder().decode(part.value);
    }
    equal(rest, 'last');
  },

  async 'an abort ends its request'({ origin }) {
    const { client } = withTokens(origin);
    const controller = new AbortController();
    const asked = client.fetch('never', { signal: controller.signal });
    controller.abort();
    equal(await nameOfRejection(asked), 'AbortError');
  },

  async 'a verb throws for a status, and says what the server said'({ origin }) {
    const client = new Client(KEY, { baseUrl: origin, logger: quiet });
    try {
      await echoOf(client.get('missing').json());
    } catch (error) {
      equal(codeOf(error), 'HTTP_ERROR');
      equal(/** @type {{ status?: number }} */ (error).status, 404);
      equal(String(/** @type {Error} */ (error).stack).includes(KEY), false);
      return;
    }
    throw new Error('nothing was thrown');
  },

  async 'OAuth client credentials get a token'({ origin }) {
    const source = clientCredentials({
      endpoints: { token: `${origin}/token` },
      clientId: 'svc',
      clientSecret: KEY,
    });
    const client = new Client(source, { baseUrl: origin });
    const { headers } = await echoOf(client.get('echo').json());
    equal(headers.authorization, 'Bearer issued');
  },

  async 'a token that is bound to a key goes out with a proof'({ origin }) {
    const endpoints = { token: `${origin}/token?type=DPoP` };
    const client = new Client(
      clientCredentials({ endpoints, clientId: 'svc', clientSecret: KEY, dpop: true }),
      {
        baseUrl: origin,
      },
    );
    const { headers } = await echoOf(client.get('echo').json());
    equal(headers.authorization, 'DPoP issued');
    equal(headers.dpop?.split('.').length, 3);
  },

  async 'two clients share a session'({ origin }) {
    equal(await refreshesOfTwo(origin, memoryStore()), 1);
  },

  async 'two clients share a session where pages keep data'({ origin }) {
    if (typeof document === 'undefined') return;
    equal(await refreshesOfTwo(origin, indexedDb({ name: `smoke-${crypto.randomUUID()}` })), 1);
    equal(await refreshesOfTwo(origin, webStorage({ key: `smoke-${crypto.randomUUID()}` })), 1);
  },
};

/**
 * Runs every check, one after another.
 * @param {Place} place
 * @returns {Promise<Outcome[]>}
 */
export async function run(place) {
  /** @type {Outcome[]} */
  const outcomes = [];
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check(place);
      outcomes.push({ name });
    } catch (error) {
      outcomes.push({ name, error: String(/** @type {Error} */ (error)?.stack ?? error) });
    }
  }
  return outcomes;
}

/**
 * A client whose first token is dead.
 * @param {string} origin
 */
function withTokens(origin) {
  let asked = 0;
  const client = new Client(() => `token-${++asked}`, { baseUrl: origin, logger: quiet });
  return { client, asked: () => asked };
}

/**
 * How often two clients on one store refresh.
 * @param {string} origin
 * @param {import('fetch-valet').SharedStore} store
 */
async function refreshesOfTwo(origin, store) {
  let asked = 0;
  const provider = () => ({ token: `shared-${++asked}`, expiresIn: 600, refreshToken: `refresh-${asked}` });
  const clients = [1, 2].map(
    () => new Client(accessToken(provider, { store }), { baseUrl: origin, logger: quiet }),
  );
  for (const client of clients) await echoOf(client.get('echo').json());
  for (const client of clients) client.close();
  return asked;
}

/**
 * What the server saw.
 * @param {Promise<unknown>} answer
 * @returns {Promise<{ headers: Record<string, string | undefined>, url: string, body: string }>}
 */
async function echoOf(answer) {
  return /** @type {Awaited<ReturnType<typeof echoOf>>} */ (await answer);
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {{ code?: unknown }} */ (error).code;
}

/** @param {Promise<unknown>} promise */
async function nameOfRejection(promise) {
  try {
    await promise;
  } catch (error) {
    return /** @type {Error} */ (error).name;
  }
  return 'nothing';
}

/**
 * @param {unknown} actual
 * @param {unknown} expected
 */
function equal(actual, expected) {
  if (actual !== expected) throw new Error(`expected ${String(expected)}, got ${String(actual)}`);
}
