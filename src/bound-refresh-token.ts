/**
 * A refresh token together with the issuer and the resource that it is for, in one text: a session keeps it like any
 * other, in every store, and it can be redeemed nowhere else.
 *
 * @module
 */

/** Where a refresh token may be redeemed, and for what. */
export interface Binding {
  readonly issuer: string;
  readonly resource: string;
}

const MARK = 'bound.';

export function bindRefreshToken(refreshToken: string, { issuer, resource }: Binding): string {
  const binding = encodeURIComponent(JSON.stringify([issuer, resource])).replaceAll('.', '%2E');
  return `${MARK}${binding}.${refreshToken}`;
}

/** The parts of a bound refresh token; `undefined` where it is not bound. */
export function readBound(text: string): (Binding & { readonly refreshToken: string }) | undefined {
  const [, binding, refreshToken] = /^bound\.([^.]+)\.(.+)$/s.exec(text) ?? [];
  if (binding === undefined || refreshToken === undefined) return undefined;
  try {
    const [issuer, resource, ...rest] = JSON.parse(decodeURIComponent(binding)) as readonly unknown[];
    if (typeof issuer !== 'string' || typeof resource !== 'string' || rest.length > 0) return undefined;
    return { issuer, resource, refreshToken };
  } catch {
    return undefined;
  }
}
