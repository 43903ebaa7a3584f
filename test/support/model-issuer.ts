import type { TokenResponse } from '../../src/contracts.ts';
import { createJwt } from './jwt.ts';

export type UserId = 'ada' | 'bob';

/** What a session of the model is made with. */
export interface TokenKind {
  /** Seconds; `undefined`: the issuer does not tell. */
  readonly lifetime: number | undefined;
  /** Whether the access token tells when it ends, as most JWTs do. */
  readonly tells: boolean;
  /** Whether refresh tokens come along. Each can be used once. */
  readonly rotates: boolean;
}

/** One access token that the issuer has made. */
export interface Issued {
  readonly value: string;
  readonly user: UserId;
  /** The slot that asked for it; `undefined` for that of a login until it is first sent. */
  slot: string | undefined;
  readonly scopes: ReadonlySet<string>;
  /** The end in the issuer's time. */
  readonly end: number;
  revoked: boolean;
  /** When it came to the client, on the client's clocks. */
  receipt: { readonly wall: number; readonly monotonic: number; readonly lapse: number } | undefined;
  /** It came to nobody: the call was superseded. */
  lost: boolean;
  /** The epoch that it was first sent in. */
  epoch: number | undefined;
}

interface Family {
  readonly user: UserId;
  newest: string;
  dead: boolean;
}

export interface Wanted {
  readonly scopes: readonly string[];
  readonly audience?: string | undefined;
}

/** Scopes that a step-up adds: they do not name the slot. */
const FURTHER: ReadonlySet<string> = new Set(['write', 'basic']);

export function slotOf({ audience, scopes }: Wanted): string {
  return `${audience ?? ''}[${scopes.filter((scope) => !FURTHER.has(scope)).join(' ')}]`;
}

/**
 * An issuer as strict as they come: each refresh token is good for one use, and a second use kills all that came
 * of the same login.
 */
export class Issuer {
  readonly #kind: TokenKind;
  readonly #families = new Map<string, Family>();
  readonly #tokens = new Map<string, Issued>();
  #count = 0;

  constructor(kind: TokenKind) {
    this.#kind = kind;
  }

  /** What a login brings. */
  login(user: UserId, now: number, wanted?: Wanted): [Issued, TokenResponse] {
    const family: Family = { user, newest: '', dead: false };
    return this.#issue(
      family,
      now,
      wanted ?? { scopes: [] },
      wanted === undefined ? undefined : slotOf(wanted),
    );
  }

  /** What a refresh token buys; `undefined`: it buys nothing any more. */
  redeem(refreshToken: string, now: number, wanted: Wanted): [Issued, TokenResponse] | undefined {
    const family = this.#families.get(refreshToken);
    if (family === undefined || family.dead) return undefined;
    if (family.newest !== refreshToken) {
      family.dead = true;
      return undefined;
    }
    return this.#issue(family, now, wanted, slotOf(wanted));
  }

  userOf(refreshToken: string): UserId | undefined {
    return this.#families.get(refreshToken)?.user;
  }

  kill(refreshToken: string): void {
    const family = this.#families.get(refreshToken);
    if (family) family.dead = true;
  }

  find(value: string): Issued | undefined {
    return this.#tokens.get(value);
  }

  /** All access tokens become worthless at once. */
  revokeAll(): void {
    for (const token of this.#tokens.values()) token.revoked = true;
  }

  #issue(family: Family, now: number, wanted: Wanted, slot: string | undefined): [Issued, TokenResponse] {
    const { lifetime, tells, rotates } = this.#kind;
    const { user } = family;
    const number = ++this.#count;
    const iat = Math.floor(now / 1000);
    const told = tells && lifetime !== undefined ? { iat, exp: iat + lifetime } : {};
    const value = createJwt({ sub: user, jti: number, ...told });
    const end = lifetime === undefined ? Number.POSITIVE_INFINITY : now + lifetime * 1000;
    const token = { value, user, slot, scopes: new Set(wanted.scopes), end, revoked: false };
    const issued: Issued = { ...token, receipt: undefined, lost: false, epoch: undefined };
    this.#tokens.set(value, issued);
    const refreshToken = `refresh-${number}`;
    if (rotates) {
      family.newest = refreshToken;
      this.#families.set(refreshToken, family);
    }
    return [
      issued,
      {
        access_token: value,
        id_token: createJwt({ sub: user }),
        scope: wanted.scopes.join(' '),
        ...(rotates && { refresh_token: refreshToken }),
        ...(lifetime !== undefined && { expires_in: lifetime }),
      },
    ];
  }
}
