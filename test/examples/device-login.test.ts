import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ProgramEnd, runProgram } from '../../examples/demo/run-program.ts';
import type { SessionDocument } from '../../src/contracts.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.mjs';
import { startServer, type TestServer } from '../support/server.ts';
import { createUserAgent } from '../support/user-agent.ts';

// Each program is a process of its own, on a machine that may be busy; a login takes five seconds.
vi.setConfig({ testTimeout: 60_000 });

let issuer: AuthorizationServer;
let api: TestServer;
let folder: string;
let login: string;

beforeEach(async () => {
  issuer = await startAuthorizationServer();
  api = await startServer((_, response) => {
    response.setHeader('content-type', 'application/json').end('{"orders":["coffee","tea"]}');
  });
  folder = await mkdtemp(join(tmpdir(), 'fetch-valet-login-'));
  login = join(folder, 'orders', 'login.json');
});
afterEach(async () => {
  await issuer.close();
  await api.close();
  await rm(folder, { recursive: true });
});

interface Run extends ProgramEnd {
  /** Lines that ask the user to sign in. */
  readonly asked: readonly string[];
}

/** A run of the program, with a user who does what it prints. */
async function run(says: 'yes' | 'no' = 'yes', ...args: string[]): Promise<Run> {
  const env = { ISSUER: issuer.issuer, CLIENT_ID: 'cli', ORDERS_URL: api.origin, ORDERS_LOGIN: login };
  const asked: string[] = [];
  const onLine = (line: string): void => {
    const [, page] = /^Open (\S+) and confirm the code [A-Z]{4}-[A-Z]{4}\.$/.exec(line) ?? [];
    if (page === undefined) return;
    asked.push(line);
    void createUserAgent().approveDevice(page, says);
  };
  const { code, lines } = await runProgram('device-login.ts', env, onLine, args);
  return { code, lines, asked };
}

async function readLogin(): Promise<SessionDocument> {
  return JSON.parse(await readFile(login, 'utf8'));
}

test('the first run signs in, and keeps the login where nobody else can read it; the second needs none', async () => {
  const first = await run();
  expect(first).toMatchObject({ code: 0, asked: [expect.anything()] });
  expect(first.lines.at(-1)).toBe('2 orders: coffee, tea.');
  expect((await stat(login)).mode & 0o777).toBe(0o600);

  const second = await run();
  expect(second).toEqual({ code: 0, lines: ['2 orders: coffee, tea.'], asked: [] });
  const [one, other] = api.received.map(({ headers }) => headers.authorization);
  expect(other).toBe(one);
  expect(issuer.asked.get('refresh_token')).toBeUndefined();
});

test('a login of last week buys a new token, once for several programs, and none of them asks the user', async () => {
  await run();
  const old = await readLogin();
  const tokens = old.tokens.map((token) => ({ ...token, received: token.received - 7 * 86_400_000 }));
  await writeFile(login, JSON.stringify({ ...old, tokens }));

  const runs = await Promise.all([run(), run(), run()]);
  expect(runs).toEqual(runs.map(() => ({ code: 0, lines: ['2 orders: coffee, tea.'], asked: [] })));
  expect(issuer.asked.get('refresh_token')).toBe(1);
  const { refreshToken, claim } = await readLogin();
  expect(refreshToken).not.toBe(old.refreshToken);
  expect(claim).toBeUndefined();
});

test('a logout leaves no token behind and revokes the refresh token, and the next run asks the user again', async () => {
  await run();
  const { refreshToken = '' } = await readLogin();
  expect(await run('yes', 'logout')).toEqual({ code: 0, lines: ['Signed out.'], asked: [] });
  expect(await readLogin()).toMatchObject({ state: 'signed-out', tokens: [] });
  expect(await readFile(login, 'utf8')).not.toContain(refreshToken);
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: 'cli' };
  const answer = await fetch(`${issuer.issuer}/token`, { method: 'POST', body: new URLSearchParams(form) });
  expect(await answer.json()).toMatchObject({ error: 'invalid_grant' });

  expect(await run()).toMatchObject({ code: 0, asked: [expect.anything()] });
});

test('a user who says no is told so, and nothing is kept', async () => {
  const { code, lines } = await run('no');
  expect(code).toBe(1);
  expect(lines.at(-1)).toContain('TOKEN_ENDPOINT_REJECTED');
  expect(lines.at(-1)).toContain('the user said no');
  await expect(readLogin().then(({ tokens }) => tokens)).resolves.toEqual([]);
  expect(api.received).toEqual([]);
});

test('a login that others can read is not used', async () => {
  await run();
  await chmod(login, 0o644);
  const { code, lines, asked } = await run();
  expect(code).toBe(1);
  expect(asked).toEqual([]);
  expect(lines.at(-1)).toContain('chmod 600');
});

test('a login that is damaged is told and left alone, and the user signs in for this run', async () => {
  await run();
  await writeFile(login, '{"format":1,');
  const { code, lines, asked } = await run();
  expect(code).toBe(0);
  expect(asked).toHaveLength(1);
  expect(lines).toContainEqual(expect.stringMatching(/^The store holds something that is no session/));
  expect(await readFile(login, 'utf8')).toBe('{"format":1,');
});
