/** No answer of an authorization server is larger (rule S8). */
const LARGEST = 1_048_576;

export type BoundedFetch = (url: string, options: object) => Promise<Response>;

/** A `fetch` whose answers are whole and of bounded size, and which follows no redirect (rules S3, S8). */
export function boundedFetch(fetch: typeof globalThis.fetch): BoundedFetch {
  return async (url, options) => {
    const init: RequestInit = { ...options, redirect: 'manual', cache: 'no-store' };
    const response = await fetch(url, init);
    const { status, statusText, headers } = response;
    const hasBody = response.body !== null && status >= 200 && status !== 204 && status !== 304;
    const body = hasBody ? await readBounded(response) : null;
    // A redirect that a browser hides has the status 0, which no response of ours can have.
    return new Response(body, { status: status === 0 ? 502 : status, statusText, headers });
  };
}

async function readBounded(response: Response): Promise<string | null> {
  const reader = response.body?.getReader();
  if (!reader) return null;
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > LARGEST) {
      reader.cancel().catch(() => {});
      // Read as what is no JSON.
      return '';
    }
    text += decoder.decode(value, { stream: true });
  }
}
