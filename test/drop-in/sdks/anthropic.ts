import Anthropic, { APIError } from '@anthropic-ai/sdk';
import type { Client } from '../../../src/index.ts';
import { type Connected, type HostSdk, memberOf, PARTS, partsOf, rejectionOf, UNFIT } from '../host-sdk.ts';

export const anthropic: HostSdk = {
  name: '@anthropic-ai/sdk',
  streams: '`stream: true`',
  failure: '`APIError`, `error.status`',
  refusal: '`error.cause`',
  async answer(request, next) {
    const { stream, messages } = (await request.json()) as Asked;
    const text = messages[0]?.content;
    if (text === UNFIT) return Response.json({ error: { message: 'it is unfit' } }, { status: 422 });
    if (stream) return partsOf('text/event-stream', PARTS.map(deltaOf), next);
    return Response.json({ type: 'message', role: 'assistant', content: [{ type: 'text', text }] });
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
  // #region anthropic
  const anthropic = new Anthropic({
    authToken: 'unused',
    baseURL: baseUrl,
    fetch: client.fetch,
    maxRetries: 0,
  });
  // #endregion
  const asked = (content: string) => ({
    model: 'parrot',
    max_tokens: 8,
    messages: [{ role: 'user' as const, content }],
  });
  const ask = async (text: string): Promise<string> => {
    const { content } = await anthropic.messages.create(asked(text));
    return content[0]?.type === 'text' ? content[0].text : '';
  };
  return {
    echo: ask,
    fail: () => rejectionOf(ask(UNFIT)),
    async *stream() {
      for await (const event of await anthropic.messages.create({ ...asked('stream'), stream: true })) {
        if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') yield event.delta.text;
      }
    },
  };
}

function deltaOf(text: string): string {
  const data = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } };
  return `event: content_block_delta\ndata: ${JSON.stringify(data)}\n\n`;
}
