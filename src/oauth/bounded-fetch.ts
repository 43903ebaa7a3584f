import { boundedText } from '../bounded-text.ts';
import { systemClock } from '../clock.ts';
import type { Clock } from '../contracts.ts';
import { unreachable } from './unreachable.ts';

export type BoundedFetch = (url: string, options: object) => Promise<Response>;

/** Longer than an answer is listened for by a session (rule T4): that is the session's to say. */
const LONGEST = 60_000;
/** Who stood still reads what has arrived meanwhile before giving up. */
const SLACK = 1000;

/** A `fetch` whose answers are whole and of bounded size and time, and which follows no redirect (rules S3, S8). */
export function boundedFetch(
  fetch: typeof globalThis.fetch,
  clock: Pick<Clock, 'setTimeout'> = systemClock,
): BoundedFetch {
  return async (url, options) => {
    const { signal } = options as { readonly signal?: AbortSignal | null };
    const limit = new AbortController();
    let cancel = clock.setTimeout(() => {
      cancel = clock.setTimeout(() => limit.abort(), SLACK);
    }, LONGEST);
    const signals = signal ? [signal, limit.signal] : [limit.signal];
    const init: RequestInit = { ...options, redirect: 'manual', cache: 'no-store' };
    try {
      return await whole(await fetch(url, { ...init, signal: AbortSignal.any(signals) }));
    } catch (error) {
      throw signal?.aborted === true ? error : unreachable(url, error, limit.signal.aborted);
    } finally {
      cancel();
    }
  };
}

async function whole(response: Response): Promise<Response> {
  const { status, statusText, headers } = response;
  const hasBody = response.body !== null && status >= 200 && status !== 204 && status !== 304;
  // What is too large is read as nothing, and that is no JSON.
  const body = hasBody ? ((await boundedText(response)) ?? '') : null;
  // A redirect that a browser hides has the status 0, which no response of ours can have.
  return new Response(body, { status: status === 0 ? 502 : status, statusText, headers });
}
