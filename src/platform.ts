/**
 * What the code runs on. Asked at the first request, never at import.
 *
 * @module
 */
import type { FetchLike } from './contracts.ts';

/**
 * - `server`: redirects can be seen and followed hop by hop (Node, Deno, Bun).
 * - `workerd`: the same, but `redirect: 'error'` is not known.
 * - `browser`: a page or a worker; a redirect is followed unseen or not at all.
 */
export type Platform = 'browser' | 'server' | 'workerd';

/** The platform's `fetch`, looked up at each call: polyfills and instrumentation may come later. */
export const platformFetch: FetchLike = (input, init) => globalThis.fetch(input, init);

interface Globals {
  readonly process?: {
    readonly versions?: { readonly node?: unknown };
    readonly type?: string;
    readonly env?: { readonly NODE_ENV?: string };
  };
  readonly navigator?: { readonly userAgent?: string; readonly onLine?: boolean };
  readonly document?: unknown;
  readonly WorkerGlobalScope?: unknown;
  readonly location?: { readonly hostname?: string; readonly origin?: string };
  readonly origin?: string;
}

/** Which platform this is. */
export function detectPlatform(globals: Globals = globalThis as Globals): Platform {
  if (globals.navigator?.userAgent === 'Cloudflare-Workers') return 'workerd';
  // Electron's renderer has a Node version and a browser's fetch; jsdom has a document and Node's fetch.
  const process = given(globals, 'process');
  // Text: an element with an id is a global, too, and so are its children.
  if (typeof process?.versions?.node === 'string' && process.type !== 'renderer') return 'server';
  return globals.document !== undefined || globals.WorkerGlobalScope !== undefined ? 'browser' : 'server';
}

/** What the platform has under a name, not what somebody has left on every object there is (rule S8). */
function given<Name extends keyof Globals>(globals: Globals, name: Name): Globals[Name] | undefined {
  const value = globals[name];
  return value === (Object.prototype as Globals)[name] ? undefined : value;
}

/** Whether somebody is developing: warnings are for them, not for the users of a finished page. */
export function isDevelopment(globals: Globals = globalThis as Globals): boolean {
  const mode = globals.process?.env?.NODE_ENV;
  if (mode !== undefined) return mode !== 'production';
  return isLoopback(globals.location?.hostname ?? '', true);
}

/** The origin of the page or worker, if there is one to speak of. */
export function pageOrigin(globals: Globals = globalThis as Globals): string | undefined {
  const origin = given(globals, 'origin');
  if (origin === undefined || origin === 'null' || origin === '') return undefined;
  // A script may assign to `origin`, if only by a forgotten `const`. Nobody can to `location`, which a frame
  // without a URL of its own has none of.
  const where = given(globals, 'location')?.origin;
  return where === undefined || where === 'null' ? origin : where;
}

/** Whether the browser says that there is no network at all. */
export function isOffline(globals: Globals = globalThis as Globals): boolean {
  return globals.navigator?.onLine === false;
}

/** Whether a host name, as `URL` normalises it, is this very machine (rule S2). */
export function isLoopback(hostname: string, browser: boolean): boolean {
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname) ||
    (browser && hostname.endsWith('.localhost'))
  );
}
