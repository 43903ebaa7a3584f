import { boundedText } from '../bounded-text.ts';
import type { TokenResponse } from '../contracts.ts';
import type { Redactor } from '../redact.ts';
import { retryAfterOf } from '../retry-after.ts';
import { type Failure, judgeRefusal, type Refusal } from './failure.ts';
import { TOKEN_NAMES } from './token-response.ts';

/** What a token endpoint's `Response` holds: a token response, or what its refusal means. */
export type EndpointAnswer =
  | { readonly tokens: TokenResponse; readonly date: number | undefined }
  | { readonly failure: Failure };

/** Reads the `Response` of a token endpoint: status, `Retry-After` and the error body of RFC 6749 §5.2. */
export async function readEndpoint(
  response: Response,
  redactor: Redactor,
  now: number,
): Promise<EndpointAnswer> {
  const { status, headers, ok } = response;
  const sent = Date.parse(headers.get('date') ?? '');
  const date = Number.isNaN(sent) ? undefined : sent;
  const body = parseObject(await boundedText(response));
  const said = body === undefined ? undefined : refusalIn(body);
  if (!ok || body === undefined || said !== undefined) {
    const contentType = body === undefined ? (headers.get('content-type') ?? 'no content type') : undefined;
    // A date in `Retry-After` is on the issuer's clock, as its `Date` is: ours may be wrong (T2).
    const retryAfter = retryAfterOf(headers, date ?? now);
    return { failure: judgeRefusal({ status, contentType, retryAfter, ...said }, redactor) };
  }
  return { tokens: body, date };
}

type Said = Required<Pick<Refusal, 'oauthError' | 'suberror' | 'description'>>;

/** The error that an answer tells of. Some servers send it with status 200, some providers pass it on. */
export function refusalIn(body: object): Said | undefined {
  const oauthError = ownText(body, 'error');
  if (oauthError === undefined || TOKEN_NAMES.some((name) => ownText(body, name) !== undefined))
    return undefined;
  return {
    oauthError,
    suberror: ownText(body, 'suberror'),
    description: ownText(body, 'error_description'),
  };
}

function ownText(body: object, name: string): string | undefined {
  const value: unknown = Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function parseObject(text: string | undefined): object | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
