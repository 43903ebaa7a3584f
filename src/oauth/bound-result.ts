import { type Binding, bindRefreshToken } from '../bound-refresh-token.ts';
import type { TokenResponse, TokenResult } from '../contracts.ts';

/** The refresh token goes back to its issuer and to nobody else, whatever the resource says by then. */
export async function bindResult(result: TokenResult, found: Binding): Promise<TokenResult> {
  if (result === null || typeof result === 'string') return result;
  if (!isResponse(result)) return bindTokens(result, found);
  if (!result.ok) return result;
  const tokens: unknown = await result
    .clone()
    .json()
    .catch(() => undefined);
  if (typeof tokens !== 'object' || tokens === null) return result;
  const { status, headers } = result;
  return new Response(JSON.stringify(bindTokens(tokens as TokenResponse, found)), { status, headers });
}

function bindTokens(tokens: TokenResponse, found: Binding): TokenResponse {
  const { refreshToken: camel, refresh_token: snake, ...rest } = tokens;
  // In the order in which the session reads them.
  const refreshToken = snake ?? camel;
  if (typeof refreshToken !== 'string' || refreshToken === '') return tokens;
  return { ...rest, refresh_token: bindRefreshToken(refreshToken, found) };
}

function isResponse(result: TokenResponse | Response): result is Response {
  return Object.prototype.toString.call(result) === '[object Response]';
}
