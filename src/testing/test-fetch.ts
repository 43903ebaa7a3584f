import type { Awaitable, FetchLike } from '../contracts.ts';
import { invalidOption, isObject } from '../options.ts';

/** What answers a request: a `Response`, a value that is sent as JSON, or nothing, which is a 204. */
export type TestAnswer = (request: Request) => Awaitable<unknown>;

/**
 * Answers by method and URL, or one function for all. A key is `'GET /orders'`, `'/orders'` for every method, a
 * whole URL in place of the path, or `'*'` for the rest; the first that fits is taken. Without a `?` in it a key fits
 * whatever the query is.
 */
export type TestResponses = Readonly<Record<string, unknown>> | TestAnswer;

/** A request as a server would have seen it. */
export interface TestRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** The header `Authorization`. */
  readonly authorization: string | null;
  /** What it was answered with, as soon as it was. */
  readonly status: number | undefined;
  /** To read the body of: `await request.json()`. */
  readonly request: Request;
}

/** A `fetch` without a network: `runtime: { fetch: createTestFetch({ 'GET /me': { name: 'Ada' } }) }`. */
export interface TestFetch extends FetchLike {
  /** Every request so far, in order. */
  readonly requests: readonly TestRequest[];
}

/**
 * Makes a `fetch` that answers from `responses` and remembers what it was asked. What it has no answer for rejects
 * with `INVALID_OPTION`.
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function createTestFetch(responses: TestResponses = {}): TestFetch {
  return createRefusingFetch(responses, () => undefined);
}

/** The same for a server that refuses some requests before it answers. */
export function createRefusingFetch(
  responses: TestResponses,
  refuse: (request: Request) => Response | undefined,
): TestFetch {
  const requests: TestRequest[] = [];
  const answerTo = typeof responses === 'function' ? responses : byRoute(responses);
  const fetch: FetchLike = async (input, init) => {
    const request = new Request(input, init);
    const { method, url, headers, signal } = request;
    const entry: { -readonly [K in keyof TestRequest]: TestRequest[K] } = {
      method,
      url,
      headers,
      authorization: headers.get('authorization'),
      status: undefined,
      request: request.clone(),
    };
    requests.push(entry);
    const answer = await unlessAborted(signal, () => refuse(request) ?? answerTo(request));
    const response = responseFrom(answer, url);
    entry.status = response.status;
    return response;
  };
  return Object.assign(fetch, { requests });
}

/** A `Response` that knows where it came from, as those of a platform do. */
class WireResponse extends Response {
  readonly #url: string;

  constructor(response: Response, url: string) {
    const { status, statusText, headers } = response;
    super(response.body, { status, statusText, headers });
    this.#url = url;
  }

  override get url(): string {
    return this.#url;
  }

  override clone(): Response {
    return new WireResponse(super.clone(), this.#url);
  }
}

/** What comes over the wire from `url` for an answer. */
export function responseFrom(answer: unknown, url: string): Response {
  if (!(answer instanceof Response))
    return new WireResponse(
      answer === undefined ? new Response(null, { status: 204 }) : Response.json(answer),
      url,
    );
  if (answer.status !== 0) return new WireResponse(answer, url);
  // As browsers give a redirect that the caller wants to see: it shows nothing but its URL.
  return Object.defineProperties(answer, { type: { value: 'opaqueredirect' }, url: { value: url } });
}

type Route = (request: Request) => boolean;

function byRoute(responses: Readonly<Record<string, unknown>>): TestAnswer {
  if (!isObject(responses))
    throw invalidOption("responses is an object, such as { 'GET /orders': [] }, or a function.");
  const routes = Object.entries(responses).map(([key, answer]) => [routeOf(key), answer] as const);
  return (request) => {
    const [, answer] = routes.find(([fits]) => fits(request)) ?? unanswered(request);
    if (typeof answer === 'function') return (answer as TestAnswer)(request);
    // The same one may be the answer to many.
    return answer instanceof Response ? answer.clone() : answer;
  };
}

function routeOf(key: string): Route {
  const [, method, where = ''] = /^(?:([A-Z]+) )?(\*|\/.*|https?:\/\/.*)$/.exec(key) ?? [];
  if (where === '')
    throw invalidOption(
      `responses has the key ${JSON.stringify(key)}. Write 'GET /orders', '/orders' or '*'.`,
    );
  return (request) => {
    const { origin, pathname, search } = new URL(request.url);
    const path = where.startsWith('/') ? pathname : origin + pathname;
    const fits = where === '*' || where === (where.includes('?') ? path + search : path);
    return fits && (method === undefined || method === request.method);
  };
}

function unanswered({ method, url }: Request): never {
  const what = `${method} ${new URL(url).pathname}`;
  throw invalidOption(
    `The test has no response for ${what}. Add one: responses: { '${what}': … }, or '*' for the rest.`,
  );
}

/** What `run` comes to, unless the caller gives up first, as with a server that hangs. */
async function unlessAborted<T>(signal: AbortSignal, run: () => Awaitable<T>): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
    Promise.resolve().then(run).then(resolve, reject);
  });
}
