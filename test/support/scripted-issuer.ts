import type { ServerResponse } from 'node:http';
import type { Endpoints } from '../../src/oauth.ts';
import { createJwt } from './jwt.ts';
import { sendJson, startServer, type TestServer } from './server.ts';

/** What a token endpoint answers: a body with its status, or what `write` writes. */
interface ScriptedAnswer {
  readonly status?: number;
  readonly body?: unknown;
  /** Milliseconds that its clock is ahead of ours. */
  readonly ahead?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An authorization server that answers what a test says, without metadata; and an API that takes everything. */
export interface ScriptedIssuer extends TestServer {
  readonly endpoints: Endpoints;
  /** What the token endpoint answers from now on. */
  answer: (form: URLSearchParams) => ScriptedAnswer;
  /** What the device authorization endpoint answers. */
  device: () => ScriptedAnswer;
  /** The forms that came to the token endpoint. */
  readonly forms: readonly URLSearchParams[];
}

export const DEVICE_CODE = {
  device_code: 'device-code-0123',
  user_code: 'ABCD',
  verification_uri: 'https://id.example/device',
  expires_in: 300,
  interval: 1,
};

export async function startScriptedIssuer(): Promise<ScriptedIssuer> {
  const forms: URLSearchParams[] = [];
  const server = await startServer(({ url, body }, response) => {
    const form = new URLSearchParams(String(body));
    if (url === '/token') {
      forms.push(form);
      send(response, issuer.answer(form));
    } else send(response, url === '/device' ? issuer.device() : {});
  });
  const endpoints = {
    token: `${server.origin}/token`,
    authorization: `${server.origin}/auth`,
    deviceAuthorization: `${server.origin}/device`,
    revocation: `${server.origin}/revoke`,
  };
  const issuer: ScriptedIssuer = Object.assign(server, {
    endpoints,
    forms,
    answer: () => ({ body: tokens() }),
    device: () => ({ body: DEVICE_CODE }),
  });
  return issuer;
}

function send(
  response: ServerResponse,
  { status = 200, body = {}, ahead = 0, headers }: ScriptedAnswer,
): void {
  const date = new Date(Date.now() + ahead).toUTCString();
  if (typeof body === 'string') response.writeHead(status, { 'content-type': 'text/html', date }).end(body);
  else sendJson(response, body, status, { date, ...headers });
}

/** What a token endpoint hands out. */
export function tokens(more: object = {}): object {
  return {
    access_token: 'access-token-0123',
    token_type: 'Bearer',
    expires_in: 60,
    refresh_token: 'refresh-token-0123',
    ...more,
  };
}

/** An ID token for the client `app` of a scripted issuer, good for a minute, with some claims otherwise. */
export function idTokenOf({ origin }: Pick<TestServer, 'origin'>, claims: object = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const usual = { iss: origin, aud: 'app', sub: 'ada', iat: now, exp: now + 60 };
  return createJwt({ ...usual, ...claims }, { alg: 'RS256' });
}
