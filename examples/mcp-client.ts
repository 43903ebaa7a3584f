/**
 * A client of an MCP server over HTTP, with the official SDK. It knows the URL of the server and whom it trusts; the
 * server's 401 says where to sign in (RFC 9728).
 *
 *   MCP_URL    the MCP server
 *   CLIENT_ID  the client that is registered at its authorization server, with the redirect URI
 *              http://127.0.0.1/callback and without a secret
 *   ISSUERS    authorization servers that may be asked, separated by spaces
 *
 *   node examples/mcp-client.ts
 */
import process, { env } from 'node:process';
import { Client as McpClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Client, SessionError } from 'fetch-valet';
import { discovered } from 'fetch-valet/oauth';
import { authorizationCode } from 'fetch-valet/oauth/node';

const { MCP_URL = '', CLIENT_ID = '', ISSUERS = '' } = env;

// #region mcp-source
const login = discovered({
  clientId: CLIENT_ID,
  issuers: ISSUERS.split(' '),
  grant: (found) => authorizationCode({ ...found, open: (url) => console.log(`Open ${url}`) }),
});
using client = new Client(login, { baseUrl: MCP_URL });
// #endregion

// #region mcp-connect
async function connect(): Promise<McpClient> {
  const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), { fetch: client.fetch });
  const mcp = new McpClient({ name: 'example', version: '1.0.0' });
  await mcp.connect(transport as Parameters<typeof mcp.connect>[0]);
  return mcp;
}

const mcp = await connect().catch(async (error: unknown) => {
  if (!(error instanceof SessionError)) throw error;
  await login.signIn();
  return connect();
});
// #endregion

const { tools } = await mcp.listTools();
console.log(`Tools: ${tools.map(({ name }) => name).join(', ')}.`);
const { content } = await mcp.callTool({ name: 'who_am_i' });
const [said] = content as { text: string }[];
console.log(said?.text);
await mcp.close();
process.exitCode = 0;
