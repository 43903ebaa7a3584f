import { invalidOption } from '../options.ts';
import { fingerprint } from '../redact.ts';
import { leaksIn } from './leaks.ts';

/** Whoever knows the secrets of a test: a test client, a fake provider, an auth server. */
export interface SecretHolder {
  readonly secrets: readonly string[];
}

/** Part of a secret that is found as well. Shorter parts would be found in ordinary text. */
const PART = 16;

/**
 * Searches `captured` for the secrets of `from`: lines of a log, errors, events, what is on a page. It looks through
 * properties, hidden ones too, `cause`, headers and what printing shows; for a secret as it is, in parts of 16
 * characters, percent-encoded, JSON-escaped and in base64.
 *
 * @throws an `Error` that says where a secret was found, and `ConfigError` `INVALID_OPTION` where there is none to
 * look for
 */
export function expectNoSecrets(from: SecretHolder | readonly string[], captured: unknown): void {
  const secrets: unknown = Array.isArray(from) ? from : (from as Partial<SecretHolder> | null)?.secrets;
  if (!isListOfTexts(secrets))
    throw invalidOption(
      'expectNoSecrets() takes whoever knows the secrets first: what createTestClient(), fakeTokenProvider() or ' +
        'createAuthServer() made, or a list of the secrets themselves.',
    );
  if (secrets.length === 0)
    throw invalidOption(
      'expectNoSecrets() has no secrets to look for. Call it after the requests, or pass what must not show.',
    );
  const leaks = leaksIn({ captured }, secrets, { part: PART });
  if (leaks.length === 0) return;
  const places = new Map(leaks.map(({ path, secret }) => [path, fingerprint(secret)]));
  const lines = Array.from(places, ([path, name]) => `  ${path} (secret ${name})`);
  throw new Error(`A secret can be read in what was captured. Do not hand it out:\n${lines.join('\n')}`);
}

/** An empty text is none: it would be looked for, and never found. */
function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string' && text !== '');
}
