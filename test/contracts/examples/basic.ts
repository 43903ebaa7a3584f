import type { AuthStrategy } from '../../../src/contracts.ts';
import { ConfigError } from '../../../src/errors.ts';
import { fingerprint } from '../../../src/redact.ts';

/**
 * A user id and a password, as `Authorization: Basic` (RFC 7617 §2).
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function basic(userId: string, password: string): AuthStrategy<string> {
  // What cannot be sent is refused here, not by `Headers` at the first request; a message never holds the secret.
  if (/[:\p{Cc}]/u.test(userId) || /\p{Cc}/u.test(password)) {
    const message = 'basic() takes a user id without a colon, and no control characters. Check the two.';
    throw new ConfigError('INVALID_OPTION', { message });
  }
  const bytes = new TextEncoder().encode(`${userId}:${password}`);
  const credential = btoa(String.fromCharCode(...bytes));
  return {
    name: 'basic',
    placement: 'authorization',
    writes: 'header authorization',
    connect({ redactor }) {
      // Every form of the secret that an error, an event or a server could repeat.
      redactor.add('password', password);
      redactor.add('basic', credential);
    },
    // The same one after a 401 says that there is no better one: nothing is sent again.
    credential: () => credential,
    // `set`, so that what a host SDK wrote there is gone.
    apply: ({ headers }, value) => headers.set('authorization', `Basic ${value}`),
    describe: fingerprint,
    explain: () => 'The password was sent as header authorization. Does it belong to this user id?',
  };
}
