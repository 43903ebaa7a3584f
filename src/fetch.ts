/**
 * `fetch-valet/fetch`: an authenticated `fetch`, without ky and without events.
 *
 * @module
 */
import { type Connection, connect, type Runtime } from './connection.ts';
import type {
  AccessToken,
  AuthStrategy,
  Session,
  SessionUser,
  TokenProvider,
  TokenSource,
} from './contracts.ts';
import { ConfigError } from './errors.ts';
import { checkDuration, checkKeys, invalidOption } from './options.ts';
import { attach } from './pipeline/attach.ts';
import { needOf, readAuth, readScopes } from './pipeline/auth.ts';
import { authenticate } from './pipeline/authenticate.ts';
import { bodyOf } from './pipeline/body.ts';
import {
  compose,
  createExchange,
  type FetchInit,
  type Next,
  type Stage,
  sendWith,
} from './pipeline/exchange.ts';
import { createPolicy, guard } from './pipeline/guard.ts';
import { hold } from './pipeline/hold.ts';
import { redirects } from './pipeline/redirects.ts';
import { resolve } from './pipeline/resolve.ts';
import { PIPELINE_OPTIONS, type PipelineOptions, readSettings, type Settings } from './pipeline/settings.ts';
import { timeout } from './pipeline/timeout.ts';
import { detectPlatform, type Platform } from './platform.ts';
import { tokenStrategy } from './strategies/access-token.ts';
import { plainKey } from './strategies/api-key.ts';
import type { PlacementOptions } from './strategies/placement.ts';
import { checkStore, createSession, serviceSession, type TokenOptions } from './token/create-session.ts';

export type { Runtime } from './connection.ts';
export type * from './contracts.ts';
export {
  ConfigError,
  type ConfigErrorCode,
  type ErrorCode,
  type ErrorDetails,
  type RequestSummary,
  SessionError,
  type SessionErrorCode,
  TokenError,
  type TokenErrorCode,
  type TokenErrorDetails,
  ValetError,
} from './errors.ts';
export type { RequestAuth, TokenNeed } from './pipeline/auth.ts';
export type { FetchInit } from './pipeline/exchange.ts';
export type { PipelineOptions } from './pipeline/settings.ts';
export { type ApiKeyOptions, apiKey, bearer } from './strategies/api-key.ts';
export { combine } from './strategies/combine.ts';
export type { ApiKeyContext, ApiKeyFunction } from './strategies/key-function.ts';
export type { PlacementOptions } from './strategies/placement.ts';
export type { TokenOptions } from './token/create-session.ts';
export type { UserReader } from './token/identity.ts';

/** A `fetch` that also takes `auth`, and `body: () => stream`. It works unbound. */
export type ValetFetch = (input: string | URL | Request, init?: FetchInit) => Promise<Response>;

/** What {@link createFetch} makes. */
export interface StandaloneFetch<User extends SessionUser = SessionUser> extends ValetFetch {
  readonly session: Session<User>;
  /** Ends refreshes and timers. Requests from then on fail with `CLIENT_CLOSED`. */
  close(): void;
}

/** Options of {@link createFetch}. */
export interface CreateFetchOptions extends PipelineOptions {
  readonly runtime?: Runtime | undefined;
}

/** Options of {@link accessToken}. */
export interface AccessTokenOptions<User extends SessionUser = SessionUser> extends TokenOptions<User> {
  /** Where the token is written: `Authorization: Bearer` unless said otherwise. */
  readonly placement?: PlacementOptions | undefined;
}

/**
 * Makes an authenticated `fetch`: a string is an API key in `x-api-key`, anything else a strategy. A response
 * with any status is returned; refusals of our own are rejected as {@link ValetError}.
 *
 * @throws {@link ConfigError} `MISSING_API_KEY`, `INVALID_API_KEY`, `INVALID_BASE_URL`, `INVALID_OPTION`
 */
export function createFetch<User extends SessionUser = SessionUser>(
  credential: string | undefined | AuthStrategy<unknown, User>,
  options: CreateFetchOptions = {},
): StandaloneFetch<User> {
  const { runtime } = checkKeys('createFetch()', options, [...PIPELINE_OPTIONS, 'runtime']);
  const strategy = isStrategy(credential) ? credential : plainKey(checkString(credential), 'createFetch()');
  const settings = readSettings(options);
  const connection = connect(strategy, { runtime, need: needOf(settings.auth) });
  const fetch = fetchOver(connection, settings, pipeline(connection, settings));
  return Object.assign(fetch, {
    session: (strategy.session ?? serviceSession()) as Session<User>,
    close: () => connection.close(),
  });
}

/**
 * An access token that is refreshed before it expires and replayed once after a 401.
 *
 * @param source A function that hands out a token when asked, or an object with `getToken`.
 * @throws {@link ConfigError} `INVALID_OPTION`
 */
export function accessToken<User extends SessionUser = SessionUser>(
  source: TokenProvider | TokenSource,
  options: AccessTokenOptions<User> = {},
): AuthStrategy<AccessToken, User> & { readonly session: Session<User> } {
  const known = ['initial', 'refreshAhead', 'deadline', 'stepUp', 'store', 'user', 'placement'];
  const own = checkKeys('accessToken()', options, known);
  checkDuration('refreshAhead', own.refreshAhead);
  checkDuration('deadline', own.deadline);
  if (own.stepUp !== undefined) readScopes('stepUp', own.stepUp);
  if (typeof source !== 'function' && typeof source?.getToken !== 'function') {
    throw invalidOption('accessToken() takes a function that returns a token, or an object with getToken().');
  }
  const traits = source as Pick<TokenSource, 'proof' | 'discovers'>;
  if (own.store !== undefined) checkStore(own.store, traits.proof);
  return tokenStrategy(createSession(source, own), own.placement, traits);
}

/**
 * The pipeline, outermost first: a request passes the stages in this order, its response in the other.
 *
 * @internal
 */
export function pipeline(
  { strategy, host }: Connection,
  settings: Settings,
  more: Partial<Observers> = {},
): Next {
  const platform = platformOnce();
  const policy = createPolicy(settings, platform);
  return compose(
    [
      resolve(settings),
      guard(policy),
      ...(more.observe ? [more.observe] : []),
      authenticate(settings.hold === undefined ? strategy : hold(strategy, host, settings.hold), host.events),
      redirects(strategy, policy, platform),
      attach(strategy, platform),
      ...(more.trace ? [more.trace] : []),
      timeout(host.clock),
    ],
    sendWith(host.fetch),
  );
}

/**
 * Stages that only watch.
 *
 * @internal
 */
export interface Observers {
  /** Sees a request once, without its credential. */
  readonly observe: Stage;
  /** Sees each send. */
  readonly trace: Stage | undefined;
}

/**
 * `fetch` over a pipeline: what throws on the way rejects, and no error of the platform carries a secret.
 *
 * @internal
 */
export function fetchOver(
  connection: Connection,
  settings: Settings,
  next: Next,
  tell: (error: unknown) => void = () => {},
): ValetFetch {
  const { host } = connection;
  // Cleaned first: what is told is printed.
  const fail = (error: unknown): never => {
    const clean = host.redactor.clean(error);
    tell(clean);
    throw clean;
  };
  return (input, init) => {
    try {
      if (host.signal.aborted) throw new ConfigError('CLIENT_CLOSED');
      init?.signal?.throwIfAborted();
      const body = bodyOf(input, init?.body);
      const auth = init && Object.hasOwn(init, 'auth') ? readAuth(init.auth, settings.auth) : settings.auth;
      const { redactor } = host;
      const exchange = createExchange({ number: connection.nextNumber(), input, init, auth, body, redactor });
      const answer = next(exchange);
      if (body !== undefined) void answer.finally(() => body.release()).catch(() => {});
      return answer.catch(fail);
    } catch (error) {
      const clean = host.redactor.clean(error);
      tell(clean);
      return Promise.reject(clean as Error);
    }
  };
}

/**
 * Also for what JavaScript passes: a source without its wrapper, a number, null.
 *
 * @internal
 */
export function isStrategy<T>(credential: T): credential is Extract<T, AuthStrategy<never>> {
  const { credential: get, apply } = (credential ?? {}) as Partial<AuthStrategy>;
  return typeof get === 'function' && typeof apply === 'function';
}

function checkString(credential: unknown): string | undefined {
  // null is what localStorage.getItem() gives for a key that is not there.
  if (typeof credential === 'string' || credential === undefined || credential === null)
    return credential as string | undefined;
  throw invalidOption(
    'createFetch() takes a key or a strategy. Wrap a token provider: accessToken(() => token).',
  );
}

/** Found at the first request, not at import. */
function platformOnce(): () => Platform {
  let found: Platform | undefined;
  return () => (found ??= detectPlatform());
}
