import type { Claims } from '../contracts.ts';

/**
 * The claims of a JWT (RFC 7519 §7.2), or `undefined` for any other text: an opaque token, a JWE, something
 * malformed. Nobody has checked the signature, so nothing here may decide what somebody is allowed to do.
 */
export function readClaims(token: string | undefined): Claims | undefined {
  const parts = token?.split('.') ?? [];
  const payload = parts[1];
  if (payload === undefined || parts.length !== 3) return undefined;
  try {
    const claims: unknown = JSON.parse(textOf(payload));
    const isClaims = typeof claims === 'object' && claims !== null && !Array.isArray(claims);
    return isClaims ? (claims as Claims) : undefined;
  } catch {
    return undefined;
  }
}

/** @throws for what is no base64, and for bytes that are no UTF-8: replaced, two users' ids could become one. */
function textOf(base64url: string): string {
  const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

/** A claim that is a number of seconds since the epoch, in milliseconds. */
export function timeClaim(claims: Claims | undefined, name: 'exp' | 'iat'): number | undefined {
  const value = claims !== undefined && Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'number' && Number.isFinite(value) ? value * 1000 : undefined;
}
