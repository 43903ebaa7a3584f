import { tokenChallenge } from '../challenge.ts';
import type { Problem } from '../http-errors.ts';
import type { Redactor } from '../redact.ts';
import type { CallFacts } from './verb-options.ts';

const LONGEST_QUOTE = 160;

/** The message of an `HttpError`: what happened, what the server says, what to do next. */
export function explainStatus(
  response: Response,
  facts: CallFacts,
  problem: Problem | undefined,
  redactor: Redactor,
): string {
  const { status } = response;
  const said = serverSays(response, problem, redactor);
  const scope = missingScope(response, redactor);
  return `${answered(facts)} ${status}${status === 401 ? nature(facts) : ''}.${said} ${nextStep(status, facts, scope)}`;
}

/** Who answered: it is named where it is not who was asked. */
export function answered({ name, elsewhere }: CallFacts): string {
  return elsewhere === undefined
    ? `${name} answered`
    : `${name} was redirected to ${elsewhere}, which answered`;
}

function nature({ replayed }: CallFacts): string {
  return replayed ? ' twice, before and after a new credential' : '';
}

/** What a 403 asks for (RFC 6750 §3.1). */
function missingScope({ status, headers }: Response, redactor: Redactor): string | undefined {
  const parameters = status === 403 ? tokenChallenge(headers.get('www-authenticate'))?.parameters : undefined;
  const scope = parameters?.get('error') === 'insufficient_scope' ? parameters.get('scope') : undefined;
  return scope === undefined ? undefined : JSON.stringify(short(redactor.text(scope)));
}

function nextStep(status: number, facts: CallFacts, scope: string | undefined): string {
  if (facts.elsewhere !== undefined && !facts.carried) return ELSEWHERE;
  if (status === 401) return facts.carried ? (facts.credential ?? 'Check the credential.') : BARE;
  if (scope !== undefined)
    return `The token lacks ${scope}: ask for it with auth: { scopes }, or list it in stepUp.`;
  if (status === 403) return FORBIDDEN;
  if (status === 404) return 'Check the path and baseUrl; some servers answer 404 where access is missing.';
  if (status === 429) return 'Too many requests: wait for retryAfter, or send fewer.';
  if (status >= 500) return 'The server failed: try again later, and look at its log.';
  return 'The server refused the request as it is: error.data holds what it says.';
}

const BARE = 'It was sent without a credential: sign in, or leave auth: false out.';
const ELSEWHERE =
  'A credential does not go along to another origin, so this says nothing of it: look why the request is redirected.';
const FORBIDDEN =
  'The credential is known but may not do this: check its permissions. Some gateways answer a bad key so.';

function serverSays(response: Response, problem: Problem | undefined, redactor: Redactor): string {
  const challenge = tokenChallenge(response.headers.get('www-authenticate'))?.parameters;
  const error = challenge?.get('error');
  const description = challenge?.get('error_description') ?? problem?.detail ?? problem?.title;
  const parts = [
    error,
    description === undefined
      ? undefined
      : JSON.stringify(short(redactor.text(description).replace(/\.$/, ''))),
  ];
  const said = parts.filter((part) => part !== undefined).join(', ');
  return said === '' ? '' : ` The server says: ${said}.`;
}

/** Foreign text in a message is a quotation, not a page. Mask it first: half a secret is not found any more. */
export function short(text: string): string {
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}
