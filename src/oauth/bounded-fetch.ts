import { boundedText } from '../bounded-text.ts';

export type BoundedFetch = (url: string, options: object) => Promise<Response>;

/** A `fetch` whose answers are whole and of bounded size, and which follows no redirect (rules S3, S8). */
export function boundedFetch(fetch: typeof globalThis.fetch): BoundedFetch {
  return async (url, options) => {
    const init: RequestInit = { ...options, redirect: 'manual', cache: 'no-store' };
    const response = await fetch(url, init);
    const { status, statusText, headers } = response;
    const hasBody = response.body !== null && status >= 200 && status !== 204 && status !== 304;
    // What is too large is read as nothing, and that is no JSON.
    const body = hasBody ? ((await boundedText(response)) ?? '') : null;
    // A redirect that a browser hides has the status 0, which no response of ours can have.
    return new Response(body, { status: status === 0 ? 502 : status, statusText, headers });
  };
}
