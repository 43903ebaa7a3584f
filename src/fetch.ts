/**
 * `fetch-valet/fetch`: an authenticated `fetch`, without ky and without events.
 *
 * @module
 */
export type { Runtime } from './connection.ts';
export type * from './contracts.ts';
export {
  type AccessTokenOptions,
  accessToken,
  type CreateFetchOptions,
  createFetch,
  type StandaloneFetch,
} from './create-fetch.ts';
export {
  ConfigError,
  type ConfigErrorCode,
  type ErrorCode,
  type ErrorDetails,
  type RequestSummary,
  SessionError,
  type SessionErrorCode,
  TokenError,
  type TokenErrorCode,
  type TokenErrorDetails,
  ValetError,
} from './errors.ts';
export type { RequestAuth, TokenNeed } from './pipeline/auth.ts';
export type { FetchInit } from './pipeline/exchange.ts';
export type { PipelineOptions } from './pipeline/settings.ts';
export type { ValetFetch } from './pipeline.ts';
export { type ApiKeyOptions, apiKey, bearer } from './strategies/api-key.ts';
export { combine } from './strategies/combine.ts';
export type { ApiKeyContext, ApiKeyFunction } from './strategies/key-function.ts';
export type { PlacementOptions } from './strategies/placement.ts';
export type { TokenOptions } from './token/create-session.ts';
export type { UserReader } from './token/identity.ts';
