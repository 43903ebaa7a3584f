import type { Awaitable } from '../contracts.ts';
import { invalidOption } from '../options.ts';
import { type AuthServer, type AuthServerOptions, createAuthServer } from './auth-server.ts';
import { bearerIn, unauthorized } from './bearer.ts';
import type { TestUser } from './token-desk.ts';

/** What of msw's `http` is used. It is handed in, so that whoever does not use msw need not have it. */
export interface MswHttp<Handler> {
  all(path: string, resolver: (info: { readonly request: Request }) => Promise<Response>): Handler;
}

/** An authorization server that msw plays. */
export interface AuthHandlers<Handler> {
  /** For `setupServer(...handlers)` or `setupWorker(...handlers)`. */
  readonly handlers: readonly Handler[];
  readonly server: AuthServer;
}

/**
 * Makes handlers of msw that answer for an authorization server: metadata, `/authorize`, `/token` with rotation and
 * re-use detection, `/device_authorization`, `/revoke`.
 *
 * @param http msw's own: `import { http } from 'msw'`
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function authHandlers<Handler>(
  http: MswHttp<Handler>,
  options: AuthServerOptions = {},
): AuthHandlers<Handler> {
  if (typeof http?.all !== 'function')
    throw invalidOption("authHandlers() takes msw's http first: import { http } from 'msw'.");
  const server = createAuthServer(options);
  const handlers = [http.all(`${server.issuer}/*`, ({ request }) => server.answer(request))];
  return { handlers, server };
}

/** What a protected API accepts: tokens of a server, a key as `x-api-key`, or what a function says. */
export type Accepted = Pick<AuthServer, 'check'> | string | ((request: Request) => Awaitable<boolean>);

/**
 * Puts the check of a credential before a resolver of msw: without a good one the answer is a 401 with the reason in
 * `WWW-Authenticate` (RFC 6750 §3), and the resolver is not asked. The resolver is told the `user` of a token.
 *
 * @example
 * http.get('https://api.test/me', protectedApi(server, ({ user }) => HttpResponse.json(user)))
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function protectedApi<Info extends { readonly request: Request }, Result>(
  accepted: Accepted,
  resolver: (info: Info & { readonly user: TestUser | undefined }) => Awaitable<Result>,
): (info: Info) => Promise<Result | Response> {
  const check = checkFor(accepted);
  if (typeof resolver !== 'function')
    throw invalidOption('protectedApi() takes what it accepts, and a resolver of msw.');
  return async (info) => {
    const found = await check(info.request);
    if ('challenge' in found) return unauthorized(found.challenge);
    return resolver({ ...info, user: found.user });
  };
}

type Check = (
  request: Request,
) => Awaitable<{ readonly challenge: string } | { readonly user: TestUser | undefined }>;

function checkFor(accepted: Accepted): Check {
  if (typeof accepted === 'string')
    return ({ headers }) =>
      headers.get('x-api-key') === accepted ? { user: undefined } : { challenge: 'ApiKey' };
  if (typeof accepted === 'function')
    return async (request) => ((await accepted(request)) ? { user: undefined } : { challenge: 'Bearer' });
  if (typeof accepted?.check === 'function') return (request) => bearerIn(request, accepted);
  throw invalidOption(
    'protectedApi() accepts the server of authHandlers(), a key, or a function that takes the request.',
  );
}
