import * as oauth from 'oauth4webapi';
import type { EndedSession } from '../contracts.ts';
import { TokenError } from '../errors.ts';
import { reasonOf } from '../reason.ts';
import type { Issuer } from './issuer.ts';
import { isBadMoment } from './login-errors.ts';
import { refusalIn } from './refusal.ts';

/**
 * Revokes the refresh token of a session that was signed out (RFC 7009), where the server has an endpoint for it.
 *
 * Rejects with `TokenError` where the server did not do it. The session is over here all the same.
 */
export async function revoke(issuer: Issuer, { refreshToken }: EndedSession): Promise<void> {
  if (refreshToken === undefined) return;
  const { redactor } = issuer;
  redactor.add('refresh token', refreshToken);
  const response = await ask(issuer, refreshToken).catch((cause: unknown) => {
    const copy = redactor.copy(cause);
    throw unrevoked(reasonOf(copy) ?? copy.message, 'TOKEN_ENDPOINT_UNAVAILABLE', { cause: copy });
  });
  if (response === undefined || response.ok) return;
  const { status } = response;
  // Masked before it is cut: a part of a secret would not be found.
  const masked = new Response(redactor.text(await response.text()));
  const { oauthError, description } = await refusalIn(masked);
  const said = [`status ${status}`, oauthError, description].filter(Boolean).join(', ');
  const code = isBadMoment(status) ? 'TOKEN_ENDPOINT_UNAVAILABLE' : 'TOKEN_ENDPOINT_REJECTED';
  throw unrevoked(said, code, { oauthError, status });
}

async function ask(issuer: Issuer, refreshToken: string): Promise<Response | undefined> {
  const server = await issuer.metadata();
  if (server.revocation_endpoint === undefined) return undefined;
  const { client, authentication } = issuer;
  const options = { ...issuer.request(), additionalParameters: { token_type_hint: 'refresh_token' } };
  return oauth.revocationRequest(server, client, authentication, refreshToken, options);
}

function unrevoked(
  said: string,
  code: 'TOKEN_ENDPOINT_UNAVAILABLE' | 'TOKEN_ENDPOINT_REJECTED',
  details: { readonly oauthError?: string | undefined; readonly status?: number; readonly cause?: Error },
): TokenError {
  return new TokenError(code, {
    message:
      `Signed out here, but the server has not taken back the refresh token: ${said}. ` +
      'It stays good there until it expires.',
    ...details,
  });
}
