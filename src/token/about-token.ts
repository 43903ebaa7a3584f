import type { Challenge } from '../contracts.ts';

/**
 * Whether a 401 is one that a fresh token may mend: `invalid_token`, or no reason at all. A demand for a stronger
 * login or another scheme is the caller's to answer (rule T13). `own` is the scheme that the token was sent with.
 */
export function isAboutToken(challenge: Challenge | undefined, own = 'bearer'): boolean {
  if (challenge === undefined) return true;
  const isOurs = ['bearer', 'dpop', own.toLowerCase()].includes(challenge.scheme);
  return isOurs && (challenge.parameters.get('error') ?? 'invalid_token') === 'invalid_token';
}
