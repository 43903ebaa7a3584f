import * as oauth from 'oauth4webapi';
import type { Awaitable, TokenContext, TokenSource } from '../../../src/contracts.ts';
import { Issuer } from '../../../src/oauth/issuer.ts';
import { ISSUER_OPTIONS, type IssuerOptions } from '../../../src/oauth/issuer-options.ts';
import { refresh } from '../../../src/oauth/refresh.ts';
import { tokenAnswer } from '../../../src/oauth/token-answer.ts';
import { checkKeys, invalidOption } from '../../../src/options.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:saml2-bearer';

export interface Saml2BearerOptions extends IssuerOptions {
  /** Gets an assertion (RFC 7522 §3), base64url-encoded. Asked for each token that is not refreshed. */
  readonly assertion: (context: TokenContext) => Awaitable<string>;
}

/**
 * A token for the SAML assertion of a user (RFC 7522 §2.1); the next ones for the refresh token that came with it.
 *
 * @throws `ConfigError` `INVALID_OPTION`, `INSECURE_URL`
 */
export function saml2Bearer(options: Saml2BearerOptions): TokenSource {
  const { assertion, ...own } = checkKeys('saml2Bearer()', options, [...ISSUER_OPTIONS, 'assertion']);
  if (typeof assertion !== 'function') throw invalidOption('saml2Bearer() needs assertion: a function.');
  const issuer = new Issuer(own);
  return {
    async getToken(context) {
      const { scopes, audience, signal, refreshToken } = context;
      if (refreshToken !== undefined) return refresh(issuer, refreshToken, context);
      const { client, authentication, redactor } = issuer;
      const server = await issuer.metadata(signal);
      const parameters = issuer.parameters(scopes.length > 0 ? scopes : issuer.scopes, audience);
      const signed = await assertion(context);
      // Before it is sent: servers repeat in their errors what they were sent.
      redactor.add('assertion', signed);
      parameters.set('assertion', signed);
      // With `isMachine`, `invalid_grant` would be a mistake of the program; here it ends the session of a user.
      return tokenAnswer(issuer, {
        signal,
        send: (request) =>
          oauth.genericTokenEndpointRequest(server, client, authentication, GRANT, parameters, request),
        check: (response) => oauth.processGenericTokenEndpointResponse(server, client, response),
      });
    },
    ...issuer.common,
  };
}
