import {
  type AuthServer,
  type AuthServerOptions,
  createAuthServer,
  createClock,
  type TestClock,
} from '../../src/testing.ts';

/** The authorization server of the kit, and how a test talks to it. */
interface AuthScene {
  readonly clock: TestClock;
  readonly server: AuthServer;
  /** Sends to the server without a network. */
  readonly fetch: typeof globalThis.fetch;
  post(path: string, form: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
}

export function createAuthScene(options: AuthServerOptions = {}): AuthScene {
  const clock = createClock();
  const server = createAuthServer({ clock, ...options });
  const fetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    server.answer(new Request(input, init));
  const post: AuthScene['post'] = (path, form, headers = {}) =>
    fetch(server.issuer + path, { method: 'POST', body: new URLSearchParams(form), headers });
  return { clock, server, fetch, post };
}
