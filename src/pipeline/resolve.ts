import { ConfigError } from '../errors.ts';
import { invalidOption } from '../options.ts';
import { pageOrigin } from '../platform.ts';
import { isRequest, platformUrl } from './body.ts';
import type { Stage } from './exchange.ts';
import type { Settings } from './settings.ts';

/** Finds the absolute URL (rule P7). */
export function resolve(settings: Settings): Stage {
  const base = baseOf(settings);
  return (exchange, next) => {
    const { input } = exchange;
    if (typeof input === 'string') {
      const { href, onBase } = resolveText(input, base);
      exchange.href = href;
      exchange.onBase = onBase;
    } else {
      exchange.href = hrefOf(input);
    }
    return next(exchange);
  };
}

/** @throws `ConfigError` `INVALID_OPTION` where JavaScript passes what is neither a URL nor a `Request` */
export function hrefOf(input: unknown): string {
  const href: unknown = isRequest(input)
    ? (platformUrl(input) ?? input.url)
    : (input as Partial<URL> | null | undefined)?.href;
  if (typeof href === 'string') return href;
  // What turns into text anew at each look could be judged by one text and sent to another.
  throw invalidOption('The request URL is a string, a URL or a Request.');
}

/** The base URL without its trailing slash, found at the first request: modules load on servers, too. */
export function baseOf(settings: Settings): () => string | undefined {
  let found: string | undefined;
  return () => (found ??= findBase(settings.baseUrl));
}

function findBase(baseUrl: string | undefined): string | undefined {
  if (baseUrl !== undefined && !baseUrl.startsWith('/') && baseUrl !== '') return baseUrl;
  // Never document.baseURI: a <base> that somebody injected must not choose where the key goes.
  const origin = pageOrigin();
  return origin === undefined ? undefined : origin + (baseUrl ?? '');
}

/** Text with anything else is looked at closely: `URL` drops controls and spaces, and turns backslashes. */
const PLAIN = /^[!-[\]-~]*$/;
const ABSOLUTE = /^[a-z][a-z\d+.-]*:/i;

/** The URL that `text` means on the base, and whether it was built on the base. */
export function resolveText(text: string, base: () => string | undefined): { href: string; onBase: boolean } {
  const plain = PLAIN.test(text) ? text : normalize(text);
  const root = base();
  // What most calls bring, and what none of the cases after it can be.
  if (root !== undefined && plain[0] === '/' && plain[1] !== '/') return { href: root + plain, onBase: true };
  // What begins with the base and a slash has its host, whatever follows.
  if (root !== undefined && plain.startsWith(root) && plain[root.length] === '/')
    return { href: plain, onBase: true };
  if (ABSOLUTE.test(plain)) return { href: parse(plain).href, onBase: false };
  if (root === undefined) throw missingBaseUrl(plain);
  if (plain.startsWith('//')) return { href: parse(plain, root).href, onBase: false };
  return { href: join(root, plain), onBase: true };
}

/** What `URL` does before it looks: so a scheme or a host cannot hide behind a tab or a backslash. */
function normalize(text: string): string {
  const trimmed = trim(text).replace(/[\t\n\r]/g, '');
  const [path = '', ...rest] = trimmed.split(/(?=[?#])/);
  return path.replaceAll('\\', '/') + rest.join('');
}

/** By hand: a pattern would look at each of a million spaces in the middle for the end that does not follow. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 32) start++;
  while (start < end && text.charCodeAt(end - 1) <= 32) end--;
  return text.slice(start, end);
}

/** Exactly one slash: `'x'` and `'/x'` are the same. The base ends its host, so no path can change it. */
function join(base: string, path: string): string {
  if (path === '' || path.startsWith('?') || path.startsWith('#')) return base + path;
  return path.startsWith('/') ? base + path : `${base}/${path}`;
}

function parse(text: string, base?: string): URL {
  const url = URL.parse(text, base);
  if (!url)
    throw invalidOption('The request URL cannot be parsed. Pass a path such as "orders" or a whole URL.');
  return url;
}

function missingBaseUrl(path: string): ConfigError {
  return new ConfigError('MISSING_BASE_URL', {
    message:
      `The URL ${JSON.stringify(path.split(/[?#]/, 1)[0])} is relative, and there is no page and no absolute baseUrl to put it on. ` +
      "Pass baseUrl to the client, such as baseUrl: 'https://api.example.com', or a whole URL here.",
  });
}
