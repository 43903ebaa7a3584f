import type { Challenge } from '../contracts.ts';

/** The scopes that a 403 asks for (RFC 6750 §3), where all of them may be asked for; else none. */
export function stepUpScopes(
  challenge: Challenge | undefined,
  allowed: ReadonlySet<string>,
): readonly string[] {
  if (challenge?.scheme !== 'bearer' && challenge?.scheme !== 'dpop') return [];
  const demanded = (challenge.parameters.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  return demanded.every((scope) => allowed.has(scope)) ? union(demanded) : [];
}

/** Each scope once, sorted. */
export function union(...sets: readonly Iterable<string>[]): readonly string[] {
  return [...new Set(sets.flatMap((set) => [...set]))].sort();
}

export function covers(scopes: Iterable<string>, wanted: readonly string[]): boolean {
  const held = new Set(scopes);
  return wanted.every((scope) => held.has(scope));
}
