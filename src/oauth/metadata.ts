import * as oauth from 'oauth4webapi';
import { TokenError } from '../errors.ts';
import { createRedactor } from '../redact.ts';

/** What a server signs ID tokens with that does not say so. They come straight from it, and are not verified again. */
export const ANY_ALGORITHM: Pick<oauth.AuthorizationServer, 'id_token_signing_alg_values_supported'> = {
  id_token_signing_alg_values_supported: ['RS', 'PS', 'ES', 'HS']
    .flatMap((family) => [`${family}256`, `${family}384`, `${family}512`])
    .concat('EdDSA', 'Ed25519'),
};

/** What is asked with: an own `fetch`, and perhaps a signal. */
type DiscoveryOptions = NonNullable<Parameters<typeof oauth.discoveryRequest>[1]>;

/** A document that is not there yet, or of which only this copy is broken: it may be asked for again. */
const TEMPORARY: ReadonlySet<unknown> = new Set([
  oauth.RESPONSE_IS_NOT_JSON,
  oauth.RESPONSE_IS_NOT_CONFORM,
  oauth.PARSE_ERROR,
]);

/**
 * The metadata of an authorization server: OpenID Connect Discovery 1.0, else RFC 8414.
 *
 * Rejects with `TokenError` `TOKEN_ENDPOINT_UNAVAILABLE` for a bad moment of the server, and with
 * `TOKEN_ENDPOINT_REJECTED` where asking again cannot help: there is no such document, or it is another issuer's.
 */
export async function discover(issuer: URL, options: DiscoveryOptions): Promise<oauth.AuthorizationServer> {
  let response = await oauth.discoveryRequest(issuer, options);
  if (isRefusal(response.status))
    response = await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' });
  const { status, ok } = response;
  if (!ok)
    throw undiscovered(issuer, `its metadata document answered ${status}`, !isRefusal(status), { status });
  try {
    return await oauth.processDiscoveryResponse(issuer, response);
  } catch (error) {
    const isTemporary = TEMPORARY.has((error as { code?: unknown }).code);
    const what = isTemporary ? 'is not JSON' : 'is not that of this issuer';
    const cause = createRedactor().copy(error);
    throw undiscovered(issuer, `its metadata document ${what}`, isTemporary, { cause });
  }
}

/** The same question has the same answer (rule T6). That redirects are not followed is one. */
function isRefusal(status: number): boolean {
  return status >= 300 && status < 500 && status !== 408 && status !== 429;
}

function undiscovered(
  issuer: URL,
  what: string,
  retryable: boolean,
  details: { readonly status?: number; readonly cause?: Error },
): TokenError {
  return new TokenError(retryable ? 'TOKEN_ENDPOINT_UNAVAILABLE' : 'TOKEN_ENDPOINT_REJECTED', {
    message: `No access token: ${issuer.href} was not found to be an authorization server: ${what}. Check issuer, or pass endpoints.`,
    retryable,
    ...details,
  });
}
