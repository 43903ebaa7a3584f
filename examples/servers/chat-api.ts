import { json, listen, problem } from './http.ts';

export interface ChatApi {
  readonly origin: string;
  /** Where the user's token is handed out, as a backend does that knows the user by a cookie. */
  readonly tokenUrl: string;
  /** How many tokens were issued, and how many requests were refused. */
  readonly issued: number;
  readonly refused: number;
  revokeTokens(): void;
  readonly close: () => Promise<void>;
}

/** Answers chat completions in the shape that the OpenAI SDK expects: it repeats what it is told. */
export async function startChatApi(): Promise<ChatApi> {
  let issued = 0;
  let refused = 0;
  let accepted = '';

  function issue(): Response {
    issued += 1;
    accepted = `chat-token-${issued}`;
    return json({ access_token: accepted, expires_in: 600 }, 200, { 'cache-control': 'no-store' });
  }

  function refuse(): Response {
    refused += 1;
    return problem(401, 'Unauthorized', 'The token is not accepted.', {
      'www-authenticate': 'Bearer error="invalid_token"',
    });
  }

  const { origin, close } = await listen(0, (request) => {
    if (new URL(request.url).pathname === '/token') return issue();
    return request.headers.get('authorization') === `Bearer ${accepted}` ? answer(request) : refuse();
  });
  return {
    origin,
    tokenUrl: `${origin}/token`,
    get issued() {
      return issued;
    },
    get refused() {
      return refused;
    },
    revokeTokens() {
      accepted = 'none';
    },
    close,
  };
}

async function answer(request: Request): Promise<Response> {
  const { model, messages } = (await request.json()) as ChatRequest;
  const content = messages.at(-1)?.content ?? '';
  const choice = { index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' };
  return json({ id: 'chat-1', object: 'chat.completion', created: 0, model, choices: [choice] });
}

interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly content: string }[];
}
