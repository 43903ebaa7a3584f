import { HTTPError, NetworkError as KyNetworkError, TimeoutError } from 'ky';
import { parseChallenges } from '../challenge.ts';
import { NetworkError, ValetError } from '../errors.ts';
import { HttpError, type Problem, ResponseError } from '../http-errors.ts';
import { detectPlatform, isOffline } from '../platform.ts';
import { reasonOf } from '../reason.ts';
import { MASK, type Redactor } from '../redact.ts';
import { retryAfterOf } from '../retry-after.ts';
import { answered, explainStatus, short } from './explain.ts';
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
  // Awaited, so that its stack leads to whoever called the verb.
  if (error instanceof HTTPError) return await toHttpError(error, context);
  // ky's timeouts are ours in its clothes: the pipeline keeps the time.
  if (error instanceof TimeoutError) return error.cause ?? error;
  if (error instanceof KyNetworkError || error instanceof LostBody) return toNetworkError(error, context);
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
  const checked = errorSchema === undefined ? error.data : await checkedData(error.data, errorSchema);
  return new HttpError({
    message: redactor.text(explainStatus(response, facts, problem, redactor)),
    request: facts.request,
    response,
    data: checked,
    problem,
    challenges: parseChallenges(cleanChallenge(response, redactor)),
    retryAfter,
    retryable: [408, 425, 429, 500, 502, 503, 504].includes(response.status),
  });
}

/** The body as the schema gives it back; as it was sent where the schema refuses it. */
async function checkedData(data: unknown, schema: ErrorSchema): Promise<unknown> {
  try {
    return await validate(data, schema);
  } catch (error) {
    if (error instanceof DoesNotFit) return data;
    throw error;
  }
}

/** Some servers repeat there what they were sent. */
function cleanChallenge({ headers }: Response, redactor: Redactor): string | null {
  const header = headers.get('www-authenticate');
  return header === null ? null : redactor.text(header);
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

const CORS = ' In a browser it can also be CORS, which hides even a 401: look at the Network tab.';

/** For errors of the platform's `fetch`, at the send or while a body is read. */
function toNetworkError(error: KyNetworkError | LostBody, { facts, redactor }: ErrorContext): NetworkError {
  const { cause } = error;
  const isBroken = error instanceof LostBody;
  const offline = isOffline();
  const [, host = ''] = /^[^:]*:\/\/([^/?#]*)/.exec(facts.lastUrl) ?? [];
  const reason = offline
    ? 'there is no network'
    : short(redactor.text(reasonOf(cause) ?? (cause instanceof Error ? cause.message : 'no reason given')));
  const next = offline
    ? 'It can be sent again when the network is back.'
    : isBroken
      ? 'Try again; if it happens often, look at the server and at what is in between.'
      : `Is the server running, and is the host right?${detectPlatform() === 'browser' ? CORS : ''}`;
  const what = isBroken ? 'lost the rest of its answer from' : 'got no answer from';
  return new NetworkError(offline ? 'OFFLINE' : 'NETWORK', {
    message: `${facts.name} ${what} ${redactor.text(host)}: ${reason}. ${next}`,
    cause: redactor.copy(cause),
    request: facts.request,
  });
}

function toInvalidResponse(error: DoesNotFit, { facts, redactor }: ErrorContext): ResponseError {
  const [first] = error.issues;
  const path = (first?.path ?? [])
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .join('.');
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : '';
  const issue = short(
    redactor.text(`${path === '' ? '' : `${path}: `}${first?.message ?? 'it does not fit'}`),
  );
  return new ResponseError('INVALID_RESPONSE', {
    message: `${facts.name} was answered, but the body does not match the schema: ${issue}${more}. Change the schema or the server.`,
    request: facts.request,
    issues: error.issues,
  });
}

/** JSON that is not: a login page, an error page, a wrong baseUrl. */
function toNotJson({ response, text }: NotJson, { facts, redactor }: ErrorContext): ResponseError {
  const [type = ''] = redactor.text(response.headers.get('content-type') ?? 'no content type').split(';');
  const start = text === '' ? 'is empty' : `starts ${JSON.stringify(startOf(text, redactor))}`;
  const isJson = /[/+]json$/i.test(type.trim());
  const isBodyless = text === '' && (response.status === 204 || response.status === 205);
  const said = isBodyless
    ? 'which has no body. Leave .json() out, or pass it a schema that accepts undefined.'
    : isJson
      ? `with JSON that is cut off or broken (it ${start}). Look at the server.`
      : `with ${type}, not JSON (it ${start}). This is usually a wrong baseUrl or a login page.`;
  return new ResponseError('NOT_JSON', {
    message: `${answered(facts)} ${response.status}${isBodyless ? ',' : ''} ${said}`,
    request: facts.request,
  });
}

/** The first words of a body. Of a long one only the beginning is searched; where that is all secrets, none is shown. */
function startOf(text: string, redactor: Redactor): string {
  const searched = redactor.text(text.slice(0, 16_384));
  return text.length > 16_384 && searched.length < 8192 ? MASK : searched.slice(0, 30);
}
