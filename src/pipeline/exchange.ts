import type { BodyInput, FetchLike } from '../contracts.ts';
import type { RequestSummary } from '../errors.ts';
import { printableUrl, type Redactor } from '../redact.ts';
import type { Auth, RequestAuth } from './auth.ts';
import { type Body, isRequest } from './body.ts';

/** `RequestInit` with what fetch-valet adds. */
export interface FetchInit extends Omit<RequestInit, 'body' | 'signal'> {
  /** SDKs pass `undefined` on. */
  signal?: AbortSignal | null | undefined;
  /** A function is called for each send: so a stream of any size can be sent again after a 401. */
  body?: BodyInput | null | (() => BodyInput) | undefined;
  /** `false` sends bare, `'optional'` sends bare when nobody is signed in, an object asks for its own token. */
  auth?: RequestAuth | undefined;
}

/** What `fetch` is called with. */
export interface SendInit extends RequestInit {
  duplex?: 'half';
}

/** One hop: the request as it stands after the redirects before it. */
export interface Hop {
  href: string;
  method: string;
  /** The caller's headers, as far as this hop may carry them; `undefined` while nobody changed them. */
  headers: Headers | undefined;
  /** Whether the body still goes along: a 303 ends it. */
  withBody: boolean;
  /** Whether this hop's origin may see the credential. */
  allowed: boolean;
}

/**
 * One call of `fetch` on its way through the stages. The caller's `input` and `init` are never touched; what a
 * stage finds out is written here, and what is sent is built from it at the last moment (rule P1).
 */
export interface Exchange {
  /** Its name is made of it when somebody asks. */
  readonly number: number;
  readonly input: string | URL | Request;
  /** The caller's `init` without `auth` and `body`. */
  readonly init: RequestInit;
  readonly auth: Auth;
  readonly body: Body | undefined;
  readonly method: string;
  /** The caller's signal, where there is one. */
  readonly signal: AbortSignal | undefined;
  /** Milliseconds for one send and its body; `undefined`: no limit. */
  readonly timeout: number | undefined;
  /** Takes secrets out of what is said of this call: a caller may have put one into the path. */
  readonly redactor: Redactor | undefined;
  /** Set by `resolve`: the absolute URL. */
  href: string;
  /** Set by `resolve`: the URL was built on the base URL, so its origin needs no look. */
  onBase: boolean;
  /** Set by `authenticate`. `undefined`: goes out bare. */
  credential: unknown;
  epoch: number | undefined;
  replayed: boolean;
  /** Set by `redirects`. */
  hop: Hop | undefined;
  redirected: boolean;
  /** Set by `attach`: whether the last hop carried the credential. Only then does its 401 count (rule T5). */
  carried: boolean;
  target: string | Request;
  outgoing: SendInit;
  /** Set by `timeout`: to be called when the body has been read, so that its timer ends. */
  onBodyEnd: (() => void) | undefined;
  /** Set by `timeout`: to be called when a body that was let wait is read after all. */
  onBodyResume: (() => void) | undefined;
}

/** What a call starts with. */
export interface CallStart {
  readonly number: number;
  readonly input: string | URL | Request;
  readonly init: FetchInit | undefined;
  readonly auth: Auth;
  readonly body: Body | undefined;
  readonly timeout?: number | undefined;
  readonly epoch?: number | undefined;
  /** The caller's signal, where it is not that of `init` or of the `Request`; `null`: there is none. */
  readonly signal?: AbortSignal | null;
  readonly redactor?: Redactor;
}

/** A call before the first stage. Every field is there from the start: one shape keeps the hot path fast. */
export function createExchange(start: CallStart): Exchange {
  const { number, input, init = NO_INIT, auth, body, timeout, epoch, redactor } = start;
  const own = start.signal === undefined ? init.signal : start.signal;
  // `null` takes the signal of a Request away; `undefined` does not.
  const signal = own === undefined && isRequest(input) ? input.signal : own;
  return {
    number,
    input,
    init: init === NO_INIT ? (NO_INIT as RequestInit) : withoutOurs(init),
    auth,
    body,
    method: methodOf(input, init),
    signal: signal ?? undefined,
    timeout,
    redactor,
    href: '',
    onBase: false,
    credential: undefined,
    epoch,
    replayed: false,
    hop: undefined,
    redirected: false,
    carried: false,
    target: '',
    outgoing: NO_INIT as SendInit,
    onBodyEnd: undefined,
    onBodyResume: undefined,
  };
}

function methodOf(input: string | URL | Request, { method }: FetchInit): string {
  if (method === undefined && !isRequest(input)) return 'GET';
  return (method ?? (input as Request).method).toUpperCase();
}

/** Headers are copied: they are sent later perhaps, after a wait for a token, and twice after a 401. */
function withoutOurs({ auth: _auth, body: _body, ...rest }: FetchInit): RequestInit {
  if (rest.headers) rest.headers = new Headers(rest.headers);
  return rest as RequestInit;
}

/** The `init` of a call that brings none. */
export const NO_INIT: FetchInit = /* @__PURE__ */ Object.freeze({});

/** A stage of the pipeline. It may call `next` zero, one or more times. */
export type Stage = (exchange: Exchange, next: Next) => Promise<Response>;
export type Next = (exchange: Exchange) => Promise<Response>;

/** Puts stages into one function, the first outermost. */
export function compose(stages: readonly Stage[], send: Next): Next {
  return stages.reduceRight<Next>((next, stage) => (exchange) => stage(exchange, next), send);
}

/** The last step: the platform's `fetch`. */
export function sendWith(fetch: FetchLike): Next {
  return (exchange) => fetch(exchange.target, exchange.outgoing);
}

/** What people call a request. */
export function idOf(number: number): string {
  return `r${number}`;
}

/** What errors and events say of a request. */
export function summarize({ number, method, href, redactor }: Exchange): RequestSummary {
  const url = printableUrl(href);
  return { id: idOf(number), method, url: redactor?.text(url) ?? url };
}

/** The request for messages: method and path only. */
export function nameOf(exchange: Exchange): string {
  const { method, url } = summarize(exchange);
  return `${method} ${url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '') || '/'}`;
}

/** The headers that the caller gave, on the `Request` or beside it. */
export function callersHeaders({ init, input }: Exchange): RequestInit['headers'] {
  return init.headers ?? (isRequest(input) ? input.headers : undefined);
}

/** Lets a body go that nobody will read, so that its connection is free again. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => {});
}
