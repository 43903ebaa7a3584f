import process from 'node:process';
import type { TokenProvider } from '../../src/contracts.ts';

/** Redeems refresh tokens at the issuer, and says which process does. */
export function refreshAt(origin: string): TokenProvider {
  return ({ refreshToken, signal }) => {
    if (refreshToken === undefined) return null;
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'program',
      refresh_token: refreshToken,
    });
    return fetch(`${origin}/token`, {
      method: 'POST',
      body,
      signal,
      headers: { 'x-pid': String(process.pid) },
    });
  };
}
