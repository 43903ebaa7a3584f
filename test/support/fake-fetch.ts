import type { Awaitable, FetchLike } from '../../src/contracts.ts';

/** One call of a fake `fetch`. */
interface Call {
  readonly input: string | URL | Request;
  readonly init: RequestInit;
  /** What a real `fetch` makes of both. */
  readonly request: Request;
}

export type Answer = (call: Call) => Awaitable<Response>;

export interface FakeFetch extends FetchLike {
  readonly calls: readonly Call[];
}

/** A `fetch` that answers from a list, with the last one for good, and remembers what it was called with. */
export function createFakeFetch(...answers: readonly Answer[]): FakeFetch {
  const calls: Call[] = [];
  const fetch: FetchLike = async (input, init = {}) => {
    const call = { input, init, request: new Request(input, init) };
    calls.push(call);
    call.request.signal.throwIfAborted();
    const answer = answers[Math.min(calls.length, answers.length) - 1] ?? ok;
    return answer(call);
  };
  return Object.assign(fetch, { calls });
}

export const ok: Answer = () => Response.json({ ok: true });

/** Answers with `status` and a short body. */
export function status(code: number, headers: Record<string, string> = {}): Answer {
  return () => new Response(`status ${code}`, { status: code, headers });
}

/** Sends the caller on to `location`. */
export function redirect(location: string, code = 302): Answer {
  return () => new Response(null, { status: code, headers: { location } });
}

/** Answers only when the signal of the request aborts, as a server that hangs does. */
export const hang: Answer = ({ request: { signal } }) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
