/**
 * Lets the programs beside it run without a network: the servers of their `.example` names are answered here,
 * and each request is printed as it would have gone out, with its credential.
 *
 *   node --import ./examples/docs/stand-in.ts examples/docs/readme.ts
 */
import process from 'node:process';

process.env.WEATHER_API_KEY ??= 'weather-key-1';
process.env.GITHUB_TOKEN ??= 'github-token-1';

const printed = ['authorization', 'x-api-key', 'x-app-key', 'x-signature'];
const platformFetch = globalThis.fetch;
let tokens = 0;

globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  // A real server of the tests.
  if (new URL(request.url).hostname === '127.0.0.1') return platformFetch(request);
  const body = await request.text();
  request.signal.throwIfAborted();
  const credentials = printed.flatMap((name) => {
    const value = request.headers.get(name);
    return value === null ? [] : [`${name}: ${value.replace(/\bey[\w-]+\.([\w-]+)\.[\w-]+$/, describe)}`];
  });
  const response = answer(request, body);
  const what = [request.method, request.url, ...credentials, body.includes('grant_type=') ? body : ''];
  console.log(`${what.filter((part) => part !== '').join(' | ')} => ${response.status}`);
  return response;
};

/** A token of a real server is another one each time. */
function describe(_token: string, payload: string): string {
  const { sub, aud } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, string>;
  return `(${sub} at ${aud})`;
}

function answer(request: Request, body: string): Response {
  const { hostname, pathname } = new URL(request.url);
  const credential = `${request.headers.get('authorization')} ${request.headers.get('x-api-key')}`;
  if (!hostname.endsWith('.example')) throw new TypeError('fetch failed');
  if (pathname.endsWith('/token')) return token(body);
  if (credential.includes('retired') || credential.includes('revoked')) return refusal();
  if (pathname.endsWith('/page')) {
    return new Response('<!doctype html><title>Log in</title>', { headers: { 'content-type': 'text/html' } });
  }
  if (pathname.endsWith('/chat/completions')) return completion();
  if (pathname.includes('/refunds') && !credential.includes('refunds:write')) return insufficient();
  if (request.method === 'POST') return invalid();
  return Response.json({ name: 'Ada', temperature: 7, orders: [{ id: 1 }] });
}

/** A token endpoint that rotates refresh tokens, and knows one that it has ended. */
function token(body: string): Response {
  if (body.includes('ended')) {
    return Response.json({ error: 'invalid_grant', error_description: 'session ended' }, { status: 400 });
  }
  tokens += 1;
  return Response.json({
    access_token: `access-token-${tokens}`,
    token_type: 'Bearer',
    expires_in: 600,
    refresh_token: `refresh-token-${tokens}`,
  });
}

function refusal(): Response {
  const headers = { 'www-authenticate': 'Bearer error="invalid_token", error_description="it was retired"' };
  return Response.json({ message: 'no' }, { status: 401, headers });
}

function insufficient(): Response {
  const challenge = 'Bearer error="insufficient_scope", scope="refunds:write"';
  return Response.json({ message: 'no' }, { status: 403, headers: { 'www-authenticate': challenge } });
}

function invalid(): Response {
  const problem = { type: 'about:blank', title: 'Unprocessable Content', detail: 'quantity is missing' };
  return Response.json(problem, { status: 422, headers: { 'content-type': 'application/problem+json' } });
}

function completion(): Response {
  const choice = { index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' };
  return Response.json({
    id: '1',
    object: 'chat.completion',
    created: 0,
    model: 'parrot',
    choices: [choice],
  });
}
