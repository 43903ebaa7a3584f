/** What an answer says about its refusal (RFC 6749 §5.2, RFC 8628 §3.5). */
export interface Refusal {
  readonly oauthError: string | undefined;
  readonly description: string | undefined;
}

const LONGEST = 160;

export async function refusalIn(answer: Response): Promise<Refusal> {
  const body = await bodyOf(answer);
  const description = ownText(body, 'error_description');
  return { oauthError: ownText(body, 'error'), description: description?.slice(0, LONGEST) };
}

/** The error code in an answer. */
export async function errorIn(answer: Response): Promise<string | undefined> {
  return (await refusalIn(answer)).oauthError;
}

/** Whether there is an access token in an answer: some servers refuse with status 200. */
export async function holdsToken(answer: Response): Promise<boolean> {
  return answer.ok && ownText(await bodyOf(answer), 'access_token') !== undefined;
}

async function bodyOf(answer: Response): Promise<object> {
  const body: unknown = await answer
    .clone()
    .json()
    .catch(() => undefined);
  return Object(body) as object;
}

function ownText(body: object, name: string): string | undefined {
  const value: unknown = Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
