import * as oauth from 'oauth4webapi';
import { ConfigError, TokenError } from '../errors.ts';
import { invalidOption } from '../options.ts';
import { isLoopback, platformFetch } from '../platform.ts';
import { type BoundedFetch, boundedFetch } from './bounded-fetch.ts';
import { type ClientSecretOptions, clientAuthentication } from './client-authentication.ts';

/** Where an authorization server is, and who asks it. */
export interface IssuerOptions extends ClientSecretOptions {
  /** The issuer identifier. Its metadata is fetched once (OpenID Connect Discovery 1.0, else RFC 8414). */
  readonly issuer?: string | URL | undefined;
  /** Endpoints of a server without metadata, or in place of what its metadata says. */
  readonly endpoints?: Endpoints | undefined;
  readonly clientId: string;
  /** Asked for unless a request asks for scopes of its own (RFC 6749 §3.3). */
  readonly scopes?: readonly string[] | undefined;
  /** What tokens are for, unless a request says `auth: { audience }`. */
  readonly audience?: string | undefined;
  /** Further audiences that requests ask for with `auth: { audience }`: the user agrees to them at the login. */
  readonly furtherAudiences?: readonly string[] | undefined;
  /** How the audience is named: `resource` (RFC 8707) unless the server wants `audience`, as Auth0 does. */
  readonly audienceParameter?: 'resource' | 'audience' | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** Endpoints by the names of RFC 8414 in camel case. */
export interface Endpoints {
  readonly token?: string | URL | undefined;
  readonly authorization?: string | URL | undefined;
  readonly deviceAuthorization?: string | URL | undefined;
  readonly revocation?: string | URL | undefined;
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
  'fetch',
];

const ENDPOINTS = {
  token: 'token_endpoint',
  authorization: 'authorization_endpoint',
  deviceAuthorization: 'device_authorization_endpoint',
  revocation: 'revocation_endpoint',
  endSession: 'end_session_endpoint',
} as const;

/** What every request to the server is made with. */
export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly [oauth.customFetch]: BoundedFetch;
  readonly [oauth.allowInsecureRequests]: boolean;
}

/** An authorization server as one client of it sees it. Construction asks nobody. */
export class Issuer {
  readonly client: oauth.Client;
  readonly authentication: oauth.ClientAuth;
  readonly #options: IssuerOptions;
  readonly #issuer: URL | undefined;
  readonly #given: Partial<oauth.AuthorizationServer>;
  #metadata: Promise<oauth.AuthorizationServer> | undefined;

  /** @throws `ConfigError` `INVALID_OPTION`, `INSECURE_URL` */
  constructor(options: IssuerOptions) {
    if (typeof options.clientId !== 'string' || options.clientId === '')
      throw invalidOption('clientId is the client identifier that the authorization server gave you.');
    checkNames(options);
    this.#options = options;
    this.#issuer = options.issuer === undefined ? undefined : secureUrl('issuer', options.issuer);
    this.#given = readEndpoints(options.endpoints);
    if (this.#issuer === undefined && this.#given.token_endpoint === undefined)
      throw invalidOption('An OAuth grant needs issuer, or endpoints: { token }.');
    this.client = { client_id: options.clientId };
    this.authentication = clientAuthentication(options);
  }

  get scopes(): readonly string[] {
    return this.#options.scopes ?? [];
  }

  /** The server's metadata, fetched once. What fails is fetched again the next time. */
  metadata(signal?: AbortSignal): Promise<oauth.AuthorizationServer> {
    this.#metadata ??= this.#discover(signal).catch((error: unknown) => {
      this.#metadata = undefined;
      throw error;
    });
    return this.#metadata;
  }

  request(signal?: AbortSignal): RequestOptions {
    return {
      ...(signal && { signal }),
      [oauth.customFetch]: boundedFetch(this.#options.fetch ?? platformFetch),
      // Checked before: only loopback is left.
      [oauth.allowInsecureRequests]: true,
    };
  }

  /** What a token is asked for with: scopes, and the audience under the name that the server knows. */
  parameters(scopes: readonly string[], audience?: string): URLSearchParams {
    const parameters = new URLSearchParams();
    const target = audience ?? this.#options.audience;
    if (scopes.length > 0) parameters.set('scope', scopes.join(' '));
    if (target !== undefined) parameters.set(this.#options.audienceParameter ?? 'resource', target);
    return parameters;
  }

  /** What a login is asked for with: the scopes, and every audience that requests will ask for (RFC 8707 §2.2). */
  loginParameters(scopes: readonly string[]): URLSearchParams {
    const parameters = this.parameters(scopes);
    const { furtherAudiences = [], audienceParameter = 'resource' } = this.#options;
    for (const audience of furtherAudiences) parameters.append(audienceParameter, audience);
    return parameters;
  }

  async #discover(signal: AbortSignal | undefined): Promise<oauth.AuthorizationServer> {
    const issuer = this.#issuer;
    const { token_endpoint: token } = this.#given;
    if (issuer === undefined || token !== undefined)
      return { issuer: String(this.#options.issuer ?? new URL(token ?? '').origin), ...this.#given };
    const request = this.request(signal);
    let response = await oauth.discoveryRequest(issuer, request);
    if (response.status === 404)
      response = await oauth.discoveryRequest(issuer, { ...request, algorithm: 'oauth2' });
    if (!response.ok) throw undiscovered(issuer, `its metadata document answered ${response.status}`);
    const found = await oauth.processDiscoveryResponse(issuer, response).catch((error: unknown) => {
      throw undiscovered(issuer, 'its metadata document is not that of this issuer', error);
    });
    const metadata = { ...found, ...this.#given };
    for (const name of Object.values(ENDPOINTS)) {
      if (metadata[name] !== undefined) secureUrl(name, metadata[name]);
    }
    return metadata;
  }
}

function checkNames({ scopes, furtherAudiences, audienceParameter = 'resource' }: IssuerOptions): void {
  for (const [name, list] of Object.entries({ scopes, furtherAudiences })) {
    if (list !== undefined && !(Array.isArray(list) && list.every((item) => typeof item === 'string')))
      throw invalidOption(`${name} is a list of texts, such as ['orders:read'].`);
  }
  if (audienceParameter !== 'resource' && audienceParameter !== 'audience')
    throw invalidOption("audienceParameter is 'resource' or 'audience'.");
}

function readEndpoints(endpoints: Endpoints = {}): Partial<oauth.AuthorizationServer> {
  const unknown = Object.keys(endpoints).find((name) => !Object.hasOwn(ENDPOINTS, name));
  if (unknown !== undefined)
    throw invalidOption(
      `endpoints has no ${JSON.stringify(unknown)}. It knows: ${Object.keys(ENDPOINTS).join(', ')}.`,
    );
  const given = Object.entries(ENDPOINTS).flatMap(([name, parameter]) => {
    const url = endpoints[name as keyof Endpoints];
    return url === undefined ? [] : [[parameter, secureUrl(`endpoints.${name}`, url).href]];
  });
  return Object.fromEntries(given) as Partial<oauth.AuthorizationServer>;
}

/** Secrets and codes go there: https, or this machine (rule S2). */
export function secureUrl(name: string, value: string | URL): URL {
  const url = URL.parse(String(value));
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw invalidOption(`${name} is an https: URL, such as 'https://id.example.com'.`);
  if (url.username !== '' || url.password !== '')
    throw invalidOption(`${name} holds user info. Take it out: secrets have options of their own.`);
  if (url.protocol === 'http:' && !isLoopback(url.hostname, false)) {
    throw new ConfigError('INSECURE_URL', {
      message: `${name} is http:, where anybody on the way can read secrets and tokens. Use https:.`,
    });
  }
  return url;
}

function undiscovered(issuer: URL, what: string, cause?: unknown): TokenError {
  return new TokenError('TOKEN_ENDPOINT_UNAVAILABLE', {
    message: `No access token: ${issuer.href} was not found to be an authorization server: ${what}. Check issuer, or pass endpoints.`,
    cause,
    retryable: true,
  });
}
