import { randomUUID } from 'node:crypto';
import { errors, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { json, problem } from './http.ts';

export interface DemoUser {
  readonly id: string;
  readonly name: string;
}

/** What the token endpoint answers, in the words of RFC 6749. */
export interface DemoTokens {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly refresh_token: string;
  readonly scope: string;
}

/** `down` answers 503 with `Retry-After: 2`; `html` answers a page, as a captive portal or a proxy would. */
export type TokenEndpointMode = 'ok' | 'down' | 'html';

/** One sign-in and all the refresh tokens that descend from it. */
interface Family {
  readonly user: DemoUser;
  alive: boolean;
}

// Names, not addresses: they stay the same while the port changes with every start.
const issuer = 'https://sign-in.example';
const audience = 'https://orders.example';
const scope = 'orders:read orders:write';
const noStore = { 'cache-control': 'no-store' };

/** Issues, rotates, checks and revokes tokens. */
export class TokenEndpoint {
  mode: TokenEndpointMode = 'ok';
  /** How many refresh tokens were redeemed with success. */
  refreshes = 0;
  readonly #lifetime: number;
  readonly #keys = generateKeyPair('ES256');
  readonly #refreshTokens = new Map<string, { readonly family: Family; used: boolean }>();
  /** The `jti` of every access token that was not revoked; `iat` counts whole seconds, too coarse to tell. */
  readonly #unrevoked = new Set<string>();

  constructor(lifetime: number) {
    this.#lifetime = lifetime;
  }

  signIn(user: DemoUser): Promise<DemoTokens> {
    return this.#issue({ user, alive: true });
  }

  revokeAccessTokens(): void {
    this.#unrevoked.clear();
  }

  /** `POST /token`, RFC 6749 section 6. */
  async answer(request: Request): Promise<Response> {
    if (this.mode === 'down') {
      return problem(503, 'Service Unavailable', 'Signing in is down.', { 'retry-after': '2', ...noStore });
    }
    if (this.mode === 'html') {
      const headers = { 'content-type': 'text/html; charset=utf-8', ...noStore };
      return new Response('<!doctype html><title>Welcome to the hotel Wi-Fi</title>', { headers });
    }
    if (request.method !== 'POST') {
      return problem(405, 'Method Not Allowed', 'The token endpoint takes POST.', { allow: 'POST' });
    }
    if (!request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded')) {
      return refusal('invalid_request', 'the body is not form-encoded');
    }
    const form = new URLSearchParams(await request.text());
    const refreshToken = form.get('refresh_token');
    if (form.get('grant_type') !== 'refresh_token') {
      return refusal('unsupported_grant_type', 'only refresh_token is supported');
    }
    if (refreshToken === null) return refusal('invalid_request', 'refresh_token is missing');
    return this.#redeem(refreshToken);
  }

  /** Who the access token speaks for, or in a sentence why it is refused. */
  async check(accessToken: string): Promise<{ user: DemoUser } | { refused: string }> {
    try {
      const { publicKey } = await this.#keys;
      const required = { issuer, audience, requiredClaims: ['exp', 'jti'] };
      const { payload } = await jwtVerify<{ name: string }>(accessToken, publicKey, required);
      if (!this.#unrevoked.has(payload.jti ?? '')) return { refused: 'the access token was revoked' };
      return { user: { id: payload.sub ?? '', name: payload.name } };
    } catch (error) {
      if (error instanceof errors.JWTExpired) return { refused: 'the access token expired' };
      if (error instanceof errors.JWTClaimValidationFailed)
        return { refused: `the claim ${error.claim} is not allowed` };
      return { refused: 'the access token is not valid' };
    }
  }

  async #redeem(refreshToken: string): Promise<Response> {
    const known = this.#refreshTokens.get(refreshToken);
    if (known === undefined) return refusal('invalid_grant', 'the refresh token is not known');
    if (known.used) {
      // Whoever comes second may be a thief or the victim. Nobody can tell, so all of them sign in again.
      known.family.alive = false;
      return refusal('invalid_grant', 'the refresh token was used before');
    }
    if (!known.family.alive) return refusal('invalid_grant', 'the session was ended');
    // Marked before the first await, so that of two simultaneous uses only one wins.
    known.used = true;
    this.refreshes += 1;
    return json(await this.#issue(known.family), 200, noStore);
  }

  async #issue(family: Family): Promise<DemoTokens> {
    const jti = randomUUID();
    const refreshToken = randomUUID();
    this.#unrevoked.add(jti);
    this.#refreshTokens.set(refreshToken, { family, used: false });
    const issuedAt = Math.floor(Date.now() / 1000);
    const { privateKey } = await this.#keys;
    const accessToken = await new SignJWT({ name: family.user.name, scope })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(family.user.id)
      .setJti(jti)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + this.#lifetime)
      .sign(privateKey);
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: this.#lifetime,
      refresh_token: refreshToken,
      scope,
    };
  }
}

function refusal(error: string, description: string): Response {
  return json({ error, error_description: description }, 400, noStore);
}
