/** What a response says of itself that the platform cannot know. */
interface Presentation {
  /** The URL without the credential, where the credential is in the query (rule P1). */
  readonly url: string | undefined;
  /** Whether redirects were followed: each hop is a request of its own for the platform. */
  readonly redirected: boolean;
}

/** Statuses whose responses have no body: `new Response` refuses one. */
const BODYLESS: ReadonlySet<number> = new Set([101, 204, 205, 304]);
/** Servers send higher ones, but `new Response` refuses them. */
const HIGHEST = 599;

/**
 * A genuine `Response` with a truthful `redirected`, `type` and `url` (rule P5). With a `url` it is rebuilt,
 * so that not even the inherited getter knows the URL that carried the key.
 */
export function present(response: Response, { url, redirected }: Presentation): Response {
  if (url === undefined) return describe(response, { redirected });
  const { status, statusText, type } = response;
  const rebuilt = rebuild(response);
  const withoutHash = url.split('#', 1)[0] ?? url;
  // `keep`: undici cancels a body when the Response it came with is collected.
  return describe(rebuilt, { url: withoutHash, redirected, type, status, statusText }, response);
}

function rebuild({ body, status, headers }: Response): Response {
  // What `redirect: 'manual'` gives in a browser shows nothing but its URL.
  if (status === 0) return Response.error();
  // Nor any text for the status that servers think of.
  const init = { status: Math.min(status, HIGHEST), headers };
  return new Response(BODYLESS.has(status) ? null : body, init);
}

function describe(response: Response, fields: Readonly<Record<string, unknown>>, keep?: Response): Response {
  for (const [name, value] of Object.entries(fields)) {
    Object.defineProperty(response, name, { value, configurable: true });
  }
  const clone = (): Response => describe(Response.prototype.clone.call(response), fields, keep);
  Object.defineProperty(response, 'clone', { value: clone, configurable: true });
  return response;
}
