import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runProgram } from '../../examples/demo/run-program.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.mjs';
import { type RedisServer, startRedis } from '../support/redis-server.ts';

// Each program is a process of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'site/home.md',
  ...filesIn('docs', '.md'),
];
const withCode = pages.filter((page) => codeBlocks(read(page)).length > 0);
const regions = new Set(
  [...filesIn('examples', '.ts'), ...filesIn('examples', '.tsx'), ...filesIn('test', '.ts')].flatMap((file) =>
    regionsOf(read(file)),
  ),
);

test.each(withCode)('every block of code in %s is a region of a program that runs', (page) => {
  const strangers = codeBlocks(read(page)).filter((block) => !regions.has(withoutSpaces(block)));
  expect(strangers).toEqual([]);
});

test('the README shows three uses, of four lines at most', () => {
  const uses = codeBlocks(read('README.md').split('\n## Use\n')[1]?.split('\n## ')[0] ?? '');
  expect(uses.map((block) => block.trim().split('\n').length).map((lines) => lines <= 4)).toEqual([
    true,
    true,
    true,
  ]);
});

test.each(pages)('every link in %s leads somewhere', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:|mailto:|#)([^)#]+)/g)].map(([, link = '']) => link);
  const dead = links.filter((link) => !existsSync(join(root, dirname(page), decodeURI(link))));
  expect(dead).toEqual([]);
});

test('every rule that a comment or a test names is explained', () => {
  const explained = new Set(
    [...read('docs/explain/rules.md').matchAll(/^\*\*([PTS]\d+)\./gm)].map(([, rule]) => rule),
  );
  const named = [...filesIn('src', '.ts'), ...filesIn('test', '.ts'), ...filesIn('examples', '.ts')]
    .flatMap((file) => [...read(file).matchAll(/\brules? ([PTS]\d+)/g)])
    .map(([, rule]) => rule);
  expect(explained.size).toBe(31);
  expect(named.filter((rule) => !explained.has(rule))).toEqual([]);
});

test('the tables of the README and of the comparison hold what is measured', async () => {
  const { code, lines } = await runProgram('../bench/facts.ts', {});
  expect(code).toBe(0);
  for (const page of ['README.md', 'docs/explain/comparison.md']) {
    const table = read(page).split('<!-- facts -->')[1]?.split('<!-- /facts -->')[0] ?? '';
    expect(table.trim().split('\n').slice(2)).toEqual(lines);
  }
});

test('the sizes in the README are the limits that are held', () => {
  const limits = JSON.parse(read('.size-limit.json')) as readonly { limit: string }[];
  const table = read('README.md').split('<!-- sizes -->')[1]?.split('<!-- /sizes -->')[0] ?? '';
  const sizes = [...table.matchAll(/\| ([\d.]+ kB) \|/g)].map(([, size]) => size);
  expect(sizes).toEqual(limits.slice(0, 3).map(({ limit }) => limit));
});

const shop = 'https://api.shop.example';
const stock = 'https://stock.shop.example';
const weather = 'https://api.weather.example/v1/current';

let issuer: AuthorizationServer;
let redis: RedisServer;

beforeAll(async () => {
  const redirectUris = ['https://shop.example/signed-in', 'http://127.0.0.1/callback'];
  [issuer, redis] = await Promise.all([startAuthorizationServer({ redirectUris }), startRedis()]);
});
afterAll(() => Promise.all([issuer.close(), redis.close()]));

/** What each program of the docs must have sent or said, among other things. */
const programs: Readonly<Record<string, readonly string[]>> = {
  'readme-key.ts': [`GET | ${weather}?q=Oslo | x-api-key: weather-key-1 => 200`, 'Oslo: 7 degrees'],
  'readme-token.ts': [
    `GET | ${shop}/orders | authorization: Bearer token-fresh-false => 200`,
    'POST | https://llm.shop.example/v1/chat/completions | authorization: Bearer token-fresh-false => 200',
    'Hello.',
  ],
  'home.ts': [`GET | ${shop}/orders | authorization: Bearer token-fresh-false => 200`, 'home: 1 order'],
  'first-session.ts': lessonOutput(),
  'i-get-a-401.ts': [
    'It works.',
    ...refusals(
      'answered 401. The server says: invalid_token, "it was retired". The key was sent as header x-api-key. Is it right, and for this environment?',
      'answered 401. The server says: invalid_token, "it was retired". The access token was sent as header authorization. Check its audience, its scopes and its issuer.',
      'answered 401 twice, before and after a new credential. The server says: invalid_token, "it was retired". The access token was sent as header authorization. Check its audience, its scopes and its issuer.',
      'answered 401 twice, before and after a new credential. The server says: invalid_token, "it was retired". The access token was sent as header authorization. Check its audience, its scopes and its issuer. Tokens were refused three times within a short while, so none is fetched for a refusal for up to a minute.',
    ),
  ],
  'migrating.ts': [
    `GET | ${shop}/orders | authorization: Bearer access-token-revoked => 401`,
    'interceptors: 1 order',
    `GET | ${shop}/orders | authorization: Bearer access-token-2 => 200`,
    'client: 1 order',
    'axios on the client: 1 order',
    'the login page',
    'axios-auth-refresh: 1 order',
    `GET | ${shop}/orders | authorization: Bearer auth0-cache-default => 200`,
    `GET | ${shop}/orders | authorization: Bearer access-token-stored => 200`,
    'stored token: 1 order',
    'as it is: ended',
    'thrown: SESSION_ENDED',
    'fetcher: 200',
    `GET | ${shop}/orders | authorization: Bearer auth0-cache-on => 200`,
    'auth0: 200',
  ],
  'monitoring.ts': [
    'a key: 2, refused: 0',
    'api_replays_total{status="401"} 1',
    'api_requests_total{method="GET",status="200"} 2',
    'debug no response {"api":"orders","id":"r2","method":"GET","url":"https://api.shop.example/orders","code":"ABORTED"}',
    'warn no response {"api":"orders","id":"r3","method":"GET","url":"https://api.shop.example/orders","code":"SESSION_ENDED"}',
    'alert: No tokens any more: TOKEN_ENDPOINT_REJECTED',
    'alert: https://api.shop.example has refused access tokens three times within a short while, so none is fetched for its refusals for up to a minute. Check which audience and issuer it expects, and its clock.',
  ],
  'api-keys.ts': [
    `GET | ${weather} | x-app-key: weather-key-1 => 200`,
    `GET | ${weather} | authorization: Token weather-key-1 => 200`,
    'GET | https://api.github.example/current | authorization: Bearer github-token-1 => 200',
    `GET | ${weather}?appid=weather-key-1 => 200`,
    `GET | ${weather} | x-api-key: weather-key-retired => 401`,
    `GET | ${weather} | x-api-key: weather-key-2 => 200`,
    'the primary key was revoked: of 10 requests 1 was sent twice',
    'weather, billing team 200 true',
    `GET | ${weather} | authorization: Bearer token-fresh-false | x-api-key: weather-key-1 => 200`,
  ],
  'providers.ts': [
    `GET | ${shop}/orders | authorization: Bearer auth0-cache-on => 200`,
    `GET | ${shop}/orders | authorization: Bearer clerk-skip-false => 200`,
    `GET | ${shop}/orders | authorization: Bearer supabase-cached => 200`,
    `GET | ${shop}/orders | authorization: Bearer firebase-force-false => 200`,
    `GET | ${shop}/orders | authorization: Bearer msal-force-false => 200`,
    `GET | ${shop}/orders | authorization: Bearer keycloak-60 => 200`,
    `GET | ${shop}/mail | authorization: Bearer auth0-cache-on-mail-read => 200`,
  ],
  'token-providers.ts': [
    `POST | https://shop.example/token => 200`,
    `GET | ${shop}/orders | authorization: Bearer access-token-1 => 200`,
    `GET | ${shop}/orders | authorization: Bearer access-token-revoked => 401`,
    'POST | https://id.shop.example/token | grant_type=refresh_token&refresh_token=from-login => 200',
    `GET | ${shop}/orders | authorization: Bearer access-token-2 => 200`,
    'POST | https://id.shop.example/token | grant_type=refresh_token&refresh_token=kept => 200',
    `GET | ${shop}/orders | authorization: Bearer access-token-3 => 200`,
    `GET | ${shop}/orders | authorization: Bearer access-token-of-the-page => 200`,
    `GET | ${shop}/orders | authorization: Bearer token-fresh-false => 200`,
  ],
  'errors.ts': [
    '1 order',
    'the login page',
    'That did not work. Please try again.',
    'the form says: quantity is missing',
    'The server answered 422.',
  ],
  'client.ts': [
    'asked for: expiring, with the refresh token kept',
    `GET | ${shop}/v1/orders?page=2 | authorization: Bearer access-token-renewed => 200`,
    'GET | https://status.shop.example/health => 200',
    '1 order; 422; true',
    'the list of orders',
    'it was signed-in',
    'GET | https://files.shop.example/report.csv | authorization: Bearer access-token-of-ada => 200',
    `PUT | ${shop}/v1/photos/7 | authorization: Bearer access-token-of-ada => 200`,
    `PUT | ${shop}/v1/backups/today | authorization: Bearer access-token-of-ada => 200`,
    'written: true',
    'counted: 1',
    'fetched: 200',
  ],
  'users-and-scopes.ts': [
    'Hello, Ada.',
    `GET | ${shop}/orders | authorization: Bearer token_api.shop.example => 200`,
    `GET | ${stock}/shelves | authorization: Bearer token_stock.shop.example => 200`,
    `POST | ${stock}/shelves/7/count | authorization: Bearer token_stock.shop.example_stock:write => 422`,
    'hidden: the button Refund',
    `PUT | ${shop}/refunds/1 | authorization: Bearer token_api.shop.example => 403`,
    `PUT | ${shop}/refunds/1 | authorization: Bearer token_api.shop.example_orders:read_refunds:write => 200`,
    'may refund now: true',
    'Ada, please log in again.',
    'the session is ended',
    `PUT | ${shop}/orders/1 | authorization: Bearer token-of-the-dialog => 200`,
    'the session is signed-in',
  ],
  'oauth.ts': [
    `GET | ${shop}/orders | authorization: Bearer (svc at https://api.test/) => 200`,
    '1 order for the service',
    `GET | ${stock}/shelves | authorization: Bearer (svc at https://stock.test/) => 200`,
    'POST | https://id.shop.example/token | refresh_token=refresh-token-kept&grant_type=refresh_token&client_id=shop-tool => 200',
    `GET | ${shop}/orders | authorization: Bearer access-token-2 => 200`,
    'SIGNED_OUT, signed-out, 0 sessions ended, its cause says why: true',
    'back at /signed-in, with a code: true',
    'https://shop.example/orders for alice',
    `GET | ${shop}/orders | authorization: Bearer (alice at https://api.test/) => 200`,
    `GET | ${stock}/shelves | authorization: Bearer (alice at https://stock.test/) => 200`,
    'then signed-out, at /session/end',
    'POST | https://id.shop.example/token | assertion=signed.iss%2Caud%2Cscopes&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&client_id=robot => 200',
    `GET | ${shop}/orders | authorization: Bearer access-token-3 => 200`,
  ],
  'loopback-login.ts': ['200 for alice'],
  'bound-tokens.ts': [
    'a page: loading',
    `GET | ${shop}/orders | authorization: DPoP (svc at https://api.test/) => 200`,
  ],
  'shared-sessions.ts': [
    'The store cannot be used here, as in some private windows',
    `GET | ${shop}/orders | authorization: Bearer access-token-of-ada => 200`,
    'POST | https://id.shop.example/token | grant_type=refresh_token&refresh_token=refresh-token-of-bob => 200',
    '3 hosts, 1 session: redeemed 1 time',
    '<h1>Hello, Ada</h1>',
    '<h1>Hello</h1> without redeeming: 1',
    '3 requests, each with a client of its own: 1 token',
  ],
  'typed-apis.ts': [
    `GET | ${shop}/orders?page=2 | authorization: Bearer token-fresh-false => 200`,
    '1 order',
    'not taken: quantity is missing',
    '1 order by a query',
    'zod: 1',
    'valibot: 1',
    'arktype: 1',
    'INVALID_RESPONSE 1',
    'the form says: quantity is missing',
  ],
  'testing.ts': ['The tests of the testing guide have run.'],
  'testing-own-client.ts': ['The tests of a client of one’s own have run.'],
  'testing-login.ts': ['The logins of the testing guide have run.'],
  'a-request.ts': [
    'r1 GET https://api.shop.example/orders?…',
    'r1 200 false',
    `GET | ${shop}/orders | authorization: Bearer github-token-1 => 200`,
    `GET | ${shop}/status => 200`,
    `GET | ${shop}/catalogue | authorization: Bearer token-fresh-false => 200`,
  ],
};

test('every program of the docs is run', () => {
  const helpers = [
    'identity-providers.ts',
    'migrating-from.ts',
    'stand-in-page.ts',
    'stand-in.ts',
    'testing-app.ts',
  ];
  expect(readdirSync(join(root, 'examples/docs')).sort()).toEqual(
    [...Object.keys(programs), ...helpers].sort(),
  );
});

test.each(Object.entries(programs))('examples/docs/%s does what the docs say', async (name, expected) => {
  const standIn = new URL('../../examples/docs/stand-in.ts', import.meta.url).href;
  const { code, lines } = await runProgram(`docs/${name}`, {
    NODE_OPTIONS: `--import=${standIn}`,
    WEATHER_API_KEY: undefined,
    GITHUB_TOKEN: undefined,
    ISSUER: issuer.issuer,
    CLIENT_SECRET: 'svc-secret-0123',
    REDIS_URL: redis.url,
  });
  expect({ code, lines: lines.filter((line) => expected.includes(line)) }).toEqual({
    code: 0,
    lines: expect.arrayContaining([...expected]),
  });
});

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function filesIn(folder: string, extension: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

/** What the tutorial says that its program prints, from all of its steps. */
function lessonOutput(): string[] {
  const steps = [...read('docs/tutorial/first-session.md').matchAll(/^```text\n([\s\S]*?)^```$/gm)];
  return steps.flatMap(([, output = '']) => output.trimEnd().split('\n'));
}

function refusals(...messages: readonly string[]): string[] {
  const rest = 'https://fetch-valet.dev/errors/HTTP_ERROR The server wants: bearer.';
  return messages.map((message) => `GET /orders ${message} ${rest}`);
}

function codeBlocks(markdown: string): string[] {
  const fences = markdown.matchAll(/^```(?:tsx?|jsx?|typescript|javascript)\b[^\n]*\n([\s\S]*?)^```$/gm);
  return [...fences].map(([, code = '']) => code);
}

function regionsOf(program: string): string[] {
  const found = program.matchAll(/^ *\/\/ #region [\w-]+\n([\s\S]*?)^ *\/\/ #endregion$/gm);
  return [...found].map(([, code = '']) => withoutSpaces(code));
}

function withoutSpaces(code: string): string {
  return code.trim().replace(/\s+/g, ' ');
}
