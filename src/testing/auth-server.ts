import { systemClock } from '../clock.ts';
import type { Clock, SessionUser, TokenProvider, TokenResponse } from '../contracts.ts';
import { checkDuration, checkKeys, invalidOption } from '../options.ts';
import { type CheckedToken, type TestUser, TokenDesk } from './token-desk.ts';
import { clientOf, refusalIn, TokenEndpoint } from './token-endpoint.ts';

/** Options of an authorization server in memory. */
export interface AuthServerOptions {
  /** The issuer identifier: `https://id.test` unless said otherwise. */
  readonly issuer?: string | undefined;
  /** The only client that is served. Any unless said otherwise. */
  readonly clientId?: string | undefined;
  /** When tokens expire is told by this clock: give it the one of the client. */
  readonly clock?: Pick<Clock, 'now'> | undefined;
  /** The life of an access token in milliseconds: 300 000. */
  readonly ttl?: number | undefined;
  /** Whether a refresh token is good for one use (RFC 9700 §4.14). It is unless said otherwise. */
  readonly rotation?: boolean | undefined;
  /** Whether the second use of a refresh token ends its session. It does unless said otherwise. */
  readonly reuseDetection?: boolean | undefined;
}

/** What a sign-in is asked with. */
export interface LoginOptions {
  readonly scopes?: readonly string[] | undefined;
  readonly audience?: string | undefined;
}

/** An authorization server in memory, for tests. Its users need no password. */
export interface AuthServer {
  readonly issuer: string;
  readonly clock: Pick<Clock, 'now'>;
  /** The life of an access token in milliseconds. */
  readonly ttl: number;
  /** Who signs in at its pages: `test-user` unless said otherwise. */
  user: SessionUser | TestUser;
  /** While it is `true` the server answers 503, as in an outage. */
  down: boolean;
  /** What a sign-in of `user` brings: for `session.signIn()` or `initial`. */
  login(user?: SessionUser | TestUser, options?: LoginOptions): TokenResponse;
  /** Redeems refresh tokens without a network: `accessToken(server.provider)`. */
  readonly provider: TokenProvider;
  /** Whose access token this is, or why it is refused. */
  check(accessToken: string): CheckedToken;
  /** Refuses every access token so far. Refresh tokens still work. */
  revokeAccessTokens(): void;
  /** Ends every session so far: its refresh tokens are refused. */
  endSessions(): void;
  /** The user of a device types in its code (RFC 8628). */
  approve(userCode: string, user?: SessionUser | TestUser): void;
  /** How many refresh tokens were redeemed with success. */
  readonly refreshes: number;
  /** How often a refresh token was sent that had been redeemed before: above 0, a session was lost. */
  readonly reuses: number;
  /** Every secret so far, for `expectNoSecrets()`. */
  readonly secrets: readonly string[];
  /** Answers a request to the server: metadata, `/authorize`, `/token`, `/device_authorization`, `/revoke`. */
  answer(request: Request): Promise<Response>;
}

const OPTIONS = ['issuer', 'clientId', 'clock', 'ttl', 'rotation', 'reuseDetection'];

/** @throws `ConfigError` `INVALID_OPTION` */
export function createAuthServer(options: AuthServerOptions = {}): AuthServer {
  const own = checkKeys('createAuthServer()', options, OPTIONS);
  const { clientId, clock = systemClock, ttl = 300_000, rotation = true, reuseDetection = true } = own;
  const issuer = issuerOf(own.issuer ?? 'https://id.test');
  checkDuration('ttl', ttl);
  if (ttl < 1000) throw invalidOption('ttl is in milliseconds: a token lives for 1000 or more.');
  const desk = new TokenDesk({ issuer, clock, ttl, rotation, reuseDetection });
  return new MemoryAuthServer(desk, new TokenEndpoint(desk, clientId));
}

export class MemoryAuthServer implements AuthServer {
  user: SessionUser = { id: 'test-user' };
  down = false;
  readonly #desk: TokenDesk;
  readonly #endpoint: TokenEndpoint;

  constructor(desk: TokenDesk, endpoint: TokenEndpoint) {
    this.#desk = desk;
    this.#endpoint = endpoint;
  }

  get issuer(): string {
    return this.#desk.options.issuer;
  }

  get clock(): Pick<Clock, 'now'> {
    return this.#desk.options.clock;
  }

  get ttl(): number {
    return this.#desk.options.ttl;
  }

  get refreshes(): number {
    return this.#desk.refreshes;
  }

  get reuses(): number {
    return this.#desk.reuses;
  }

  get secrets(): readonly string[] {
    return [...this.#desk.secrets, ...this.#endpoint.secrets];
  }

  login(user: SessionUser = this.user, { scopes = [], audience }: LoginOptions = {}): TokenResponse {
    return this.#desk.signIn({ user, scopes, audience });
  }

  readonly provider: TokenProvider = ({ refreshToken, scopes, audience }) => {
    if (refreshToken === undefined) return null;
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
    if (scopes.length > 0) form.set('scope', scopes.join(' '));
    if (audience !== undefined) form.set('resource', audience);
    return this.#token(form, null);
  };

  check(accessToken: string): CheckedToken {
    return this.#desk.check(accessToken);
  }

  /** Whom the access token with this `jti` was issued for: the very object that signed in. */
  userOf(jti: unknown): SessionUser | undefined {
    return this.#desk.userOf(jti);
  }

  revokeAccessTokens(): void {
    this.#desk.revokeAccessTokens();
  }

  endSessions(): void {
    this.#desk.endSessions();
  }

  approve(userCode: string, user: SessionUser = this.user): void {
    if (!this.#endpoint.approve(userCode, user))
      throw invalidOption('approve() takes the user code that a device was given, while it is good.');
  }

  async answer(request: Request): Promise<Response> {
    const { pathname, searchParams, href } = new URL(request.url);
    const path = href.startsWith(this.issuer) ? pathname.slice(new URL(this.issuer).pathname.length - 1) : '';
    if (/^\/?\.well-known\/(?:openid-configuration|oauth-authorization-server)$/.test(path))
      return this.#json(this.#metadata());
    if (path.endsWith('/authorize'))
      return this.#try(() => this.#endpoint.authorize(searchParams, this.user));
    if (request.method !== 'POST') return this.#json({ error: 'not_found' }, 404);
    const form = new URLSearchParams(await request.text());
    if (path.endsWith('/token')) return this.#token(form, clientOf(request, form));
    if (path.endsWith('/device_authorization'))
      return this.#try(() => this.#json(this.#endpoint.startDevice(form)));
    if (!path.endsWith('/revoke')) return this.#json({ error: 'not_found' }, 404);
    this.#desk.revoke(form.get('token') ?? '');
    return this.#json({});
  }

  #token(form: URLSearchParams, clientId: string | null): Promise<Response> {
    return this.#try(async () => this.#json(await this.#endpoint.token(form, clientId)));
  }

  async #try(run: () => Response | Promise<Response>): Promise<Response> {
    if (this.down) return this.#json({ error: 'temporarily_unavailable' }, 503);
    try {
      return await run();
    } catch (error) {
      const { status, body } = refusalIn(error);
      return this.#json(body, status);
    }
  }

  #metadata(): object {
    const { issuer } = this;
    return {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      revocation_endpoint: `${issuer}/revoke`,
      device_authorization_endpoint: `${issuer}/device_authorization`,
      response_types_supported: ['code'],
      authorization_response_iss_parameter_supported: true,
    };
  }

  #json(body: object, status = 200): Response {
    // Those who check an id token do so by this clock, whatever the platform's says.
    const date = new Date(this.clock.now()).toUTCString();
    return Response.json(body, { status, headers: { 'cache-control': 'no-store', date } });
  }
}

function issuerOf(issuer: string): string {
  if (/^https?:$/.test(URL.parse(issuer)?.protocol ?? '')) return issuer.replace(/\/$/, '');
  throw invalidOption("issuer is a URL, such as 'https://id.test'.");
}
