import * as oauth from 'oauth4webapi';
import type { TokenSource } from '../contracts.ts';
import { Issuer } from './issuer.ts';
import { checkGrant, ISSUER_OPTIONS, type IssuerOptions } from './issuer-options.ts';
import { tokenAnswer } from './token-answer.ts';

/** Options of {@link clientCredentials}. */
export type ClientCredentialsOptions = IssuerOptions;

/**
 * Tokens of a program that acts for itself (RFC 6749 §4.4): `new Client(clientCredentials({ issuer, … }))`.
 *
 * @throws `ConfigError` `INVALID_OPTION`, `INSECURE_URL`
 */
export function clientCredentials(options: ClientCredentialsOptions): TokenSource {
  const issuer = new Issuer(checkGrant('clientCredentials()', options, ISSUER_OPTIONS));
  return {
    async getToken({ scopes, audience, signal }) {
      const { client, authentication } = issuer;
      const server = await issuer.metadata(signal);
      const parameters = issuer.parameters(scopes.length > 0 ? scopes : issuer.scopes, audience);
      return tokenAnswer(issuer, {
        signal,
        isMachine: true,
        send: (request) =>
          oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, request),
        check: (response) => oauth.processClientCredentialsResponse(server, client, response),
      });
    },
    ...issuer.common,
  };
}
