import { readBound } from '../bound-refresh-token.ts';
import type { Redactor } from '../redact.ts';
import type { Grant } from './token-response.ts';

/** Keeps what a grant holds out of everything that is said from now on (rule S4). */
export function redactGrant(redactor: Redactor, { value, refreshToken, idToken }: Partial<Grant>): void {
  if (value !== undefined) redactor.add('access_token', value);
  if (refreshToken !== undefined) {
    redactor.add('refresh_token', refreshToken);
    // What goes to the issuer, and may come back in its words.
    const bound = readBound(refreshToken);
    if (bound) redactor.add('refresh_token', bound.refreshToken);
  }
  if (idToken !== undefined) redactor.add('id_token', idToken);
}
