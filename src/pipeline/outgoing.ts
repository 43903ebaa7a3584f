import type { BodyInput, Outgoing } from '../contracts.ts';
import { invalidOption } from '../options.ts';
import type { Platform } from '../platform.ts';
import { abortable, isPromise } from './abortable.ts';
import { isRequest, platformUrl } from './body.ts';
import { callersHeaders, type Exchange, type Hop, NO_INIT, nameOf, type SendInit } from './exchange.ts';

/** The copy of a hop that a strategy writes on. Its URL is parsed only when a strategy asks for it. */
export class OutgoingHop implements Outgoing {
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

/** Writes down what `fetch` will be called with: at once, unless a body has to be read first. */
export function prepare(
  exchange: Exchange,
  hop: Hop,
  copy: OutgoingHop,
  platform: Platform,
): void | Promise<void> {
  const { body } = exchange;
  const asIs = canGoAsIs(exchange, hop, copy);
  exchange.target = asIs ? (exchange.input as Request) : copy.href;
  exchange.outgoing = sendInit(exchange, hop, copy, asIs);
  if (body === undefined || !hop.withBody) return;
  if (body.isStream) checkUpload(exchange, hop, platform);
  const content = body.take(asIs);
  if (isPromise(content))
    return abortable(content, exchange.signal).then((read) => setBody(exchange.outgoing, read));
  setBody(exchange.outgoing, content);
}

function setBody(outgoing: SendInit, content: BodyInput | null): void {
  if (content !== null) outgoing.body = content;
}

/** A `Request` may be handed on as long as it goes to the URL that was judged, and its body is there. */
function canGoAsIs({ input, body }: Exchange, hop: Hop, copy: OutgoingHop): boolean {
  if (!isRequest(input) || copy.href !== platformUrl(input)) return false;
  return hop.withBody && (body === undefined ? input.body === null || bodyless(hop.method) : body.inRequest);
}

function bodyless(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function sendInit(exchange: Exchange, hop: Hop, copy: OutgoingHop, asIs: boolean): SendInit {
  const { redirect } = exchange.outgoing;
  const fields = fieldsOf(exchange.input, asIs);
  const own = fields === undefined ? exchange.init : given(exchange.init);
  // Most calls bring nothing but a path: without spreads, what goes out always has one shape.
  const init: SendInit =
    fields === undefined && own === NO_INIT
      ? { headers: copy.headers }
      : { ...fields, ...own, headers: copy.headers };
  // GET is what the platform assumes, and saying so has it checked.
  if (asIs || hop.method !== 'GET' || init.method !== undefined) init.method = hop.method;
  if (redirect !== undefined) init.redirect = redirect;
  if (exchange.body?.isStream === true) init.duplex = 'half';
  return init;
}

/** A member that is `undefined` is not there: what the `Request` says holds. */
function given(init: RequestInit): RequestInit {
  return Object.fromEntries(Object.entries(init).filter(([, value]) => value !== undefined));
}

/** What a `Request` says besides URL, method, headers and body. */
function fieldsOf(input: string | URL | Request, asIs: boolean): RequestInit | undefined {
  if (!isRequest(input)) return undefined;
  const { cache, credentials, integrity, keepalive, mode, referrer, referrerPolicy, signal } = input;
  // To the platform any init at all takes these two back.
  const fields: RequestInit = asIs
    ? { referrerPolicy }
    : { cache, credentials, integrity, keepalive, referrerPolicy, signal };
  // Deno and Bun leave some out; 'navigate' is for the browser alone.
  if (mode !== undefined && mode !== 'navigate') fields.mode = mode;
  if (referrer !== undefined && referrer !== 'about:client') fields.referrer = referrer;
  return fields;
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
