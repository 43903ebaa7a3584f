import type * as oauth from 'oauth4webapi';
import type { TokenContext } from '../contracts.ts';
import { ConfigError } from '../errors.ts';
import { checkKeys, invalidOption } from '../options.ts';
import { isLoopback } from '../platform.ts';
import type { ClientSecretOptions } from './client-authentication.ts';
import type { DpopOption } from './dpop-keys.ts';

/** Where an authorization server is, and who asks it. */
export interface IssuerOptions extends ClientSecretOptions {
  /** The issuer identifier. Its metadata is fetched once (OpenID Connect Discovery 1.0, else RFC 8414). */
  readonly issuer?: string | URL | undefined;
  /** Endpoints of a server without metadata, or in place of what its metadata says. */
  readonly endpoints?: Endpoints | undefined;
  /** As the authorization server knows this client (RFC 6749 §2.2). */
  readonly clientId: string;
  /** Asked for unless a request asks for scopes of its own (RFC 6749 §3.3). */
  readonly scopes?: readonly string[] | undefined;
  /** What tokens are for, unless a request says `auth: { audience }`. */
  readonly audience?: string | undefined;
  /** Further audiences that requests ask for with `auth: { audience }`: the user agrees to them at the login. */
  readonly furtherAudiences?: readonly string[] | undefined;
  /** How the audience is named: `resource` (RFC 8707) unless the server wants `audience`, as Auth0 does. */
  readonly audienceParameter?: 'resource' | 'audience' | undefined;
  /**
   * Binds tokens to a key, so that who steals one cannot use it (RFC 9449). `true` makes a key that cannot be
   * exported, and keeps it in IndexedDB where there is one; servers that share sessions pass one `keyPair`.
   */
  readonly dpop?: DpopOption | undefined;
  /** Sends the requests to the authorization server: the platform's `fetch` unless said otherwise. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** Endpoints by the names of RFC 8414 in camel case. */
export interface Endpoints {
  /** Where tokens are (RFC 6749 §3.2). */
  readonly token?: string | URL | undefined;
  /** Where users sign in (RFC 6749 §3.1). */
  readonly authorization?: string | URL | undefined;
  /** Where a device asks for its code (RFC 8628 §3.1). */
  readonly deviceAuthorization?: string | URL | undefined;
  /** Where a sign-out takes tokens back (RFC 7009). */
  readonly revocation?: string | URL | undefined;
  /** Where a sign-out goes on at the server (OpenID Connect RP-Initiated Logout 1.0). */
  readonly endSession?: string | URL | undefined;
}

export const ISSUER_OPTIONS: readonly string[] = [
  'issuer',
  'endpoints',
  'clientId',
  'clientSecret',
  'clientAuthentication',
  'scopes',
  'audience',
  'furtherAudiences',
  'audienceParameter',
  'dpop',
  'fetch',
];

export const ENDPOINTS = {
  token: 'token_endpoint',
  authorization: 'authorization_endpoint',
  deviceAuthorization: 'device_authorization_endpoint',
  revocation: 'revocation_endpoint',
  endSession: 'end_session_endpoint',
} as const;

/** The options of a grant, all of them known. */
export function checkGrant<Options extends object>(
  grant: string,
  options: Options,
  known: readonly string[],
): Options {
  // The function itself in place of what it makes passes for a token provider, and is called with a context.
  if ((options as Partial<TokenContext> | null)?.forceRefresh !== undefined)
    throw invalidOption(`${grant} was not called. Write new Client(${grant.replace(')', '{ … })')}).`);
  return checkKeys(grant, options, known);
}

/** @throws `ConfigError` `INVALID_OPTION` */
export function checkNames({
  scopes,
  audience,
  furtherAudiences,
  audienceParameter = 'resource',
}: IssuerOptions): void {
  for (const [name, list] of Object.entries({ scopes, furtherAudiences })) {
    if (list !== undefined && !(Array.isArray(list) && list.every((item) => typeof item === 'string')))
      throw invalidOption(`${name} is a list of texts, such as ['orders:read'].`);
  }
  if (audience !== undefined && (typeof audience !== 'string' || audience === ''))
    throw invalidOption("audience is a text, such as 'https://api.example.com'.");
  if (audienceParameter !== 'resource' && audienceParameter !== 'audience')
    throw invalidOption("audienceParameter is 'resource' or 'audience'.");
}

/**
 * The endpoints that the program names, by the names of RFC 8414.
 *
 * @throws `ConfigError` `INVALID_OPTION`, `INSECURE_URL`
 */
export function readEndpoints(endpoints: Endpoints = {}): Partial<oauth.AuthorizationServer> {
  const own = checkKeys('endpoints', endpoints, Object.keys(ENDPOINTS));
  const given = Object.entries(ENDPOINTS).flatMap(([name, parameter]) => {
    const url = own[name as keyof Endpoints];
    return url === undefined ? [] : [[parameter, secureUrl(`endpoints.${name}`, url).href]];
  });
  return Object.fromEntries(given) as Partial<oauth.AuthorizationServer>;
}

/** @throws `ConfigError` `INVALID_OPTION`, `INSECURE_URL` */
export function issuerUrl(name: string, value: string | URL): URL {
  const url = secureUrl(name, value);
  if (url.pathname.includes('/.well-known/'))
    throw invalidOption(`Write ${name} without /.well-known/…: that is added.`);
  return url;
}

/** Secrets and codes go there: https, or this machine (rule S2). `what` it is, for who passes something else. */
export function secureUrl(
  name: string,
  value: string | URL,
  what = "an https: URL, such as 'https://id.example.com'",
): URL {
  const url = URL.parse(String(value));
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw invalidOption(`${name} is ${what}.`);
  if (url.username !== '' || url.password !== '')
    throw invalidOption(`${name} holds user info. Take it out: secrets have options of their own.`);
  if (url.protocol === 'http:' && !isLoopback(url.hostname, false)) {
    throw new ConfigError('INSECURE_URL', {
      message: `${name} is http:, where anybody on the way can read secrets and tokens. Use https:.`,
    });
  }
  return url;
}
