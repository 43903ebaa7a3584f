import ky, { type Options, type ResponsePromise, TimeoutError } from 'ky';
import type { BodyInput } from '../contracts.ts';
import { ValetError } from '../errors.ts';
import type { Redactor } from '../redact.ts';
import { type ErrorContext, notJson, toNetworkError, toValetError } from './errors.ts';
import { mergeHeaders } from './merge-headers.ts';
import type { CallFacts, VerbDefaults, VerbOptions } from './verb-options.ts';

/** One try of a verb, as the pipeline is asked for it. */
export interface Attempt {
  /** What ky made of input, headers and search parameters. It holds no secret (rule P1). */
  readonly request: Request;
  /** What ky does not know of `RequestInit`. */
  readonly init: RequestInit;
  /** The body, carried past ky: it would clone it, turn a function into text and buffer a stream (rule P3). */
  readonly body: BodyInput | null | (() => BodyInput) | undefined;
  readonly signal: AbortSignal | undefined;
  readonly auth: VerbOptions['auth'];
  readonly timeout: number | undefined;
}

/** What a verb call is sent over. One per call: retries share its epoch and its body. */
export interface Line {
  send(attempt: Attempt): Promise<Response>;
  /** What is known so far; of `request` where nothing was sent yet. */
  facts(request: Request): CallFacts;
  /** The body has been read, or nobody will. */
  end(): void;
}

export interface VerbHost {
  readonly defaults: VerbDefaults;
  readonly redactor: Redactor;
  readonly line: Line;
  now(): number;
}

const SHORTCUTS = ['json', 'text', 'arrayBuffer', 'blob', 'formData', 'bytes'] as const;
const DEFAULT_TIMEOUT = 10_000;

/** Sends a request through ky, with the pipeline as its `fetch`, and with our errors for its own. */
export function sendVerb(
  url: string | URL | Request,
  method: string | undefined,
  options: VerbOptions,
  host: VerbHost,
): ResponsePromise {
  // ky parses after it has read the text: whether a schema was given is known by then.
  const call = new VerbCall(options, host);
  const promise = ky(url, call.kyOptions(method));
  for (const shortcut of SHORTCUTS) {
    // The one cast: each shortcut keeps the signature that ky gave it.
    const read = promise[shortcut] as ((schema?: unknown) => Promise<unknown>) | undefined;
    if (read !== undefined)
      Object.assign(promise, { [shortcut]: (schema?: unknown) => call.read(read, schema) });
  }
  return promise;
}

/** A verb that failed before ky saw it. */
export function rejectedVerb<T>(error: unknown): ResponsePromise<T> {
  const promise = Promise.reject(error as Error);
  const shortcut = (): Promise<never> => {
    // Whoever takes the shortcut has the error from there.
    promise.catch(() => {});
    return promise;
  };
  return Object.assign(
    promise,
    Object.fromEntries(SHORTCUTS.map((name) => [name, shortcut])),
  ) as unknown as ResponsePromise<T>;
}

class VerbCall {
  readonly #options: VerbOptions;
  readonly #host: VerbHost;
  #request: Request | undefined;
  #hasSchema = false;

  constructor(options: VerbOptions, host: VerbHost) {
    this.#options = options;
    this.#host = host;
  }

  async read(read: (schema?: unknown) => Promise<unknown>, schema: unknown): Promise<unknown> {
    this.#hasSchema = schema !== undefined;
    try {
      return await read(schema);
    } catch (error) {
      throw isLostBody(error) ? toNetworkError(error, this.#context()) : await this.#translate(error);
    } finally {
      this.#host.line.end();
    }
  }

  kyOptions(method: string | undefined): Options {
    const {
      body,
      json,
      auth: _auth,
      timeout: _timeout,
      headers,
      hooks,
      parseJson,
      retry,
      ...rest
    } = this.#options;
    const { defaults } = this.#host;
    const retries = retry ?? defaults.retry;
    // With progress ky must see the body: it counts the bytes that pass.
    const content = json === undefined ? body : stringify(json, rest);
    return {
      ...rest,
      ...(this.#isKysBody && { body: content as BodyInit }),
      ...(method !== undefined && { method }),
      ...(retries !== undefined && { retry: retries }),
      headers: mergeHeaders(defaults.headers, headers, json === undefined ? undefined : 'application/json'),
      // The pipeline keeps the time of each send, so that waiting for a credential does not count (rule P6).
      timeout: false,
      parseJson: (text, at) => (parseJson ? parseJson(text, at) : this.#parse(text, at.response)),
      hooks: { ...hooks, beforeError: [...(hooks?.beforeError ?? []), ({ error }) => this.#failed(error)] },
      fetch: (input, init) => this.#send(input as Request, init ?? {}, this.#isKysBody ? undefined : content),
    };
  }

  get #isKysBody(): boolean {
    return this.#options.onUploadProgress !== undefined;
  }

  #send(request: Request, init: RequestInit, body: Attempt['body']): Promise<Response> {
    this.#request = request;
    const {
      signal,
      totalTimeout,
      auth,
      timeout = this.#host.defaults.timeout ?? DEFAULT_TIMEOUT,
    } = this.#options;
    // ky's own signal only ever tells of totalTimeout; listening to it costs more than the rest of a call.
    const listen =
      totalTimeout === undefined || totalTimeout === false ? (signal ?? undefined) : request.signal;
    const limit = timeout === false ? undefined : timeout;
    const attempt: Attempt = { request, init, body, auth, timeout: limit, signal: listen };
    return this.#host.line.send(attempt).catch((error: unknown) => rethrow(error, request));
  }

  async #failed(error: unknown): Promise<Error> {
    this.#host.line.end();
    return (await this.#translate(error)) as Error;
  }

  #translate(error: unknown): Promise<unknown> {
    return toValetError(error, this.#context());
  }

  #context(): ErrorContext {
    const { line, redactor, defaults } = this.#host;
    const request = this.#request ?? new Request('http://unsent.invalid');
    return { facts: line.facts(request), redactor, now: this.#host.now(), errorSchema: defaults.errorSchema };
  }

  #parse(text: string, response: Response): unknown {
    if (text === '' && this.#hasSchema) return undefined;
    try {
      return JSON.parse(text);
    } catch {
      throw notJson(text, response, this.#context());
    }
  }
}

function stringify(json: unknown, options: Pick<Options, 'stringifyJson'>): string {
  return options.stringifyJson?.(json) ?? JSON.stringify(json);
}

/** ky decides about another try by the kind of error: a timeout has to be one of its own. */
function rethrow(error: unknown, request: Request): never {
  if (!ValetError.is(error) || error.code !== 'TIMEOUT') throw error;
  throw Object.assign(new TimeoutError(request), { cause: error });
}

/** The connection broke while a body was read: the platform's own error, which ky does not see. */
function isLostBody(error: unknown): boolean {
  return error instanceof TypeError && !ValetError.is(error);
}
