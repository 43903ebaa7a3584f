import { sendJson, startServer, type TestServer } from './server.ts';

/** Credentials of a client whose first one every {@link startOnceRefused} server refuses. */
export const OLD = 'old-credential-0123456789';
export const NEW = 'new-credential-0123456789';

/** Hands out `OLD` until a server has refused it, then `NEW`. */
export function renewing({ rejectedKey }: { rejectedKey?: string } = {}): string {
  return rejectedKey === undefined ? OLD : NEW;
}

/** Answers 401 to whatever carries `OLD`, wherever it is written, and echoes method and length otherwise. */
export function startOnceRefused(): Promise<TestServer> {
  return startServer((request, response) => {
    if (JSON.stringify([request.url, request.headers]).includes(OLD)) {
      sendJson(response, { error: 'old' }, 401, { 'www-authenticate': 'Bearer error="invalid_token"' });
      return;
    }
    sendJson(response, { method: request.method, length: request.body.length });
  });
}
