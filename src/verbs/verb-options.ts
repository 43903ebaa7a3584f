import type { Options } from 'ky';
import type { BodyInput } from '../contracts.ts';
import type { RequestSummary } from '../errors.ts';

/** Any schema that follows the Standard Schema specification: zod, valibot, arktype and others. */
export interface ErrorSchema<Output = unknown> {
  readonly '~standard': {
    readonly validate: (
      value: unknown,
    ) => { readonly value?: unknown; readonly issues?: unknown } | Promise<unknown>;
    readonly types?: { readonly output: Output } | undefined;
  };
}

/** What verbs start from: ky's own meanings, unless said otherwise. */
export interface VerbDefaults {
  /** Headers of every request. */
  readonly headers?: Options['headers'] | undefined;
  /** Milliseconds for one send and its body, without waiting for a credential. `false`: no limit. 10 000. */
  readonly timeout?: number | false | undefined;
  /** How often and when to try again: ky's `retry`. */
  readonly retry?: Options['retry'] | undefined;
  /** Checks the JSON body of an error; its output is `HttpError.data`. */
  readonly errorSchema?: ErrorSchema | undefined;
}

/** Options of one verb call: ky's, without those that choose where and how the client sends. */
export interface VerbOptions
  extends Omit<Options, 'body' | 'fetch' | 'baseUrl' | 'prefix' | 'timeout' | 'totalTimeout'> {
  /** A function is called for each send: so a stream of any size can be sent again. */
  body?: BodyInput | null | (() => BodyInput) | undefined;
  /** `false` sends bare, `'optional'` sends bare when nobody is signed in, an object asks for its own token. */
  auth?:
    | false
    | 'optional'
    | { readonly scopes?: readonly string[] | undefined; readonly audience?: string | undefined }
    | undefined;
  timeout?: number | false | undefined;
}

/** What is known of a call when an error has to explain itself. */
export interface CallFacts {
  readonly request: RequestSummary;
  /** Method and path. */
  readonly name: string;
  /** Where it led to: that of `request` unless servers redirected it. It may hold a secret. */
  readonly lastUrl: string;
  /** The host that answered, where redirects led to another origin. */
  readonly elsewhere: string | undefined;
  /** Whether the last hop carried the credential. */
  readonly carried: boolean;
  readonly replayed: boolean;
  /** What the strategy says of the credential that was sent. */
  readonly credential: string | undefined;
}
