import type { Awaitable, TokenSource } from '../contracts.ts';
import { invalidOption } from '../options.ts';
import type { FinishedLogin } from './code-login.ts';
import { Discovery } from './discovery.ts';
import { checkGrant, ISSUER_OPTIONS, type IssuerOptions } from './issuer-options.ts';
import type { LoginStorage } from './pending-logins.ts';

/** What a grant is made with once the issuer is known: pass it on, with what the grant needs besides. */
export interface FoundServer extends IssuerOptions {
  readonly issuer: string;
  /** The resource identifier. */
  readonly audience: string;
}

/** Options of {@link discovered}. */
export interface DiscoveredOptions<Source extends TokenSource = TokenSource>
  extends Omit<IssuerOptions, 'issuer' | 'endpoints' | 'audience'> {
  /** Who may be asked for tokens. A resource can name anybody: nothing is sent to an issuer that is not listed. */
  readonly issuers?: readonly (string | URL)[] | undefined;
  /** Decides on issuers that are not listed, for example by asking the user. */
  readonly approve?: ((issuer: string, resource: string) => Awaitable<boolean>) | undefined;
  /**
   * Makes the source of tokens: `(found) => authorizationCode({ ...found, redirectUri })`. With a secret or a
   * private key it is `clientCredentials` unless said otherwise.
   */
  readonly grant?: ((found: FoundServer) => Source) | undefined;
  /** Where a login that leaves the page finds its issuer again: `sessionStorage`, if there is one. */
  readonly storage?: LoginStorage | undefined;
}

/** Tokens of whichever authorization server a resource names. */
export interface DiscoveredSource<Source extends TokenSource = TokenSource> extends TokenSource {
  /**
   * Signs in at the server that was found: what the grant's own `signIn()` does. A request comes first: its 401 tells
   * where to sign in.
   */
  signIn(
    ...options: Source extends { signIn(...values: infer Values): unknown } ? Values : never
  ): Promise<void>;
  /** Finishes a login that left the page: what the grant's own `handleRedirect()` does. */
  handleRedirect(): Promise<FinishedLogin | undefined>;
}

/**
 * Tokens of the authorization server that a resource names in its 401 (RFC 9728), if it is one of `issuers` or
 * `approve` says yes. One source is for one resource.
 *
 * @throws `ConfigError` `INVALID_OPTION`, `INSECURE_URL`
 */
export function discovered<Source extends TokenSource = TokenSource>(
  options: DiscoveredOptions<Source>,
): DiscoveredSource<Source> {
  const known = ISSUER_OPTIONS.filter((name) => !['issuer', 'endpoints', 'audience'].includes(name));
  const own = checkGrant('discovered()', options, [...known, 'issuers', 'approve', 'grant', 'storage']);
  if ((own.issuers ?? []).length === 0 && typeof own.approve !== 'function')
    throw invalidOption(
      'discovered() needs issuers: those that may be asked for tokens, since a resource can name anybody; or approve.',
    );
  const canAuthenticate = own.clientSecret !== undefined || typeof own.clientAuthentication === 'object';
  if (own.grant === undefined && !canAuthenticate)
    throw invalidOption(
      'discovered() needs grant, such as (found) => authorizationCode({ ...found, redirectUri }), or clientSecret.',
    );
  return new Discovery(own) as unknown as DiscoveredSource<Source>;
}
