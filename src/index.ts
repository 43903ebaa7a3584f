/**
 * `fetch-valet`: hand it your key or your token. It does the fetching.
 *
 * @module
 */

// The client
export { Client, type ClientOptions, type ExtendOptions } from './client.ts';
export type { Credential } from './credential.ts';
export type { VerbDefaults, VerbOptions } from './verbs/verb-options.ts';

// Strategies
export {
  accessToken,
  type AccessTokenOptions,
  apiKey,
  type ApiKeyContext,
  type ApiKeyFunction,
  type ApiKeyOptions,
  bearer,
  combine,
  type PlacementOptions,
  type TokenOptions,
} from './fetch.ts';

// An authenticated fetch alone
export { createFetch, type CreateFetchOptions, type StandaloneFetch, type ValetFetch } from './fetch.ts';
export type { FetchInit, PipelineOptions, RequestAuth, Runtime, TokenNeed } from './fetch.ts';

// Errors
export {
  ConfigError,
  type ConfigErrorCode,
  type ErrorCode,
  type ErrorDetails,
  NetworkError,
  type NetworkErrorCode,
  type RequestSummary,
  type ResponseErrorCode,
  SessionError,
  type SessionErrorCode,
  TokenError,
  type TokenErrorCode,
  ValetError,
} from './errors.ts';
export { HttpError, type Problem, ResponseError } from './http-errors.ts';

// Events and logs
export type { ClientEvents, EventName, RequestEndEvent, RequestEvent } from './events.ts';
export type { Logger } from './logger.ts';

// Seams, for strategies and sources of your own
export type * from './contracts.ts';
