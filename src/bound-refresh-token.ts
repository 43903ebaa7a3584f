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
  /** What the resource asked for in its 401. Nobody asks it again, and the next login is to ask for the same. */
  readonly scope?: string | undefined;
}

const MARK = 'bound.';

export function bindRefreshToken(refreshToken: string, to: Binding): string {
  const binding = encodeURIComponent(writeBinding(to)).replaceAll('.', '%2E');
  return `${MARK}${binding}.${refreshToken}`;
}

/** The parts of a bound refresh token; `undefined` where it is not bound. */
export function readBound(text: string): (Binding & { readonly refreshToken: string }) | undefined {
  const [, written, refreshToken] = /^bound\.([^.]+)\.(.+)$/s.exec(text) ?? [];
  if (written === undefined || refreshToken === undefined) return undefined;
  try {
    const binding = readBinding(decodeURIComponent(written));
    return binding && { ...binding, refreshToken };
  } catch {
    return undefined;
  }
}

export function writeBinding({ issuer, resource, scope }: Binding): string {
  return JSON.stringify(scope === undefined ? [issuer, resource] : [issuer, resource, scope]);
}

/** `undefined`: nobody of ours has written that. */
export function readBinding(text: string): Binding | undefined {
  try {
    const parts: unknown = JSON.parse(text);
    if (!Array.isArray(parts) || parts.length > 3) return undefined;
    if (!parts.every((part) => typeof part === 'string')) return undefined;
    const [issuer, resource, scope] = parts;
    return issuer === undefined || resource === undefined ? undefined : { issuer, resource, scope };
  } catch {
    return undefined;
  }
}
