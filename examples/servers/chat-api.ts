import { json, listen, problem } from './http.ts';

export interface ChatApi {
  readonly origin: string;
  /** How many tokens were issued, and how many requests were refused. */
  readonly issued: number;
  readonly refused: number;
  /** A new token, as an identity provider would hand it out. */
  issueToken(): Promise<string>;
  revokeTokens(): void;
  readonly close: () => Promise<void>;
}

/** Answers chat completions in the shape that the OpenAI SDK expects: it repeats what it is told. */
export async function startChatApi(): Promise<ChatApi> {
  let issued = 0;
  let refused = 0;
  let accepted = '';

  const { origin, close } = await listen(0, async (request) => {
    if (request.headers.get('authorization') !== `Bearer ${accepted}`) {
      refused += 1;
      return problem(401, 'Unauthorized', 'The token is not accepted.', {
        'www-authenticate': 'Bearer error="invalid_token"',
      });
    }
    const { model, messages } = (await request.json()) as ChatRequest;
    const content = messages.at(-1)?.content ?? '';
    const choice = { index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' };
    return json({ id: 'chat-1', object: 'chat.completion', created: 0, model, choices: [choice] });
  });
  return {
    origin,
    get issued() {
      return issued;
    },
    get refused() {
      return refused;
    },
    issueToken() {
      issued += 1;
      accepted = `chat-token-${issued}`;
      return Promise.resolve(accepted);
    },
    revokeTokens() {
      accepted = 'none';
    },
    close,
  };
}

interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly content: string }[];
}
