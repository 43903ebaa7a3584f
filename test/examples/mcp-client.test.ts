import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ProgramEnd, runProgram } from '../../examples/demo/run-program.ts';
import { type DemoMcpServer, startMcpServer } from '../../examples/servers/mcp-server.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.mjs';
import { createUserAgent } from '../support/user-agent.ts';

// Each program is a process of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

let server: DemoMcpServer;
let issuer: AuthorizationServer;

beforeEach(async () => {
  server = await startMcpServer();
  const redirectUris = ['http://127.0.0.1/callback'];
  issuer = await startAuthorizationServer({ resources: [server.url], redirectUris });
  server.issuer = issuer.issuer;
});
afterEach(async () => {
  await server.close();
  await issuer.close();
});

/** A run of the program, with a user who opens what it prints. */
function run(issuers: string): Promise<ProgramEnd> {
  const env = { MCP_URL: server.url, CLIENT_ID: 'spa', ISSUERS: issuers };
  return runProgram('mcp-client.ts', env, (line) => {
    const [, url] = /^Open (\S+)$/.exec(line) ?? [];
    if (url !== undefined) void createUserAgent().go(url);
  });
}

test('a client of an MCP server signs its user in where the server’s 401 leads', async () => {
  const { code, lines } = await run(`https://id.example.com ${issuer.issuer}`);
  expect(lines.slice(-2)).toEqual(['Tools: who_am_i.', 'You are alice.']);
  expect(code).toBe(0);
  expect(issuer.asked.get('authorization_code')).toBe(1);
});

test('an MCP server that leads to an issuer whom nobody trusts gets nothing', async () => {
  const { code, lines } = await run('https://id.example.com');
  expect(code).not.toBe(0);
  expect(lines.join('\n')).toContain('TOKEN_ENDPOINT_REJECTED');
  expect(issuer.asked.size).toBe(0);
});
