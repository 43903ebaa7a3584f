import type { AuthStrategy, BodyInput, Outgoing } from '../contracts.ts';
import { invalidOption } from '../options.ts';
import type { Platform } from '../platform.ts';
import { isPromise } from './abortable.ts';
import { isRequest } from './body.ts';
import { type Exchange, type Hop, type Next, nameOf, type SendInit, type Stage } from './exchange.ts';
import { present } from './present.ts';
import { callersHeaders } from './redirects.ts';

/**
 * Builds what `fetch` is called with for one hop, and lets the strategy write the credential on it: on a copy,
 * below everything that the caller can see (rule P1).
 */
export function attach(strategy: AuthStrategy, platform: () => Platform): Stage {
  return (exchange, next) => {
    const hop = exchange.hop as Hop;
    const copy = new OutgoingHop(hop, exchange);
    exchange.carried = exchange.credential !== undefined && hop.allowed;
    if (!exchange.carried) return send(exchange, hop, copy, next, platform());
    const applied = strategy.apply(copy, exchange.credential);
    const go = (): Promise<Response> => send(exchange, hop, copy, next, platform(), strategy);
    return isPromise(applied) ? applied.then(go) : go();
  };
}

/** The copy of a hop that a strategy writes on. Its URL is parsed only when a strategy asks for it. */
class OutgoingHop implements Outgoing {
  readonly method: string;
  headers: Headers;
  readonly #href: string;
  #url: URL | undefined;

  constructor(hop: Hop, exchange: Exchange) {
    this.method = hop.method;
    this.headers = new Headers(hop.headers ?? callersHeaders(exchange));
    this.#href = hop.href;
  }

  get url(): URL {
    this.#url ??= new URL(this.#href);
    return this.#url;
  }

  set url(url: URL) {
    this.#url = url;
  }

  get href(): string {
    return this.#url?.href ?? this.#href;
  }
}

function send(
  exchange: Exchange,
  hop: Hop,
  copy: OutgoingHop,
  next: Next,
  platform: Platform,
  strategy?: AuthStrategy,
): Promise<Response> {
  const { body } = exchange;
  const asIs = canGoAsIs(exchange, hop, copy);
  const finish = (content: BodyInput | null | undefined): Promise<Response> => {
    exchange.target = asIs ? (exchange.input as Request) : copy.href;
    exchange.outgoing = sendInit(exchange, hop, copy, content, asIs);
    if (exchange.carried) avoidCache(exchange, platform, strategy);
    const answer = next(exchange);
    const hidden = exchange.carried && strategy?.placement === 'query';
    if (!hidden && !exchange.redirected) return answer;
    return answer.then((response) =>
      present(response, { url: hidden ? hop.href : undefined, redirected: exchange.redirected }),
    );
  };
  if (body === undefined || !hop.withBody) return finish(undefined);
  if (body.isStream) checkUpload(exchange, hop, platform);
  const content = body.take();
  return isPromise(content) ? content.then(finish) : finish(content);
}

/** A `Request` may be handed on as long as its URL is right and its body is there. */
function canGoAsIs({ input, body }: Exchange, hop: Hop, copy: OutgoingHop): boolean {
  if (!isRequest(input) || copy.href !== input.url) return false;
  return hop.withBody && (body === undefined ? input.body === null || bodyless(hop.method) : body.inRequest);
}

function bodyless(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function sendInit(
  exchange: Exchange,
  hop: Hop,
  copy: OutgoingHop,
  content: BodyInput | null | undefined,
  asIs: boolean,
): SendInit {
  const { redirect } = exchange.outgoing;
  const fields = asIs ? undefined : fieldsOf(exchange.input);
  const init: SendInit = { ...fields, ...exchange.init, method: hop.method, headers: copy.headers };
  if (redirect !== undefined) init.redirect = redirect;
  if (content !== undefined && content !== null) init.body = content;
  if (exchange.body?.isStream === true) init.duplex = 'half';
  return init;
}

/** What a `Request` says besides URL, method, headers and body. */
function fieldsOf(input: string | URL | Request): RequestInit | undefined {
  if (!isRequest(input)) return undefined;
  const { cache, credentials, integrity, keepalive, mode, referrer, referrerPolicy, signal } = input;
  const fields: RequestInit = { cache, credentials, integrity, keepalive, referrerPolicy, signal };
  // Deno and Bun leave some out; 'navigate' is for the browser alone.
  if (mode !== undefined && mode !== 'navigate') fields.mode = mode;
  if (referrer !== undefined && referrer !== 'about:client') fields.referrer = referrer;
  return fields;
}

/** User B must not get from the browser's cache what user A was sent (rule S9). */
function avoidCache(
  { init, input, outgoing }: Exchange,
  platform: Platform,
  strategy: AuthStrategy | undefined,
): void {
  if (platform !== 'browser' || init.cache !== undefined) return;
  if (isRequest(input) && input.cache !== 'default') return;
  if (strategy?.session !== undefined || strategy?.placement === 'query') outgoing.cache = 'no-store';
}

/** Without this, Firefox would send the text "[object ReadableStream]" (rule P3). */
function checkUpload(exchange: Exchange, hop: Hop, platform: Platform): void {
  if (platform !== 'browser' || (hop.href.startsWith('https:') && streamsUp())) return;
  throw invalidOption(
    `${nameOf(exchange)}: this browser cannot send a stream here (Firefox never can, Chromium only over HTTP/2). ` +
      'Pass a Blob, or read the stream first.',
  );
}

function streamsUp(): boolean {
  let asked = false;
  const init = {
    method: 'POST',
    body: new ReadableStream(),
    get duplex() {
      asked = true;
      return 'half';
    },
  };
  return !new Request('https://probe.invalid', init as RequestInit).headers.has('content-type') && asked;
}
