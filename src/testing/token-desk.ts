import type { Clock, SessionUser, TokenResponse } from '../contracts.ts';
import { invalidOption } from '../options.ts';
import { encodeJwt } from './jwt.ts';
import { randomText } from './text.ts';

/** A user of a test: an id, and what else the app knows of its users. */
export type TestUser = SessionUser & Readonly<Record<string, unknown>>;

/** Whose token a server was sent, or in a sentence why it refuses it. */
export type CheckedToken =
  | { readonly user: TestUser; readonly scopes: readonly string[] }
  | { readonly refused: string };

/** What tokens are issued for. */
export interface Granted {
  readonly user: SessionUser;
  readonly scopes: readonly string[];
  readonly audience?: string | undefined;
  readonly clientId?: string | undefined;
  /** Of an authorization request, for the id token. */
  readonly nonce?: string | undefined;
}

/** A token response in the words of RFC 6749 §5.1. */
export type IssuedTokens = Required<
  Pick<TokenResponse, 'access_token' | 'token_type' | 'expires_in' | 'scope'>
> &
  Pick<TokenResponse, 'refresh_token' | 'id_token'> & { readonly access_token: string };

export interface TokenDeskOptions {
  readonly issuer: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Milliseconds. */
  readonly ttl: number;
  readonly rotation: boolean;
  readonly reuseDetection: boolean;
}

/** One sign-in and all the refresh tokens that descend from it. */
interface Family {
  readonly granted: Granted;
  isAlive: boolean;
}

/** Why a refresh token is refused. */
export class RefusedGrant extends Error {}

/** Issues, rotates, checks and revokes tokens, with no network. */
export class TokenDesk {
  /** How many refresh tokens were redeemed with success. */
  refreshes = 0;
  /** How often a refresh token was redeemed that had been redeemed before. */
  reuses = 0;
  readonly options: TokenDeskOptions;
  readonly #access = new Map<
    string,
    Granted & { readonly jti: string; readonly end: number; isRevoked: boolean }
  >();
  readonly #refresh = new Map<string, { readonly family: Family; isUsed: boolean }>();
  readonly #idTokens: string[] = [];

  constructor(options: TokenDeskOptions) {
    this.options = options;
  }

  /** Every token so far. */
  get secrets(): readonly string[] {
    return [...this.#access.keys(), ...this.#refresh.keys(), ...this.#idTokens];
  }

  /** The first tokens of a sign-in. */
  signIn(granted: Granted): IssuedTokens {
    checkUser(granted.user);
    if (!Array.isArray(granted.scopes))
      throw invalidOption("scopes is a list of texts, such as ['orders:read'].");
    return this.#issue({ granted, isAlive: true });
  }

  /** A token of a program for itself: without a user's sign-in nothing can be refreshed. */
  forService(granted: Granted): IssuedTokens {
    return this.#accessTokenFor(granted);
  }

  /**
   * Redeems a refresh token.
   *
   * @throws {@link RefusedGrant}
   */
  redeem(refreshToken: string, wanted: Partial<Granted> = {}): IssuedTokens {
    const known = this.#refresh.get(refreshToken);
    if (known === undefined) throw new RefusedGrant('the refresh token is not known');
    const { family } = known;
    if (known.isUsed) {
      this.reuses++;
      // Whoever comes second may be a thief or the victim. Nobody can tell, so both sign in again.
      if (this.options.reuseDetection) family.isAlive = false;
      throw new RefusedGrant('the refresh token was used before');
    }
    if (!family.isAlive) throw new RefusedGrant('the session was ended');
    this.refreshes++;
    const { scopes = [], audience, clientId } = wanted;
    const more = {
      ...(scopes.length > 0 && { scopes }),
      ...(audience !== undefined && { audience }),
      ...(clientId !== undefined && { clientId }),
    };
    if (!this.options.rotation)
      return { ...this.#accessTokenFor({ ...family.granted, ...more }), refresh_token: refreshToken };
    known.isUsed = true;
    return this.#issue(family, more);
  }

  /** What a protected API makes of an access token. */
  check(token: string): CheckedToken {
    const known = this.#access.get(token);
    if (known === undefined) return { refused: 'the access token is not known' };
    if (known.isRevoked) return { refused: 'the access token was revoked' };
    if (known.end <= this.options.clock.now()) return { refused: 'the access token expired' };
    const { user, scopes } = known;
    return { user: user as TestUser, scopes };
  }

  /** Whom the access token with this `jti` was issued for: the very object that signed in. */
  userOf(jti: unknown): SessionUser | undefined {
    return [...this.#access.values()].find((known) => known.jti === jti)?.user;
  }

  revokeAccessTokens(): void {
    for (const token of this.#access.values()) token.isRevoked = true;
  }

  endSessions(): void {
    for (const { family } of this.#refresh.values()) family.isAlive = false;
  }

  /** RFC 7009: a refresh token with all that descends from it, or one access token. */
  revoke(token: string): void {
    const family = this.#refresh.get(token)?.family;
    if (family) family.isAlive = false;
    const known = this.#access.get(token);
    if (known) known.isRevoked = true;
  }

  #issue(family: Family, more: Partial<Granted> = {}): IssuedTokens {
    const granted = { ...family.granted, ...more };
    const refreshToken = `refresh_${randomText()}`;
    this.#refresh.set(refreshToken, { family, isUsed: false });
    return {
      ...this.#accessTokenFor(granted),
      refresh_token: refreshToken,
      id_token: this.#idTokenFor(granted),
    };
  }

  #accessTokenFor(granted: Granted): IssuedTokens {
    const { issuer, clock, ttl } = this.options;
    const { user, scopes, audience } = granted;
    const now = clock.now();
    const { id, ...claims } = user;
    const [scope, jti] = [scopes.join(' '), randomText()];
    const value = encodeJwt({
      ...claims,
      iss: issuer,
      sub: id,
      ...(audience !== undefined && { aud: audience }),
      jti,
      iat: Math.floor(now / 1000),
      exp: Math.ceil((now + ttl) / 1000),
      scope,
    });
    this.#access.set(value, { ...granted, jti, end: now + ttl, isRevoked: false });
    return { access_token: value, token_type: 'Bearer', expires_in: ttl / 1000, scope };
  }

  #idTokenFor({ user: { id, ...claims }, clientId = 'test-client', nonce }: Granted): string {
    const { issuer, clock, ttl } = this.options;
    const now = clock.now();
    const times = { iat: Math.floor(now / 1000), exp: Math.ceil((now + ttl) / 1000) };
    const who = { ...claims, iss: issuer, sub: id, aud: clientId, jti: randomText(), ...times };
    const idToken = encodeJwt({ ...who, ...(nonce !== undefined && { nonce }) }, { alg: 'RS256' });
    this.#idTokens.push(idToken);
    return idToken;
  }
}

/** @throws `ConfigError` `INVALID_OPTION` */
export function checkUser(user: SessionUser | null): void {
  const id: unknown = user?.id;
  if (typeof id !== 'string' || id === '')
    throw invalidOption("A user has a text as id, such as { id: 'ada' }.");
}
