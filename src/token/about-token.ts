import type { Challenge } from '../contracts.ts';

/**
 * Whether a 401 is one that a fresh token may mend: `invalid_token`, or no reason at all. A demand for a stronger
 * login or another scheme is the caller's to answer (rule T13).
 */
export function isAboutToken(challenge: Challenge | undefined): boolean {
  if (challenge === undefined) return true;
  const error = challenge.parameters.get('error');
  return (
    (challenge.scheme === 'bearer' || challenge.scheme === 'dpop') &&
    (error ?? 'invalid_token') === 'invalid_token'
  );
}
