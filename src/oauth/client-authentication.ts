import * as oauth from 'oauth4webapi';
import { invalidOption } from '../options.ts';
import type { KeyPair } from './key-pair.ts';

/** How a client proves that it is the client (RFC 6749 §2.3, RFC 7523 §2.2). */
export interface ClientSecretOptions {
  /** Of a confidential client. It belongs on a server, never into a page. */
  readonly clientSecret?: string | undefined;
  /**
   * With a secret `client_secret_basic` unless said otherwise; without one `none`; or the private key of
   * `private_key_jwt`.
   */
  readonly clientAuthentication?:
    | 'client_secret_basic'
    | 'client_secret_post'
    | 'none'
    | { readonly privateKey: KeyPair['privateKey']; readonly keyId?: string | undefined }
    | undefined;
}

/** @throws `ConfigError` `INVALID_OPTION` */
export function clientAuthentication(options: ClientSecretOptions): oauth.ClientAuth {
  const { clientSecret, clientAuthentication: method } = options;
  if (typeof method === 'object') {
    const { privateKey, keyId } = method;
    const key = keyId === undefined ? privateKey : { key: privateKey, kid: keyId };
    return oauth.PrivateKeyJwt(key, { [oauth.modifyAssertion]: (_header, claims) => backdate(claims) });
  }
  if (clientSecret === undefined && Object.hasOwn(options, 'clientSecret'))
    throw invalidOption(
      'clientSecret is undefined. If it comes from process.env, check that it is set; leave it out for a public client.',
    );
  if (clientSecret === undefined) {
    if (method === undefined || method === 'none') return oauth.None();
    throw invalidOption(
      `clientAuthentication: '${method}' needs clientSecret. If it comes from process.env, check that it is set.`,
    );
  }
  if (typeof clientSecret !== 'string' || clientSecret === '' || clientSecret === 'undefined')
    throw invalidOption('clientSecret is empty. If it comes from process.env, check that it is set.');
  if (/\p{Cc}/u.test(clientSecret))
    throw invalidOption(
      'clientSecret holds a line break or control character, perhaps from copying. Trim it.',
    );
  if (method === undefined || method === 'client_secret_basic') return oauth.ClientSecretBasic(clientSecret);
  if (method === 'client_secret_post') return oauth.ClientSecretPost(clientSecret);
  throw invalidOption(
    "clientAuthentication is 'client_secret_basic', 'client_secret_post', 'none' or { privateKey }.",
  );
}

/** A server whose clock is a minute behind finds the assertion good, and so does one that is a minute ahead. */
function backdate(claims: Record<string, oauth.JsonValue | undefined>): void {
  for (const name of ['iat', 'nbf']) claims[name] = Number(claims[name]) - 60;
}
