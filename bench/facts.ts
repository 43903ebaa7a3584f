/**
 * The table of the README, measured: what clients of the same kind do where fetch-valet differs, and what it
 * does itself. `node bench/facts.ts` prints the rows; a test compares them with the README.
 */
import { inspect } from 'node:util';
import {
  bearerTokenAuthenticationPolicy,
  createEmptyPipeline,
  createHttpHeaders,
  createPipelineRequest,
  type HttpClient,
} from '@azure/core-rest-pipeline';
import { OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client';
import { Octokit } from '@octokit/core';
import axios from 'axios';
import { withTokenRefresh } from 'fetch-extras';
import { apiKey, Client } from 'fetch-valet';
import ky from 'ky';
import { ofetch } from 'ofetch';
import OpenAI from 'openai';
import wretch from 'wretch';
import { listen, type RunningServer } from '../examples/servers/http.ts';

/** What each of them came to, by name; `fetch-valet` is always the last. */
interface Fact {
  readonly what: string;
  readonly results: Readonly<Record<string, string>>;
}

type Attempts = Readonly<Record<string, () => unknown>>;

/** Runs them one after another, whatever becomes of each. Returns what they threw. */
async function attempt(attempts: Attempts, after: (name: string, error: unknown) => void): Promise<void> {
  for (const [name, run] of Object.entries(attempts)) {
    let thrown: unknown;
    try {
      await run();
    } catch (error) {
      thrown = error;
    }
    after(name, thrown);
  }
}

/** How often a token that lives for a minute is fetched for ten requests, one after another. */
async function shortTokens(): Promise<Fact> {
  const results: Record<string, string> = {};
  let fetched = 0;
  const minute = (): { token: string; expiresOnTimestamp: number } => {
    fetched += 1;
    return { token: `token-${fetched}`, expiresOnTimestamp: Date.now() + 60_000 };
  };
  const azure = createEmptyPipeline();
  azure.addPolicy(
    bearerTokenAuthenticationPolicy({ credential: { getToken: async () => minute() }, scopes: 'api' }),
  );
  const answer: HttpClient = {
    sendRequest: async (request) => ({ request, status: 200, headers: createHttpHeaders() }),
  };
  const { client } = fakeClient(() => ({ token: minute().token, expiresIn: 60 }));
  await attempt(
    {
      '@azure/core-rest-pipeline': () =>
        tenTimes(() => azure.sendRequest(answer, createPipelineRequest({ url: 'https://api.example' }))),
      'fetch-valet': () => tenTimes(() => client.fetch('')),
    },
    (name) => {
      results[name] = String(fetched);
      fetched = 0;
    },
  );
  return { what: 'Ten requests, one after another, with 60-second tokens: tokens fetched', results };
}

function fakeClient(getToken: () => { token: string; expiresIn: number }): { client: Client } {
  const runtime = { fetch: async () => Response.json({}) };
  return { client: new Client(getToken, { baseUrl: 'https://api.example', runtime }) };
}

async function tenTimes(run: () => Promise<unknown>): Promise<void> {
  for (let count = 0; count < 10; count++) await run();
}

/** Four requests are under way when their token dies; their 401s come in one by one. */
async function lateRefusals(): Promise<Fact> {
  const results: Record<string, string> = {};
  let issued = 0;
  let waiting: (() => void)[] = [];
  const { origin, close } = await listen(0, async (request) => {
    if (new URL(request.url).pathname === '/token') return Response.json({ access_token: `new-${++issued}` });
    if (request.headers.get('authorization') !== 'Bearer dead') return Response.json({});
    await new Promise<void>((resolve) => waiting.push(resolve));
    return new Response(null, { status: 401 });
  });
  const fetchToken = async (): Promise<string> => {
    const response = await fetch(`${origin}/token`, { method: 'POST' });
    return ((await response.json()) as { access_token: string }).access_token;
  };
  const four = async (send: () => Promise<unknown>): Promise<void> => {
    const sent = Array.from({ length: 4 }, send);
    while (waiting.length < 4) await new Promise((resolve) => setTimeout(resolve, 1));
    for (const [index, answer] of waiting.entries()) {
      answer();
      await sent[index];
    }
    waiting = [];
  };
  const oauth2 = new OAuth2Fetch({
    client: new OAuth2Client({ clientId: 'id', tokenEndpoint: `${origin}/token` }),
    getNewToken: () => ({ accessToken: 'dead', refreshToken: 'refresh', expiresAt: null }),
    scheduleRefresh: false,
  });
  const extras = withTokenRefresh({ refreshToken: fetchToken })(fetch);
  const valet = new Client(({ reason }) => (reason === 'initial' ? 'dead' : fetchToken()), {
    baseUrl: origin,
  });
  await attempt(
    {
      '@badgateway/oauth2-client': () => four(() => oauth2.fetch(`${origin}/orders`)),
      'fetch-extras': () =>
        four(() => extras(`${origin}/orders`, { headers: { authorization: 'Bearer dead' } })),
      'fetch-valet': () => four(() => valet.fetch('orders')),
    },
    (name) => {
      results[name] = String(issued);
      issued = 0;
    },
  );
  await close();
  return {
    what: 'Four requests whose one token died, their 401s arriving one by one: tokens fetched',
    results,
  };
}

const key = 'facts-key-0123456789';

/** Two servers on loopback: each is another origin for the other. Both note who came with the key. */
async function twoOrigins(): Promise<{ api: RunningServer; other: RunningServer; seen: string[] }> {
  const seen: string[] = [];
  const other = await listen(0, ({ url, headers }) => {
    if (`${[...headers.values()].join(' ')} ${url}`.includes(key)) seen.push(url);
    return Response.json({});
  });
  const api = await listen(0, ({ url }) => {
    if (new URL(url).pathname !== '/moved') return problemFor();
    return new Response(null, { status: 302, headers: { location: `${other.origin}/elsewhere` } });
  });
  return { api, other, seen };
}

/** An answer that says why, as RFC 6750 has it. */
function problemFor(): Response {
  const headers = { 'www-authenticate': 'Bearer error="invalid_token", error_description="it expired"' };
  return Response.json({ message: 'no' }, { status: 401, headers });
}

async function redirectedKey(): Promise<Fact> {
  const { api, other, seen } = await twoOrigins();
  const results: Record<string, string> = {};
  const url = `${api.origin}/moved`;
  const headers = { 'x-api-key': key };
  const valet = new Client(key, { baseUrl: api.origin });
  await attempt(
    {
      fetch: () => fetch(url, { headers }),
      ky: () => ky(url, { headers }),
      ofetch: () => ofetch(url, { headers }),
      wretch: () => wretch(url).headers(headers).get().res(),
      axios: () => axios.get(url, { headers }),
      'fetch-valet': () => valet.get('moved'),
    },
    (name) => {
      results[name] = seen.length > 0 ? 'yes' : 'no';
      seen.length = 0;
    },
  );
  await Promise.all([api.close(), other.close()]);
  return {
    what: 'A key in `x-api-key`, redirected to another origin: the other origin gets the key',
    results,
  };
}

async function absoluteUrl(): Promise<Fact> {
  const { api, other, seen } = await twoOrigins();
  const results: Record<string, string> = {};
  const url = `${other.origin}/elsewhere`;
  const openai = new OpenAI({ apiKey: key, baseURL: api.origin });
  const octokit = new Octokit({ auth: key, baseUrl: api.origin });
  const oauth2 = new OAuth2Fetch({
    client: new OAuth2Client({ clientId: 'id', server: api.origin }),
    getNewToken: () => ({ accessToken: key, refreshToken: null, expiresAt: null }),
    scheduleRefresh: false,
  });
  const valet = new Client(key, { baseUrl: api.origin });
  await attempt(
    {
      openai: () => openai.get(url),
      '@octokit/core': () => octokit.request(`GET ${url}`),
      '@badgateway/oauth2-client': () => oauth2.fetch(url),
      'fetch-valet': () => valet.get(url),
    },
    (name) => {
      results[name] = seen.length > 0 ? 'yes' : 'no';
      seen.length = 0;
    },
  );
  await Promise.all([api.close(), other.close()]);
  return { what: 'A client for one origin is given the URL of another: the credential goes there', results };
}

async function failures(): Promise<readonly Fact[]> {
  const { api, other } = await twoOrigins();
  const secret: Record<string, string> = {};
  const reason: Record<string, string> = {};
  const url = `${api.origin}/orders?appid=${key}`;
  const valet = new Client(apiKey(key, { in: 'query', name: 'appid' }), { baseUrl: api.origin });
  await attempt(
    {
      ky: () => ky(url),
      ofetch: () => ofetch(url),
      wretch: () => wretch(url).get().res(),
      axios: () => axios.get(url),
      'fetch-valet': () => valet.get('orders'),
    },
    (name, error) => {
      const { message } = error as Error;
      secret[name] = `${message} ${inspect(error)}`.includes(key) ? 'yes' : 'no';
      reason[name] = message.includes('it expired') ? 'yes' : 'no';
    },
  );
  await Promise.all([api.close(), other.close()]);
  return [
    {
      what: 'A key in the query, and a request that fails: the printed error holds the key',
      results: secret,
    },
    {
      what: 'A 401 with `error_description="it expired"` in `WWW-Authenticate`: the message quotes it',
      results: reason,
    },
  ];
}

/** Every row of the README's table. */
async function measureFacts(): Promise<readonly Fact[]> {
  return [
    await shortTokens(),
    await lateRefusals(),
    await redirectedKey(),
    await absoluteUrl(),
    ...(await failures()),
  ];
}

/** The rows as Markdown. Others with the same result share it. */
function toRow({ what, results }: Fact): string {
  const { 'fetch-valet': own, ...others } = results;
  const said = [...new Set(Object.values(others))].map((result) => {
    const names = Object.keys(others).filter((name) => others[name] === result);
    return `${names.join(', ')}: ${result}`;
  });
  return `| ${what} | ${said.join('; ')} | ${own} |`;
}

for (const fact of await measureFacts()) console.log(toRow(fact));
