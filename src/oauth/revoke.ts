import * as oauth from 'oauth4webapi';
import type { EndedSession } from '../contracts.ts';
import { TokenError } from '../errors.ts';
import { reasonOf } from '../reason.ts';
import type { Issuer } from './issuer.ts';
import { isBadMoment } from './login-errors.ts';
import { refusalIn } from './refusal.ts';

/** What is revoked, as RFC 7009 §2.1 names it. */
type Kind = 'refresh_token' | 'access_token';

/**
 * Revokes the refresh token of a session that was signed out, and with it all that was issued for it (RFC 7009 §2.1);
 * without one its access token. Where the server has no endpoint for it nothing happens.
 *
 * Rejects with `TokenError` where the server did not do it. The session is over here all the same.
 */
export async function revoke(issuer: Issuer, { refreshToken, accessToken }: EndedSession): Promise<void> {
  const kind = refreshToken === undefined ? 'access_token' : 'refresh_token';
  const token = refreshToken ?? accessToken;
  if (token === undefined) return;
  const { redactor } = issuer;
  redactor.add(kind, token);
  const response = await ask(issuer, token, kind).catch((cause: unknown) => {
    const copy = redactor.copy(cause);
    throw unrevoked(kind, reasonOf(copy) ?? copy.message, 'TOKEN_ENDPOINT_UNAVAILABLE', { cause: copy });
  });
  if (response === undefined || response.ok) return;
  const { status } = response;
  // Masked before it is cut: a part of a secret would not be found.
  const masked = new Response(redactor.text(await response.text()));
  const { oauthError, description } = await refusalIn(masked);
  // Servers need not know how to (RFC 7009 §2), and such a token ends soon.
  if (kind === 'access_token' && oauthError === 'unsupported_token_type') return;
  const said = [`status ${status}`, oauthError, description].filter(Boolean).join(', ');
  const code = isBadMoment(status) ? 'TOKEN_ENDPOINT_UNAVAILABLE' : 'TOKEN_ENDPOINT_REJECTED';
  throw unrevoked(kind, said, code, { oauthError, status });
}

async function ask(issuer: Issuer, token: string, kind: Kind): Promise<Response | undefined> {
  const server = await issuer.metadata();
  if (server.revocation_endpoint === undefined) return undefined;
  const { client, authentication } = issuer;
  const options = { ...issuer.request(), additionalParameters: { token_type_hint: kind } };
  return oauth.revocationRequest(server, client, authentication, token, options);
}

function unrevoked(
  kind: Kind,
  said: string,
  code: 'TOKEN_ENDPOINT_UNAVAILABLE' | 'TOKEN_ENDPOINT_REJECTED',
  details: { readonly oauthError?: string | undefined; readonly status?: number; readonly cause?: Error },
): TokenError {
  return new TokenError(code, {
    message:
      `Signed out here, but the server has not taken back the ${kind.replace('_', ' ')}: ${said}. ` +
      'It stays good there until it expires.',
    ...details,
  });
}
