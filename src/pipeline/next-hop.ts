import type { Outgoing } from '../contracts.ts';
import { ConfigError } from '../errors.ts';
import { printableUrl } from '../redact.ts';
import { callersHeaders, type Exchange, type Hop, nameOf, summarize } from './exchange.ts';
import type { Policy } from './guard.ts';

/** A shorter credential may well be an ordinary word of a URL. */
const LONG_ENOUGH_TO_FIND = 8;
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

/** The hop that a redirect leads to, without anything that must not go there (rule S3). */
export function nextHop(exchange: Exchange, response: Response, policy: Policy, written: Outgoing): Hop {
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
  if (holds(to, written.url)) throw refuse(exchange, 'the Location of the redirect repeats the credential');
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

/** Whether a URL still holds what was written into the query, as in a URL to come back to. */
function holds({ href }: URL, { searchParams: written }: URL): boolean {
  return [...written.values()]
    .filter((value) => value.length >= LONG_ENOUGH_TO_FIND)
    .some((value) => {
      const once = encodeURIComponent(value);
      return [value, once, encodeURIComponent(once)].some((form) => href.includes(form));
    });
}

/** The caller's headers for the next hop. What was taken off once does not come back. */
function headersFor(exchange: Exchange, from: Hop, toGet: boolean, crossOrigin: boolean): Headers {
  const headers = new Headers(from.headers ?? callersHeaders(exchange));
  if (toGet) for (const name of BODY_HEADERS) headers.delete(name);
  if (crossOrigin) for (const name of CREDENTIAL_HEADERS) headers.delete(name);
  return headers;
}

/** A redirect is not followed. */
export function refuse(exchange: Exchange, reason: string): ConfigError {
  return new ConfigError('REDIRECT_REFUSED', {
    message: `${nameOf(exchange)} was not followed any further: ${reason}. Ask for the final URL.`,
    request: summarize(exchange),
  });
}
