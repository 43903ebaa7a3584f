import type { Need } from '../contracts.ts';
import { invalidOption } from '../options.ts';

/** A token for its own audience or with its own scopes (rule T12). A strategy without tokens takes no notice. */
export interface TokenNeed {
  /** Scopes that the token has to be asked with (RFC 6749 §3.3). Their order does not matter. */
  readonly scopes?: readonly string[] | undefined;
  /** What the token is for: an audience or a resource identifier (RFC 8707), as its issuer names it. */
  readonly audience?: string | undefined;
}

/** What a request asks of authentication: none, none if nobody is signed in, or a token of its own kind. */
export type RequestAuth = false | 'optional' | TokenNeed;

/** The same, checked, with sorted scopes. */
export type Auth = false | 'optional' | Need | undefined;

/** What asks for nothing in particular. */
export const NO_NEED: Need = /* @__PURE__ */ Object.freeze({
  scopes: /* @__PURE__ */ Object.freeze([]),
  // Named, so that none is read from a polluted prototype (rule S8).
  audience: undefined,
});

export function needOf(auth: Auth): Need {
  return typeof auth === 'object' ? auth : NO_NEED;
}

/**
 * Checks `auth`. What a request leaves out, its client's `auth` says.
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function readAuth(auth: unknown, inherited?: Auth): Auth {
  if (auth === undefined) return inherited;
  if (auth === false || auth === 'optional') return auth;
  if (typeof auth !== 'object' || auth === null || Array.isArray(auth)) throw notAuth();
  const { scopes, audience, ...rest } = { ...auth } as Record<string, unknown>;
  if (Object.keys(rest).length > 0) throw notAuth();
  const base = needOf(inherited);
  return {
    scopes: scopes === undefined ? base.scopes : readScopes('auth.scopes', scopes),
    audience: audience === undefined ? base.audience : readAudience(audience),
  };
}

/** `scope-token` of RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Each scope once, sorted: a set has no order. */
export function readScopes(name: string, scopes: unknown): readonly string[] {
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string' && SCOPE.test(scope)))
    throw invalidOption(`${name} is a list of scopes such as ['orders:read', 'orders:write'].`);
  return [...new Set(scopes as readonly string[])].sort();
}

function readAudience(audience: unknown): string {
  if (typeof audience === 'string' && audience !== '') return audience;
  throw invalidOption("auth.audience is a text such as 'https://api.example.com', or left out.");
}

function notAuth(): Error {
  return invalidOption(
    "auth is false (send bare), 'optional' (bare when nobody is signed in), { scopes, audience } or left out.",
  );
}
