import type { Attempt } from './send-verb.ts';
import type { VerbOptions } from './verb-options.ts';

/** What a verb was called with, as far as it is sent. */
export interface Called {
  readonly input: string | URL | Request;
  readonly options: VerbOptions;
  /** Those of the client and of the call; `undefined`: there are none. */
  readonly headers: Headers | undefined;
  /** What the shortcut asks for that reads the answer. */
  accept: string;
}

/** What is sent, without the body. */
export type Wire = Pick<Attempt, 'input' | 'init'>;

/** ky's `Request` as it is, or its parts where they say the same: the platform makes its own of either. */
export function wireOf(called: Called, request: Request, init: RequestInit): Wire {
  const { input, options, headers } = called;
  if (options.hooks !== undefined || isKysBody(options) || input instanceof Request) {
    complete(request.headers, called);
    return { input: request, init };
  }
  return {
    input: options.searchParams === undefined ? String(input) : request.url,
    init: {
      ...init,
      ...requestFields(options),
      method: request.method,
      headers: headers === undefined ? assumed(called) : complete(headers, called),
    },
  };
}

/** What ky does nothing with before a send: the pipeline does, or nobody has to until an answer is bad. */
const PASSED_BY: ReadonlySet<string> = new Set([
  'auth',
  'body',
  'headers',
  'json',
  'retry',
  'signal',
  'stringifyJson',
  'throwHttpErrors',
  'timeout',
]);

/**
 * What is sent without ky; `undefined`: ky has something to do before, by `searchParams`, `hooks`, progress or a
 * `Request`. A function, since a shortcut says only after the call what it accepts.
 */
export function directWire(called: Called, method = 'get'): (() => Wire) | undefined {
  const { input, options, headers } = called;
  if (typeof input !== 'string') return undefined;
  for (const name in options) if (!PASSED_BY.has(name)) return undefined;
  const { signal } = options;
  return () => {
    const init: RequestInit = {
      method,
      headers: headers === undefined ? assumed(called) : complete(headers, called),
    };
    if (signal !== undefined) init.signal = signal;
    return { input, init };
  };
}

/** With progress ky must see the body: it counts the bytes that pass. */
export function isKysBody({ onUploadProgress }: VerbOptions): boolean {
  return onUploadProgress !== undefined;
}

/** What ky's shortcuts would write, where nobody else has. */
function assumed({ options, accept }: Called): Record<string, string> {
  return options.json === undefined ? { accept } : { accept, 'content-type': 'application/json' };
}

function complete(headers: Headers, called: Called): Headers {
  for (const [name, value] of Object.entries(assumed(called))) {
    if (!headers.has(name)) headers.set(name, value);
  }
  return headers;
}

const REQUEST_FIELDS: ReadonlySet<string> = new Set([
  'cache',
  'credentials',
  'integrity',
  'keepalive',
  'mode',
  'priority',
  'redirect',
  'referrer',
  'referrerPolicy',
  'signal',
]);

/** What the caller said of a request besides method, headers and body. */
function requestFields(options: VerbOptions): RequestInit {
  const given = Object.entries(options).filter(
    ([name, value]) => REQUEST_FIELDS.has(name) && value !== undefined,
  );
  return Object.fromEntries(given);
}

/** The body that `json` means. */
export function stringify(json: unknown, { stringifyJson }: VerbOptions): string {
  return stringifyJson?.(json) ?? JSON.stringify(json);
}
