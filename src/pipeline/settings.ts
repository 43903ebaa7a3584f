import { ConfigError } from '../errors.ts';
import { checkDuration, invalidOption } from '../options.ts';
import { printableUrl } from '../redact.ts';
import { type Auth, type RequestAuth, readAuth } from './auth.ts';

/** Where credentials may go, and what every request starts from. */
export interface PipelineOptions {
  /** Where relative URLs begin and, with its origin, the first place that may see the credential (P7, S1). */
  readonly baseUrl?: string | URL | undefined;
  /** More origins that may see the credential. An empty list adds none. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Origins to which the credential may go over `http:`. Loopback needs no entry (S2). */
  readonly dangerouslyAllowHttp?: readonly string[] | undefined;
  /** What requests ask of authentication unless they say otherwise. */
  readonly auth?: RequestAuth | undefined;
  /**
   * What becomes of requests when the session has ended: `'fail'` with `SESSION_ENDED`, or `'hold'` them until the
   * same user has signed in again (T7). `'fail'` unless said otherwise.
   */
  readonly whenSessionEnds?: 'fail' | 'hold' | undefined;
  /** Milliseconds that a request is held at most: 300 000. */
  readonly holdLimit?: number | undefined;
}

/** Options that are read, checked and ready for use. */
export interface Settings {
  /** Without its trailing slash; `undefined`: the page's origin. */
  readonly baseUrl: string | undefined;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly httpOrigins: ReadonlySet<string>;
  readonly auth: Auth;
  /** Milliseconds that a request waits for the return of its user; `undefined`: not at all. */
  readonly hold: number | undefined;
}

export const PIPELINE_OPTIONS: readonly string[] = [
  'baseUrl',
  'allowedOrigins',
  'dangerouslyAllowHttp',
  'auth',
  'whenSessionEnds',
  'holdLimit',
];

const HOLD_LIMIT = 300_000;

/** Reads own properties only: a polluted prototype must not open a client (rule S8). */
export function readSettings(options: PipelineOptions): Settings {
  const own = <Key extends keyof PipelineOptions>(key: Key): PipelineOptions[Key] =>
    Object.hasOwn(options, key) ? options[key] : undefined;
  return {
    baseUrl: readBaseUrl(own('baseUrl')),
    allowedOrigins: readOrigins('allowedOrigins', own('allowedOrigins')),
    httpOrigins: readOrigins('dangerouslyAllowHttp', own('dangerouslyAllowHttp')),
    auth: readAuth(own('auth')),
    hold: readHold(own('whenSessionEnds'), own('holdLimit')),
  };
}

function readHold(whenSessionEnds: unknown, limit: number | undefined): number | undefined {
  checkDuration('holdLimit', limit);
  if (whenSessionEnds === 'hold') return limit ?? HOLD_LIMIT;
  if (whenSessionEnds === undefined || whenSessionEnds === 'fail') return undefined;
  throw invalidOption("whenSessionEnds is 'fail' or 'hold'.");
}

function readBaseUrl(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = value instanceof URL ? value.href : value;
  if (typeof text !== 'string' || text === '') throw invalidBaseUrl('it is no URL');
  // A path alone stands on the page's origin, which is known at the first request only.
  const relative = text.startsWith('/') && !/^\/[/\\]/.test(text);
  const url = URL.parse(text, relative ? 'http://relative.invalid' : undefined);
  if (!url) throw invalidBaseUrl('it is neither an absolute URL nor a path that begins with /');
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw invalidBaseUrl("only http: and https: work; write 'http://localhost:3000'");
  if (url.username !== '' || url.password !== '') throw invalidBaseUrl('it holds user info');
  if (url.search !== '' || url.hash !== '') throw invalidBaseUrl('a query or fragment has no place in it');
  return (relative ? url.pathname : url.origin + url.pathname).replace(/\/+$/, '');
}

function invalidBaseUrl(reason: string): ConfigError {
  return new ConfigError('INVALID_BASE_URL', {
    message: `baseUrl cannot be used: ${reason}. Pass something like 'https://api.example.com/v1' or, in a page, '/api'.`,
  });
}

function readOrigins(option: string, values: readonly string[] | undefined): ReadonlySet<string> {
  if (values === undefined) return new Set();
  if (!Array.isArray(values))
    throw invalidOption(`${option} is a list of origins such as ['https://api.example.com'].`);
  return new Set(values.map((value) => readOrigin(option, value)));
}

function readOrigin(option: string, value: unknown): string {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  const isOrigin =
    url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && `${url.origin}/` === url.href;
  // A wildcard would be a host of that very name, which there is none.
  if (!isOrigin || url.hostname.includes('*')) {
    const given = typeof value === 'string' ? JSON.stringify(printableUrl(value)) : `a ${typeof value}`;
    throw invalidOption(`${option} holds ${given}, which is no origin. Write 'https://api.example.com'.`);
  }
  return url.origin;
}
