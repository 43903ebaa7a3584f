import ky, { type Options, type ResponsePromise, TimeoutError } from 'ky';
import type { BodyInput, Clock } from '../contracts.ts';
import { ValetError } from '../errors.ts';
import { ownOf } from '../options.ts';
import type { Redactor } from '../redact.ts';
import { type ErrorContext, toValetError } from './errors.ts';
import { withinReason } from './longest-wait.ts';
import { headersOf, mergeHeaders } from './merge-headers.ts';
import { LostBody } from './read-body.ts';
import { retryOn } from './retry-on-clock.ts';
import { type Read, type Then, withShortcuts } from './shortcuts.ts';
import type { CallFacts, VerbDefaults, VerbOptions } from './verb-options.ts';
import { type Called, directWire, isKysBody, stringify, type Wire, wireOf } from './wire.ts';

/** One try of a verb, as the pipeline is asked for it. */
export interface Attempt {
  /** What ky made of input, headers and search parameters. It holds no secret (rule P1). */
  readonly input: string | Request;
  readonly init: RequestInit;
  /** The body, carried past ky: it would clone it, turn a function into text and buffer a stream (rule P3). */
  readonly body: BodyInput | null | (() => BodyInput) | undefined;
  readonly signal: AbortSignal | undefined;
  readonly timeout: number | undefined;
}

/** What a verb call is sent over. One per call: retries share its epoch and its body. */
export interface Line {
  send(attempt: Attempt): Promise<Response>;
  /** What is known so far; of `url` where nothing was sent yet. */
  facts(method: string, url: string): CallFacts;
  /** Throws where the session that asked is over (rule T8): what was read is for nobody. */
  fence(): void;
  /** The body has been read, or nobody will. */
  end(): void;
}

export interface VerbHost {
  readonly defaults: VerbDefaults;
  readonly redactor: Redactor;
  readonly line: Line;
  readonly clock: Clock;
}

const DEFAULT_TIMEOUT = 10_000;

/** Sends a request through ky, with the pipeline as its `fetch`, and with our errors for its own. */
export function sendVerb(
  input: string | URL | Request,
  method: string | undefined,
  options: VerbOptions | undefined,
  host: VerbHost,
): ResponsePromise {
  // Most calls bring no options: one empty object serves them all.
  const own = options === undefined ? NO_OPTIONS : ownOf(options);
  const call = new VerbCall(input, own, host);
  const answer = call.answer(method).catch((error: unknown) => call.fail(error));
  const read: Read = (accept, take, then) => call.read(answer, accept, take, then);
  return withShortcuts(answer, read, own) as ResponsePromise;
}

const NO_OPTIONS: VerbOptions = Object.freeze(ownOf({}));

class VerbCall {
  readonly #called: Called;
  readonly #host: VerbHost;
  /** What became of a send that ky does not know of yet. */
  #sent: Promise<Response> | undefined;
  /** As it was when the verb was called, for each send. */
  readonly #content: Attempt['body'];
  readonly #retry: VerbOptions['retry'];

  constructor(input: string | URL | Request, options: VerbOptions, host: VerbHost) {
    const given = mergeHeaders(host.defaults.headers, options.headers);
    const retry = options.retry ?? host.defaults.retry;
    this.#called = { input, options, headers: given && headersOf(given), accept: '*/*' };
    this.#content = options.json === undefined ? options.body : stringify(options.json, options);
    // A copy: ky may be asked only when the object has become another.
    this.#retry = typeof retry === 'object' ? { ...retry } : retry;
    this.#host = host;
  }

  answer(method: string | undefined): Promise<Response> {
    const wire = directWire(this.#called, method);
    return wire === undefined ? this.#askKy(method) : this.#direct(wire, method);
  }

  /**
   * Most sends go well, and ky makes and copies a `Request` for each in case one does not. So it is asked when one
   * did not, and takes what came of that for its own first try.
   */
  async #direct(wire: () => Wire, method: string | undefined): Promise<Response> {
    // As ky does, and as long: for the shortcut that is called next.
    await Promise.resolve();
    await Promise.resolve();
    const sent = this.#firstSend(wire());
    try {
      const response = await sent;
      if (response.ok) return response;
    } catch {}
    this.#sent = sent;
    return this.#askKy(method);
  }

  /** Also what is thrown at once is what became of it. */
  async #firstSend(wire: Wire): Promise<Response> {
    return this.#host.line.send(this.#attempt(this.#content, wire));
  }

  #askKy(method: string | undefined): Promise<Response> {
    return ky(this.#called.input, this.#kyOptions(method));
  }

  async read<T>(
    answer: Promise<Response>,
    accept: string,
    take: (response: Response) => Promise<T>,
    then: Then<T> = (body) => body,
  ): Promise<unknown> {
    // Called before ky sends: it lets a microtask pass for this very purpose.
    this.#called.accept = accept;
    const response = await answer;
    const { line } = this.#host;
    try {
      let body: T;
      try {
        body = await take(response);
      } catch (error) {
        // The connection broke while the body was read: the platform's own error, which ky does not see.
        throw error instanceof TypeError ? new LostBody(error) : error;
      } finally {
        line.end();
      }
      line.fence();
      return await then(body, response);
    } catch (error) {
      throw await toValetError(error, this.#context());
    }
  }

  async fail(error: unknown): Promise<never> {
    const { line } = this.#host;
    line.end();
    const told = await toValetError(error, this.#context());
    // The body of a refusal has been read by now, and is for who has asked (rule T8).
    if (ValetError.is(told) && told.code === 'HTTP_ERROR') line.fence();
    throw told;
  }

  #kyOptions(method: string | undefined): Options {
    const { options, headers } = this.#called;
    const { body: _b, json: _j, auth: _a, timeout: _t, headers: _h, retry: _r, hooks, ...rest } = options;
    const { clock } = this.#host;
    const content = this.#content;
    const retries = withinReason(this.#retry, clock);
    const isKys = isKysBody(options);
    const made: Options = {
      ...rest,
      ...retryOn(clock, retries, hooks),
      // The pipeline keeps the time of each send, so that waiting for a credential does not count (rule P6).
      timeout: false,
      fetch: (request, init) => this.#send(request as Request, init ?? {}, isKys ? undefined : content),
    };
    // What is not there is not named: ky goes through all that it is given.
    if (isKys) made.body = (typeof content === 'function' ? content() : content) as BodyInit;
    if (method !== undefined) made.method = method;
    // Of `Headers` ky drops a value that reads "undefined".
    if (headers !== undefined) made.headers = Object.fromEntries(headers);
    return made;
  }

  async #send(request: Request, init: RequestInit, body: Attempt['body']): Promise<Response> {
    const { input, options } = this.#called;
    // ky was given no body: one that is there came with the request that a hook put in place.
    const isHooks =
      options.hooks !== undefined && !(input instanceof Request) && request.body instanceof ReadableStream;
    const sent = this.#sent;
    this.#sent = undefined;
    try {
      if (sent !== undefined) return await sent;
      const wire = wireOf(this.#called, request, init);
      return await this.#host.line.send(this.#attempt(isHooks ? undefined : body, wire));
    } catch (error) {
      // ky decides about another try by the kind of error: a timeout has to be one of its own.
      if (!ValetError.is(error) || error.code !== 'TIMEOUT') throw error;
      throw Object.assign(new TimeoutError(request), { cause: error });
    }
  }

  #attempt(body: Attempt['body'], { input, init }: Wire): Attempt {
    const { options, input: given } = this.#called;
    const { signal, timeout = this.#host.defaults.timeout ?? DEFAULT_TIMEOUT } = options;
    const own = signal === undefined && given instanceof Request ? given.signal : signal;
    return { input, init, body, timeout: timeout === false ? undefined : timeout, signal: own ?? undefined };
  }

  #context(): ErrorContext {
    const { line, redactor, defaults } = this.#host;
    const { input, options } = this.#called;
    const url = input instanceof Request ? input.url : String(input);
    const facts = line.facts(options.method ?? 'GET', url);
    return { facts, redactor, now: this.#host.clock.now(), errorSchema: defaults.errorSchema };
  }
}
