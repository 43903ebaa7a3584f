/**
 * `fetch-valet`: hand it your key or your token. It does the fetching.
 *
 * @module
 */

// The client
export { Client } from './client.ts';
export type { ClientOptions, ExtendOptions } from './client-options.ts';
export type { Credential } from './credential.ts';
export type { ErrorSchema, VerbDefaults, VerbOptions } from './verbs/verb-options.ts';

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
  type UserReader,
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
  type TokenErrorDetails,
  ValetError,
} from './errors.ts';
export {
  HttpError,
  type HttpErrorDetails,
  type Problem,
  ResponseError,
  type ResponseErrorDetails,
} from './http-errors.ts';

// Events and logs
export type {
  ClientEvents,
  EventName,
  RefreshEvent,
  RequestEndEvent,
  RequestEvent,
  TokenLife,
} from './events.ts';
export type { Logger } from './logger.ts';

// Seams, for strategies and sources of your own
export type * from './contracts.ts';
