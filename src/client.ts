import type { ResponsePromise } from 'ky';
import { CLIENT_OPTIONS, type ClientOptions, EXTEND_OPTIONS, type ExtendOptions } from './client-options.ts';
import { type Connection, connect } from './connection.ts';
import type { AuthStrategy, Session, SessionUser } from './contracts.ts';
import { type Credential, strategyFor } from './credential.ts';
import { writeDebugLines } from './debug-lines.ts';
import { createEmitter, type Emitter, warnOnce } from './emitter.ts';
import { ConfigError } from './errors.ts';
import type { ClientEvents, EventName } from './events.ts';
import { consoleLogger } from './logger.ts';
import { checkKeys, checkRetry, checkTimeout } from './options.ts';
import { needOf, readAuth } from './pipeline/auth.ts';
import { isRequest } from './pipeline/body.ts';
import type { Next, Stage } from './pipeline/exchange.ts';
import { refuseUserInfo } from './pipeline/guard.ts';
import { observe } from './pipeline/observe.ts';
import { baseOf, hrefOf, resolveText } from './pipeline/resolve.ts';
import { readSettings, type Settings } from './pipeline/settings.ts';
import { traceAsCurl } from './pipeline/trace.ts';
import { fetchOver, pipeline, type ValetFetch } from './pipeline.ts';
import { serviceSession } from './token/create-session.ts';
import { VerbLine } from './verb-line.ts';
import { mergeHeaders } from './verbs/merge-headers.ts';
import { sendVerb } from './verbs/send-verb.ts';
import { rejectedVerb } from './verbs/shortcuts.ts';
import type { VerbOptions } from './verbs/verb-options.ts';

/** What the clients of one session share. `extend()` hands it to the constructor in place of a credential. */
class Family {
  readonly connection: Connection;
  readonly emitter: Emitter;
  readonly trace: Stage | undefined;

  constructor(
    strategy: AuthStrategy,
    { debug, logger = consoleLogger, runtime }: ClientOptions,
    { auth }: Settings,
  ) {
    this.emitter = createEmitter(logger);
    this.connection = connect(strategy, { runtime, events: this.emitter, need: needOf(auth) });
    if (debug !== undefined && debug !== false) writeDebugLines(this.emitter, logger);
    this.trace = debug === 'curl' ? traceAsCurl(logger, this.connection.host.redactor) : undefined;
  }
}

/**
 * Sends requests with a credential: a key in a script, a user's token in an app.
 *
 * Verbs (`get`, `post`, …) throw an `HttpError` for a status outside 200–299; `fetch` returns every response.
 *
 * @example
 * const weather = new Client(process.env.WEATHER_API_KEY, { baseUrl: 'https://api.weather.example/v1' });
 * const oslo = await weather.get('current', { searchParams: { q: 'Oslo' } }).json();
 */
export class Client<User extends SessionUser = SessionUser> {
  /** A `fetch` for any SDK that takes one. It works unbound. */
  readonly fetch: ValetFetch;
  /** Who is signed in. A client with a key is signed in for good, as the service. */
  readonly session: Session<User>;
  readonly #family: Family;
  readonly #isChild: boolean;
  readonly #options: ExtendOptions;
  readonly #settings: Settings;
  readonly #base: () => string | undefined;
  readonly #next: Next;
  #closed = false;

  /**
   * @throws {@link ConfigError} `MISSING_API_KEY`, `INVALID_API_KEY`, `INVALID_BASE_URL`, `INVALID_OPTION`,
   * `SECRET_IN_BROWSER`
   */
  constructor(credential: Credential<User>, options: ClientOptions = {}) {
    this.#isChild = credential instanceof Family;
    const own = checkKeys('Client', options, CLIENT_OPTIONS);
    checkTimeout(options.timeout);
    checkRetry(options.retry);
    this.#settings = readSettings(options);
    this.#base = baseOf(this.#settings);
    this.#options = Object.fromEntries(
      Object.entries(options).filter(([name]) => EXTEND_OPTIONS.includes(name)),
    );
    this.#family =
      credential instanceof Family ? credential : new Family(strategyFor(credential), own, this.#settings);
    const { connection, emitter, trace } = this.#family;
    const watch = observe(connection.strategy, emitter, connection.host.clock);
    const next = pipeline(connection, this.#settings, { observe: watch, trace });
    // Each try of a verb: ky does not hear of a close.
    this.#next = (exchange) => (this.#isOver ? rejectClosed() : next(exchange));
    const tell = warnOnce(emitter);
    const send = fetchOver(connection, this.#settings, next, tell);
    this.fetch = (input, init) => (this.#closed ? rejectClosed(tell) : send(input, init));
    this.session = (connection.strategy.session ?? serviceSession()) as Session<User>;
  }

  /** Sends a GET. It comes back as from ky: await it for the `Response`, or read it with `.json()`, `.text()` … */
  get<T = unknown>(input: string | URL | Request, options?: VerbOptions): ResponsePromise<T> {
    return this.#verb('get', input, options);
  }

  /** Sends a POST, as `get` does. */
  post<T = unknown>(input: string | URL | Request, options?: VerbOptions): ResponsePromise<T> {
    return this.#verb('post', input, options);
  }

  /** Sends a PUT, as `get` does. */
  put<T = unknown>(input: string | URL | Request, options?: VerbOptions): ResponsePromise<T> {
    return this.#verb('put', input, options);
  }

  /** Sends a PATCH, as `get` does. */
  patch<T = unknown>(input: string | URL | Request, options?: VerbOptions): ResponsePromise<T> {
    return this.#verb('patch', input, options);
  }

  /** Sends a DELETE, as `get` does. */
  delete<T = unknown>(input: string | URL | Request, options?: VerbOptions): ResponsePromise<T> {
    return this.#verb('delete', input, options);
  }

  /** Sends a HEAD, as `get` does. */
  head(input: string | URL | Request, options?: VerbOptions): ResponsePromise {
    return this.#verb('head', input, options);
  }

  /** Sends with `options.method`, or the method of the `Request`. */
  request<T = unknown>(input: string | URL | Request, options?: VerbOptions): ResponsePromise<T> {
    return this.#verb(undefined, input, options);
  }

  /** Signs out here and, where the token source can, there. A client with a key has nobody to sign out. */
  signOut(): Promise<void> {
    return this.session.signOut();
  }

  /** Another client on the same session and events, for example with another `baseUrl`. */
  extend(options: ExtendOptions): Client<User> {
    const own = checkKeys('extend()', options, EXTEND_OPTIONS);
    const headers = mergeHeaders(this.#options.headers, own.headers);
    const merged = { ...this.#options, ...own, headers };
    // The constructor tells a Family from a credential; the public type does not speak of it.
    return new Client<User>(this.#family as unknown as Credential<User>, merged);
  }

  /** Calls `listener` after each such event, of all clients of the session. Returns the function that stops it. */
  on<Name extends EventName>(event: Name, listener: (payload: ClientEvents<User>[Name]) => void): () => void {
    // Who is signed in is what the session says, and the session is of User.
    return this.#family.emitter.on(event, listener as (payload: ClientEvents[Name]) => void);
  }

  /** Ends refreshes and timers. Requests from then on fail with `CLIENT_CLOSED`. A child leaves the session. */
  close(): void {
    this.#closed = true;
    if (!this.#isChild) this.#family.connection.close();
  }

  /** What `using` calls: `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  get #isOver(): boolean {
    return this.#closed || this.#family.connection.host.signal.aborted;
  }

  #verb<T>(
    method: string | undefined,
    input: string | URL | Request,
    options?: VerbOptions,
  ): ResponsePromise<T> {
    const { host } = this.#family.connection;
    try {
      if (this.#isOver) throw new ConfigError('CLIENT_CLOSED');
      const auth = options && Object.hasOwn(options, 'auth') ? options.auth : undefined;
      checkTimeout(options?.timeout);
      checkRetry(options?.retry);
      // ky is given an absolute URL: its own ways of joining differ from ours (rule P7).
      const href = typeof input === 'string' ? resolveText(input, this.#base).href : hrefOf(input);
      // Before ky, where the platform's own refusal would quote the password.
      refuseUserInfo(href, 'The request');
      const line = new VerbLine(this.#family.connection, this.#next, readAuth(auth, this.#settings.auth));
      return sendVerb(isRequest(input) ? input : href, method, options, {
        line,
        defaults: this.#options,
        redactor: host.redactor,
        clock: host.clock,
      }) as ResponsePromise<T>;
    } catch (error) {
      return rejectedVerb(host.redactor.clean(error));
    }
  }
}

function rejectClosed(tell?: (error: unknown) => void): Promise<never> {
  const closed = new ConfigError('CLIENT_CLOSED');
  tell?.(closed);
  return Promise.reject(closed);
}
