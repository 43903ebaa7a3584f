import type { AuthServer } from './auth-server.ts';
import type { TestUser } from './token-desk.ts';

/** Who sent a request; else the challenge: whoever sent no token is told the scheme and no error (RFC 6750 §3.1). */
export function bearerIn(
  { headers }: Request,
  server: Pick<AuthServer, 'check'>,
): { readonly challenge: string } | { readonly user: TestUser } {
  const [, token] = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '') ?? [];
  if (token === undefined) return { challenge: 'Bearer' };
  const found = server.check(token);
  if (!('refused' in found)) return { user: found.user };
  return { challenge: `Bearer error="invalid_token", error_description="${found.refused}"` };
}

/** A 401 that says why (RFC 9110 §11.6.1). */
export function unauthorized(challenge: string): Response {
  return new Response(null, { status: 401, headers: { 'www-authenticate': challenge } });
}
