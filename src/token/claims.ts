import { jwtDecode } from 'jwt-decode';
import type { Claims } from '../contracts.ts';

/**
 * The claims of a JWT, or `undefined` for any other text: an opaque token, a JWE, something malformed.
 * Nobody has checked the signature, so nothing here may decide what somebody is allowed to do.
 */
export function readClaims(token: string | undefined): Claims | undefined {
  if (token === undefined) return undefined;
  try {
    // jwt-decode also hands out null, arrays and texts, and takes a token of two parts.
    const claims: unknown = jwtDecode(token);
    const isClaims = typeof claims === 'object' && claims !== null && !Array.isArray(claims);
    return isClaims && token.split('.').length === 3 ? (claims as Claims) : undefined;
  } catch {
    return undefined;
  }
}

/** A claim that is a number of seconds since the epoch, in milliseconds. */
export function timeClaim(claims: Claims | undefined, name: 'exp' | 'iat'): number | undefined {
  const value = claims !== undefined && Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'number' && Number.isFinite(value) ? value * 1000 : undefined;
}
