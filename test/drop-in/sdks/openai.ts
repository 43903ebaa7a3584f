import OpenAI, { APIError } from 'openai';
import type { Client } from '../../../src/index.ts';
import { type Connected, type HostSdk, memberOf, PARTS, partsOf, rejectionOf, UNFIT } from '../host-sdk.ts';

export const openai: HostSdk = {
  name: 'openai',
  streams: '`stream: true`',
  failure: '`APIError`, `error.status`',
  refusal: '`error.cause`',
  async answer(request, next) {
    const { stream, messages } = (await request.json()) as Asked;
    const content = messages[0]?.content;
    if (content === UNFIT) return Response.json({ error: { message: 'it is unfit' } }, { status: 422 });
    if (stream) return partsOf('text/event-stream', [...PARTS.map(chunkOf), 'data: [DONE]\n\n'], next);
    return Response.json({ choices: [{ index: 0, message: { role: 'assistant', content } }] });
  },
  connect,
  statusOf: (error) => error instanceof APIError && error.status,
  codeOf: (error) => memberOf(error, 'cause', 'code'),
};

interface Asked {
  readonly stream?: boolean;
  readonly messages: readonly { readonly content: string }[];
}

function connect(client: Client, baseUrl: string): Connected {
  // #region openai
  const openai = new OpenAI({ apiKey: 'unused', baseURL: baseUrl, fetch: client.fetch, maxRetries: 0 });
  // #endregion
  const ask = async (content: string): Promise<string> => {
    const messages = [{ role: 'user' as const, content }];
    const { choices } = await openai.chat.completions.create({ model: 'parrot', messages });
    return choices[0]?.message.content ?? '';
  };
  return {
    echo: ask,
    fail: () => rejectionOf(ask(UNFIT)),
    async *stream() {
      const messages = [{ role: 'user' as const, content: 'stream' }];
      const chunks = await openai.chat.completions.create({ model: 'parrot', messages, stream: true });
      for await (const { choices } of chunks) yield choices[0]?.delta.content ?? '';
    },
  };
}

function chunkOf(content: string): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
}
