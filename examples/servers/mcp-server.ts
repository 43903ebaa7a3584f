import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { json, listen, problem, type RunningServer } from './http.ts';

const METADATA = '/.well-known/oauth-protected-resource/mcp';

export interface DemoMcpServer extends RunningServer {
  readonly url: string;
  /** Whose tokens it takes. Set before the first request. */
  issuer: string;
}

/** An MCP server over HTTP, made with the official SDK, that takes the tokens of one issuer (RFC 9728). */
export async function startMcpServer(): Promise<DemoMcpServer> {
  const server = await listen(0, async (request) => {
    const { origin, pathname } = new URL(request.url);
    if (pathname === METADATA)
      return json({ resource: `${origin}/mcp`, authorization_servers: [made.issuer] });
    const user = await userOf(request, made.issuer, `${origin}/mcp`);
    if (user === undefined) {
      const challenge = `Bearer resource_metadata="${origin}${METADATA}", scope="read"`;
      return problem(401, 'Unauthorized', 'Sign in first.', { 'www-authenticate': challenge });
    }
    // There is no stream of news: each request has an answer of its own.
    if (request.method === 'GET') return new Response(null, { status: 405 });
    const transport = new WebStandardStreamableHTTPServerTransport({});
    await createTools(user).connect(transport as Parameters<McpServer['connect']>[0]);
    return transport.handleRequest(request);
  });
  const made: DemoMcpServer = { ...server, url: `${server.origin}/mcp`, issuer: '' };
  return made;
}

function createTools(user: string): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' });
  server.registerTool('who_am_i', { description: 'Says who is signed in.' }, () => ({
    content: [{ type: 'text', text: `You are ${user}.` }],
  }));
  return server;
}

async function userOf(request: Request, issuer: string, audience: string): Promise<string | undefined> {
  const [, token] = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '') ?? [];
  if (token === undefined) return undefined;
  try {
    const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
    const { payload } = await jwtVerify(token, keys, { issuer, audience });
    return payload.sub;
  } catch {
    return undefined;
  }
}
