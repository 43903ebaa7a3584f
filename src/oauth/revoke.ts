import * as oauth from 'oauth4webapi';
import type { EndedSession } from '../contracts.ts';
import type { Issuer } from './issuer.ts';

/** Revokes the refresh token of a session that was signed out (RFC 7009), where the server has an endpoint for it. */
export async function revoke(issuer: Issuer, { refreshToken }: EndedSession): Promise<void> {
  if (refreshToken === undefined) return;
  const server = await issuer.metadata();
  if (server.revocation_endpoint === undefined) return;
  const { client, authentication } = issuer;
  const options = { ...issuer.request(), additionalParameters: { token_type_hint: 'refresh_token' } };
  const response = await oauth.revocationRequest(server, client, authentication, refreshToken, options);
  await oauth.processRevocationResponse(response);
}
