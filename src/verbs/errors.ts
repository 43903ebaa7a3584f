import { HTTPError, NetworkError as KyNetworkError, TimeoutError } from 'ky';
import { parseChallenges } from '../challenge.ts';
import { NetworkError, ValetError } from '../errors.ts';
import { HttpError, type Problem, ResponseError } from '../http-errors.ts';
import { isOffline } from '../platform.ts';
import type { Redactor } from '../redact.ts';
import { retryAfterOf } from '../retry-after.ts';
import { explainStatus, short } from './explain.ts';
import { DoesNotFit, LostBody, NotJson, validate } from './read-body.ts';
import type { CallFacts, ErrorSchema } from './verb-options.ts';

/** Turns what ky throws into our errors. */
export interface ErrorContext {
  readonly facts: CallFacts;
  readonly redactor: Redactor;
  readonly now: number;
  readonly errorSchema: ErrorSchema | undefined;
}

/** Our error for what a verb ran into; aborts and the user's own errors stay what they are. */
export async function toValetError(error: unknown, context: ErrorContext): Promise<unknown> {
  if (ValetError.is(error)) return error;
  if (error instanceof HTTPError) return toHttpError(error, context);
  // ky's timeouts are ours in its clothes: the pipeline keeps the time.
  if (error instanceof TimeoutError) return error.cause ?? error;
  if (error instanceof KyNetworkError || error instanceof LostBody)
    return toNetworkError(error.cause, context);
  if (error instanceof NotJson) return toNotJson(error, context);
  if (error instanceof DoesNotFit) return toInvalidResponse(error, context);
  return context.redactor.clean(error);
}

async function toHttpError(
  error: HTTPError,
  { facts, redactor, now, errorSchema }: ErrorContext,
): Promise<HttpError> {
  const { response } = error;
  const problem = problemIn(response, error.data);
  const retryAfter = retryAfterOf(response.headers, now);
  return new HttpError({
    message: redactor.text(explainStatus(response, facts, problem)),
    request: facts.request,
    response,
    data: await checkedData(error.data, errorSchema),
    problem,
    challenges: parseChallenges(response.headers.get('www-authenticate')),
    retryAfter,
    retryable: [408, 425, 429, 500, 502, 503, 504].includes(response.status),
  });
}

/** The body as the schema gives it back; as it was sent where the schema refuses it. */
async function checkedData(data: unknown, schema: ErrorSchema | undefined): Promise<unknown> {
  if (schema === undefined) return data;
  try {
    return await validate(data, schema);
  } catch (error) {
    if (error instanceof DoesNotFit) return data;
    throw error;
  }
}

/** The members of RFC 9457 §3.1 that have the right type, and all extensions. */
function problemIn(response: Response, data: unknown): Problem | undefined {
  const type = response.headers.get('content-type') ?? '';
  if (!/^application\/problem\+json\b/i.test(type)) return undefined;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  const wrong = (key: string, value: unknown): boolean =>
    key === 'status' ? typeof value !== 'number' : PROBLEM_TEXTS.has(key) && typeof value !== 'string';
  return Object.fromEntries(Object.entries(data).filter(([key, value]) => !wrong(key, value)));
}

const PROBLEM_TEXTS: ReadonlySet<string> = new Set(['type', 'title', 'detail', 'instance']);

/** For errors of the platform's `fetch`, at the send or while a body is read. */
function toNetworkError(cause: unknown, { facts, redactor }: ErrorContext): NetworkError {
  const offline = isOffline();
  const { host } = new URL(facts.request.url);
  const reason = offline ? 'there is no network' : redactor.text(reasonOf(cause));
  const next = offline
    ? 'It can be sent again when the network is back.'
    : 'Is the server running, and is the host right? In a browser it can also be CORS, which hides even a 401: look at the Network tab.';
  return new NetworkError(offline ? 'OFFLINE' : 'NETWORK', {
    message: `${facts.name} got no answer from ${host}: ${reason}. ${next}`,
    cause: redactor.copy(cause),
    request: facts.request,
  });
}

/** The platform says "fetch failed"; what it means is in the cause. */
function reasonOf(cause: unknown): string {
  const inner =
    cause instanceof Error ? (cause.cause as { code?: unknown; message?: unknown } | undefined) : undefined;
  if (typeof inner?.code === 'string') return inner.code;
  if (typeof inner?.message === 'string' && inner.message !== '') return short(inner.message);
  return cause instanceof Error ? short(cause.message) : 'no reason given';
}

function toInvalidResponse(error: DoesNotFit, { facts, redactor }: ErrorContext): ResponseError {
  const [first] = error.issues;
  const path = (first?.path ?? [])
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .join('.');
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : '';
  const issue = redactor.text(
    short(`${path === '' ? '' : `${path}: `}${first?.message ?? 'it does not fit'}`),
  );
  return new ResponseError('INVALID_RESPONSE', {
    message: `${facts.name} was answered, but the body does not match the schema: ${issue}${more}. Change the schema or the server.`,
    request: facts.request,
    issues: error.issues,
  });
}

/** JSON that is not: a login page, an error page, a wrong baseUrl. */
function toNotJson({ response, text }: NotJson, { facts, redactor }: ErrorContext): ResponseError {
  const type = response.headers.get('content-type')?.split(';', 1)[0] ?? 'no content type';
  const start = text === '' ? 'is empty' : `starts ${JSON.stringify(redactor.text(text).slice(0, 30))}`;
  return new ResponseError('NOT_JSON', {
    message:
      `${facts.name} answered ${response.status} with ${redactor.text(type)}, not JSON (it ${start}). ` +
      'This is usually a wrong baseUrl or a login page.',
    request: facts.request,
  });
}
