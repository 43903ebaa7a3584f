import { Client as McpClient } from '@modelcontextprotocol/sdk/client/index.js';
import {
  StreamableHTTPClientTransport,
  StreamableHTTPError,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { Client } from '../../../src/index.ts';
import { type Connected, type HostSdk, memberOf, PARTS, rejectionOf, UNFIT } from '../host-sdk.ts';

export const mcp: HostSdk = {
  name: '@modelcontextprotocol/sdk',
  streams: 'notifications of a call',
  failure: '`StreamableHTTPError`, `error.code`',
  refusal: 'the error itself',
  async answer(request, next) {
    if (request.method === 'GET') return new Response(null, { status: 405 });
    const asked: unknown = await request.clone().json();
    if (memberOf(asked, 'params', 'arguments', 'text') === UNFIT)
      return new Response('unfit', { status: 422 });
    // Without a session of the protocol each request has a server of its own.
    const transport = new WebStandardStreamableHTTPServerTransport({});
    await createServer(next).connect(transport as Parameters<McpServer['connect']>[0]);
    return transport.handleRequest(request);
  },
  connect,
  statusOf: (error) => error instanceof StreamableHTTPError && error.code,
  codeOf: (error) => memberOf(error, 'code'),
};

/** Its tool says one thing while it works, and the rest at the end. */
function createServer(next: Promise<void>): McpServer {
  const server = new McpServer({ name: 'parrot', version: '1.0.0' }, { capabilities: { logging: {} } });
  server.registerTool('echo', { inputSchema: { text: z.string() } }, ({ text }) => ({
    content: [{ type: 'text', text }],
  }));
  server.registerTool('parts', {}, async ({ sendNotification }) => {
    const params = { level: 'info' as const, data: PARTS[0] };
    await sendNotification({ method: 'notifications/message', params });
    await next;
    return { content: [{ type: 'text', text: PARTS[1] }] };
  });
  return server;
}

async function connect(client: Client, origin: string): Promise<Connected> {
  const url = new URL(origin);
  // #region mcp
  const transport = new StreamableHTTPClientTransport(url, { fetch: client.fetch });
  // #endregion
  const mcp = new McpClient({ name: 'test', version: '1.0.0' });
  // It asks for a stream of news by itself, in the background.
  const listened = new Promise<void>((resolve) => {
    client.on('response', ({ method }) => method === 'GET' && resolve());
  });
  await mcp.connect(transport as Parameters<typeof mcp.connect>[0]);
  await listened;
  const call = async (name: string, text?: string): Promise<string> => {
    const { content } = await mcp.callTool({ name, arguments: { text } });
    return String(memberOf(content, '0', 'text'));
  };
  return {
    echo: (text) => call('echo', text),
    fail: () => rejectionOf(call('echo', UNFIT)),
    async *stream() {
      const said = new TransformStream<string, string>();
      const writer = said.writable.getWriter();
      mcp.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) =>
        writer.write(String(params.data)),
      );
      const called = call('parts').then(async (text) => {
        await writer.write(text);
        await writer.close();
      });
      yield* said.readable;
      await called;
    },
    close: () => mcp.close(),
  };
}
