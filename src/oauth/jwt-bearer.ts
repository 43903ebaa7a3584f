import * as oauth from 'oauth4webapi';
import type { Awaitable, TokenContext, TokenSource } from '../contracts.ts';
import { invalidOption } from '../options.ts';
import { Issuer } from './issuer.ts';
import { checkGrant, ISSUER_OPTIONS, type IssuerOptions } from './issuer-options.ts';
import { tokenAnswer } from './token-answer.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export interface JwtBearerOptions extends IssuerOptions {
  /** Signs an assertion (RFC 7523 §3). Asked for each token: an assertion is good for minutes. */
  readonly assertion: (context: TokenContext) => Awaitable<string>;
}

/**
 * A token for a signed assertion, as service accounts have them (RFC 7523 §2.1).
 *
 * @throws `ConfigError` `INVALID_OPTION`, `INSECURE_URL`
 */
export function jwtBearer(options: JwtBearerOptions): TokenSource {
  const { assertion, ...own } = checkGrant('jwtBearer()', options, [...ISSUER_OPTIONS, 'assertion']);
  if (typeof assertion !== 'function')
    throw invalidOption('jwtBearer() needs assertion: a function that signs a JWT.');
  const issuer = new Issuer(own);
  return {
    async getToken(context) {
      const { scopes, audience, signal } = context;
      const { client, authentication } = issuer;
      const server = await issuer.metadata(signal);
      const parameters = issuer.parameters(scopes.length > 0 ? scopes : issuer.scopes, audience);
      const signed = await assertion(context);
      issuer.redactor.add('assertion', signed);
      parameters.set('assertion', signed);
      return tokenAnswer(issuer, {
        signal,
        isAsserted: true,
        isMachine: true,
        send: (request) =>
          oauth.genericTokenEndpointRequest(server, client, authentication, GRANT, parameters, request),
        check: (response) => oauth.processGenericTokenEndpointResponse(server, client, response),
      });
    },
    ...issuer.common,
  };
}
