import { connect, type Runtime } from './connection.ts';
import type {
  AccessToken,
  AuthStrategy,
  Session,
  SessionUser,
  TokenProvider,
  TokenSource,
} from './contracts.ts';
import { checkDuration, checkKeys, invalidOption } from './options.ts';
import { needOf, readScopes } from './pipeline/auth.ts';
import { PIPELINE_OPTIONS, type PipelineOptions, readSettings } from './pipeline/settings.ts';
import { fetchOver, pipeline, type ValetFetch } from './pipeline.ts';
import { tokenStrategy } from './strategies/access-token.ts';
import { plainKey } from './strategies/api-key.ts';
import type { PlacementOptions } from './strategies/placement.ts';
import { checkStore, createSession, serviceSession, type TokenOptions } from './token/create-session.ts';

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
  if (own.user !== undefined && typeof own.user !== 'function')
    throw invalidOption('user is a function that makes the user out of the claims of the access token.');
  if (typeof source !== 'function' && typeof source?.getToken !== 'function') {
    throw invalidOption('accessToken() takes a function that returns a token, or an object with getToken().');
  }
  const traits = traitsOf(source);
  if (own.store !== undefined) checkStore(own.store, traits.proof);
  return tokenStrategy(createSession(source, own, own.placement?.scheme), own.placement, traits);
}

/** What a source has, its class included, and no polluted prototype (rule S8). */
function traitsOf(source: TokenProvider | TokenSource): Pick<TokenSource, 'proof' | 'discovers'> {
  const { proof, discovers } = source as Partial<TokenSource>;
  return {
    ...(proof && !('proof' in Object.prototype) && { proof }),
    ...(discovers && !('discovers' in Object.prototype) && { discovers }),
  };
}

/** Also for what JavaScript passes: a source without its wrapper, a number, null. */
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
