/**
 * `fetch-valet/oauth`: where tokens come from. Every grant is a token source for `new Client()` or `accessToken()`.
 *
 * @module
 */
export {
  type AuthorizationCodeOptions,
  type AuthorizationCodeSource,
  authorizationCode,
  type FinishedLogin,
  type SignInOptions,
} from './oauth/authorization-code.ts';
export type { ClientSecretOptions } from './oauth/client-authentication.ts';
export { type ClientCredentialsOptions, clientCredentials } from './oauth/client-credentials.ts';
export {
  type DeviceCode,
  type DeviceCodeOptions,
  type DeviceSignInOptions,
  type DeviceSource,
  deviceCode,
} from './oauth/device-code.ts';
export {
  type DiscoveredOptions,
  type DiscoveredSource,
  discovered,
  type FoundServer,
} from './oauth/discovered.ts';
export type { DpopOption } from './oauth/dpop-keys.ts';
export type { Endpoints, IssuerOptions } from './oauth/issuer-options.ts';
export { type JwtBearerOptions, jwtBearer } from './oauth/jwt-bearer.ts';
export type { KeyPair } from './oauth/key-pair.ts';
export type { LoginPage } from './oauth/login-page.ts';
export type { LoginStorage } from './oauth/pending-logins.ts';
export { type RefreshTokenOptions, refreshToken } from './oauth/refresh-token.ts';
export { type TokenExchangeOptions, tokenExchange } from './oauth/token-exchange.ts';
