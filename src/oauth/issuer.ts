import * as oauth from 'oauth4webapi';
import type { Host, TokenSource } from '../contracts.ts';
import { type EventSink, silence } from '../events.ts';
import { invalidOption } from '../options.ts';
import { platformFetch } from '../platform.ts';
import { createRedactor, type Redactor } from '../redact.ts';
import { type BoundedFetch, boundedFetch } from './bounded-fetch.ts';
import { clientAuthentication } from './client-authentication.ts';
import { Dpop } from './dpop.ts';
import {
  checkNames,
  ENDPOINTS,
  type IssuerOptions,
  issuerUrl,
  readEndpoints,
  secureUrl,
} from './issuer-options.ts';
import { ANY_ALGORITHM, discover } from './metadata.ts';
import { ServerClock } from './server-clock.ts';

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
  readonly proof: Dpop | undefined;
  readonly clock: ServerClock;
  /** Takes what is sent to the server out of what it says (rule S4), and out of what a client says. */
  redactor: Redactor = createRedactor();
  /** Hears what is to be mended. */
  events: EventSink = silence;
  readonly #options: IssuerOptions;
  readonly #issuer: URL | undefined;
  readonly #given: Partial<oauth.AuthorizationServer>;
  #discovery:
    | { readonly found: Promise<oauth.AuthorizationServer>; readonly signal?: AbortSignal }
    | undefined;

  /** @throws `ConfigError` `INVALID_OPTION`, `INSECURE_URL` */
  constructor(options: IssuerOptions) {
    if (typeof options.clientId !== 'string' || options.clientId === '')
      throw invalidOption(
        'clientId is empty, or no text. It is the client identifier that the authorization server gave you; if it comes ' +
          'from process.env, check that it is set.',
      );
    checkNames(options);
    this.#options = options;
    this.#issuer = options.issuer === undefined ? undefined : issuerUrl('issuer', options.issuer);
    this.#given = readEndpoints(options.endpoints);
    if (this.#issuer === undefined && this.#given.token_endpoint === undefined)
      throw invalidOption('An OAuth grant needs issuer, or endpoints: { token }.');
    this.client = { client_id: options.clientId };
    this.clock = new ServerClock(this.client);
    this.authentication = clientAuthentication(options);
    this.#hideSecret();
    const place = this.#issuer?.href ?? this.#given.token_endpoint ?? '';
    this.proof = options.dpop && Dpop.of(options.dpop, `${place} ${options.clientId}`);
  }

  /** What a source has besides, whatever its grant. */
  get common(): Pick<TokenSource, 'connect' | 'proof'> {
    return { connect: (host) => this.connect(host), ...(this.proof && { proof: this.proof }) };
  }

  /** From now on a client and this issuer hide each other's secrets: whatever an API says may hold any of them. */
  connect({ events, redactor }: Host): void {
    this.events = events;
    this.redactor = redactor;
    this.#hideSecret();
  }

  /** Whether the client proves itself with what it signs (RFC 7523 §2.2). */
  get signs(): boolean {
    return typeof this.#options.clientAuthentication === 'object';
  }

  get scopes(): readonly string[] {
    return this.#options.scopes ?? [];
  }

  /** The server's metadata, fetched once. What fails is fetched again the next time. */
  metadata(signal?: AbortSignal): Promise<oauth.AuthorizationServer> {
    const other = this.#discovery;
    if (other)
      return other.found.catch((error: unknown) => {
        // That who asked first has gone is no answer to anybody else.
        if (other.signal?.aborted === true && signal?.aborted !== true) return this.metadata(signal);
        throw error;
      });
    const found = this.#discover(signal).catch((error: unknown) => {
      this.#discovery = undefined;
      throw error;
    });
    this.#discovery = { found, ...(signal && { signal }) };
    return found;
  }

  request(signal?: AbortSignal): RequestOptions {
    return {
      ...(signal && { signal }),
      [oauth.customFetch]: boundedFetch(this.#options.fetch ?? platformFetch),
      // Checked before: only loopback is left.
      [oauth.allowInsecureRequests]: true,
    };
  }

  /** The same for a token endpoint, whose tokens are bound to the key where there is one. */
  tokenRequest(signal?: AbortSignal): RequestOptions {
    const request = this.request(signal);
    const { proof } = this;
    return proof ? { ...request, [oauth.customFetch]: proof.bind(request[oauth.customFetch]) } : request;
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

  #hideSecret(): void {
    const { clientSecret } = this.#options;
    if (clientSecret !== undefined) this.redactor.add('client secret', clientSecret);
  }

  async #discover(signal: AbortSignal | undefined): Promise<oauth.AuthorizationServer> {
    const issuer = this.#issuer;
    const { token_endpoint: token } = this.#given;
    if (issuer === undefined || token !== undefined)
      return {
        ...ANY_ALGORITHM,
        issuer: String(this.#options.issuer ?? new URL(token ?? '').origin),
        ...this.#given,
      };
    const found = await discover(issuer, this.request(signal));
    const metadata = { ...ANY_ALGORITHM, ...found, ...this.#given };
    if (metadata.token_endpoint === undefined)
      throw invalidOption('The authorization server names no token endpoint. Pass endpoints: { token }.');
    for (const name of Object.values(ENDPOINTS)) {
      if (metadata[name] !== undefined) secureUrl(name, metadata[name]);
    }
    return metadata;
  }
}
