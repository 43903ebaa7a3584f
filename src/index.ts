/**
 * `fetch-valet`: hand it your key or your token. It does the fetching.
 *
 * @module
 */

// The client
export { Client, type ClientOptions, type ExtendOptions } from './client.ts';
// Seams, for strategies and sources of your own
export type * from './contracts.ts';
export type { Credential } from './credential.ts';
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
// Events and logs
export type { ClientEvents, EventName, RequestEndEvent, RequestEvent } from './events.ts';
export type { FetchInit, PipelineOptions, RequestAuth, Runtime } from './fetch.ts';
// Strategies
// An authenticated fetch alone
export {
  type AccessTokenOptions,
  type ApiKeyContext,
  type ApiKeyFunction,
  type ApiKeyOptions,
  accessToken,
  apiKey,
  bearer,
  type CreateFetchOptions,
  combine,
  createFetch,
  type PlacementOptions,
  type StandaloneFetch,
  type TokenOptions,
  type ValetFetch,
} from './fetch.ts';
export { HttpError, type Problem, ResponseError } from './http-errors.ts';
export type { Logger } from './logger.ts';
export type { VerbDefaults, VerbOptions } from './verbs/verb-options.ts';
