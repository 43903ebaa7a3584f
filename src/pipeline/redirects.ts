import type { AuthStrategy, Outgoing } from '../contracts.ts';
import { ConfigError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import { printableUrl } from '../redact.ts';
import { isRequest } from './body.ts';
import {
  callersHeaders,
  discard,
  type Exchange,
  type Hop,
  type Next,
  nameOf,
  type Stage,
  summarize,
} from './exchange.ts';
import { fence } from './fence.ts';
import type { Policy } from './guard.ts';

const MOST_REDIRECTS = 20;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** What Fetch takes off when a redirect turns a method into GET. */
const BODY_HEADERS = [
  'content-encoding',
  'content-language',
  'content-location',
  'content-type',
  'content-length',
];
/** What must not go to another origin, whoever wrote it. */
const CREDENTIAL_HEADERS = ['authorization', 'cookie', 'proxy-authorization', 'dpop'];

/**
 * Follows redirects one hop at a time where the platform lets us see them, and decides at every hop anew whether
 * the credential goes along (rule S3). Elsewhere a redirect that could carry a key away is refused.
 */
export function redirects(strategy: AuthStrategy, policy: Policy, platform: () => Platform): Stage {
  return (exchange, next) => {
    exchange.hop = {
      href: exchange.href,
      method: exchange.method,
      headers: undefined,
      withBody: true,
      allowed: true,
    };
    exchange.redirected = false;
    exchange.outgoing = { redirect: redirectMode(exchange, strategy, platform()) };
    const asked = callersMode(exchange);
    const answer = next(exchange);
    // Bare requests, and callers who decide for themselves, get what the platform does.
    const decided = asked === 'manual' || (asked === 'error' && platform() !== 'workerd');
    if (exchange.credential === undefined || decided) return answer;
    return answer.then(
      (response) => {
        if (isRedirect(response)) return follow(exchange, next, response, strategy, policy);
        // A browser that followed by itself took Authorization off on the way to another origin.
        if (response.redirected && !isSameOrigin(response.url, exchange.href)) exchange.carried = false;
        return response;
      },
      (error: unknown) => {
        throw refusedByPlatform(exchange, error) ?? error;
      },
    );
  };
}

function callersMode({ init, input }: Exchange): RequestRedirect | undefined {
  return init.redirect ?? (isRequest(input) ? input.redirect : undefined);
}

function redirectMode(exchange: Exchange, strategy: AuthStrategy, platform: Platform): RequestRedirect {
  const asked = callersMode(exchange);
  if (asked === 'manual' || (asked === 'error' && platform !== 'workerd')) return asked;
  if (exchange.body?.isStream === true && platform !== 'workerd') return 'error';
  if (exchange.credential === undefined) return asked ?? 'follow';
  // Browsers take Authorization off by themselves when a redirect leaves the origin; other headers they carry on.
  return platform === 'browser' && strategy.placement === 'authorization' ? 'follow' : 'manual';
}

function isSameOrigin(href: string, other: string): boolean {
  return new URL(href).origin === new URL(other).origin;
}

function isRedirect(response: Response): boolean {
  return (
    response.type === 'opaqueredirect' || (REDIRECTS.has(response.status) && response.headers.has('location'))
  );
}

async function follow(
  exchange: Exchange,
  next: Next,
  first: Response,
  strategy: AuthStrategy,
  policy: Policy,
): Promise<Response> {
  let response = first;
  for (let count = 0; isRedirect(response); count++) {
    discard(response);
    if (response.type === 'opaqueredirect') throw refuse(exchange, BROWSER_REASON);
    if (exchange.body?.isStream === true) throw refuse(exchange, STREAM_REASON);
    if (callersMode(exchange) === 'error')
      throw refuse(exchange, "the server redirected it, and it says redirect: 'error'");
    if (count === MOST_REDIRECTS)
      throw refuse(exchange, `it was redirected more than ${MOST_REDIRECTS} times`);
    exchange.hop = nextHop(exchange, response, policy, await writtenBy(strategy, exchange));
    exchange.redirected = true;
    // Signing out in the middle of a chain ends it: the next hop would carry a credential that is no more.
    fence(exchange, strategy);
    response = await next(exchange);
  }
  return response;
}

const BROWSER_REASON =
  'the server redirected it, and a browser would carry the key along to wherever that leads, ' +
  'unless it is sent as Authorization';
const STREAM_REASON = 'the server redirected it, and a stream cannot be sent twice';

/** What the strategy writes, tried on a blank hop: whatever looks the same is a credential, whoever wrote it. */
async function writtenBy(strategy: AuthStrategy, exchange: Exchange): Promise<Outgoing> {
  const { href, method } = exchange.hop as Hop;
  const blank = { url: new URL('/', href), method, headers: new Headers() };
  await strategy.apply(blank, exchange.credential);
  return blank;
}

function nextHop(exchange: Exchange, response: Response, policy: Policy, written: Outgoing): Hop {
  const from = exchange.hop as Hop;
  const to = URL.parse(locationOf(response), from.href);
  if (!to || (to.protocol !== 'https:' && to.protocol !== 'http:')) {
    throw refuse(exchange, 'the Location of the redirect cannot be followed');
  }
  if (to.username !== '' || to.password !== '')
    throw refuse(exchange, 'the Location of the redirect holds user info');
  const before = new URL(from.href);
  if (before.protocol === 'https:' && to.protocol === 'http:') {
    throw refuse(exchange, `the redirect to ${printableUrl(to.href)} leaves https:`);
  }
  if (to.hash === '') to.hash = before.hash;
  dropRepeated(to, written.url);
  const toGet = becomesGet(response.status, from.method);
  const withBody = from.withBody && !toGet;
  const allowed = policy.refusal(to.href) === undefined;
  if (!allowed && withBody && exchange.body !== undefined) {
    throw refuse(exchange, `the redirect to ${to.origin} would send the body to another origin`);
  }
  const headers = headersFor(exchange, from, toGet, before.origin !== to.origin);
  if (!allowed) for (const name of written.headers.keys()) headers.delete(name);
  return { href: to.href, method: toGet ? 'GET' : from.method, headers, withBody, allowed };
}

/** Fetch, HTTP-redirect fetch, step 12. */
function becomesGet(status: number, method: string): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}

/** The bytes of the header are UTF-8, and arrive as one character each. */
function locationOf({ headers }: Response): string {
  const text = headers.get('location') ?? '';
  if (!/[\x80-\xff]/.test(text)) return text;
  return new TextDecoder().decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}

/** A server that repeats the query in its Location would hand the key on, and show it in `Response.url`. */
function dropRepeated(to: URL, { searchParams: written }: URL): void {
  const parts = to.search.slice(1).split('&');
  const others = parts.filter((part) =>
    [...new URLSearchParams(part)].every(([name, value]) => written.get(name) !== value),
  );
  if (others.length < parts.length) to.search = others.join('&');
}

/** The caller's headers for the next hop. What was taken off once does not come back. */
function headersFor(exchange: Exchange, from: Hop, toGet: boolean, crossOrigin: boolean): Headers {
  const headers = new Headers(from.headers ?? callersHeaders(exchange));
  if (toGet) for (const name of BODY_HEADERS) headers.delete(name);
  if (crossOrigin) for (const name of CREDENTIAL_HEADERS) headers.delete(name);
  return headers;
}

function refuse(exchange: Exchange, reason: string): ConfigError {
  return new ConfigError('REDIRECT_REFUSED', {
    message: `${nameOf(exchange)} was not followed any further: ${reason}. Ask for the final URL.`,
    request: summarize(exchange),
  });
}

/** With `redirect: 'error'` the platform only says that something failed; undici says what. */
function refusedByPlatform(exchange: Exchange, error: unknown): ConfigError | undefined {
  const cause = error instanceof TypeError ? (error.cause as { message?: unknown } | undefined) : undefined;
  if (exchange.body?.isStream !== true || cause?.message !== 'unexpected redirect') return undefined;
  return refuse(exchange, STREAM_REASON);
}
