import * as oauth from 'oauth4webapi';
import type { Awaitable, TokenContext, TokenSource } from '../contracts.ts';
import { invalidOption } from '../options.ts';
import { Issuer } from './issuer.ts';
import { checkGrant, ISSUER_OPTIONS, type IssuerOptions } from './issuer-options.ts';
import { tokenAnswer } from './token-answer.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

export interface TokenExchangeOptions extends IssuerOptions {
  /** The token that is exchanged, or a function that hands it out: asked for each exchange. `null`: there is none. */
  readonly subjectToken: string | ((context: TokenContext) => Awaitable<string | null>);
  /** `urn:ietf:params:oauth:token-type:access_token` unless said otherwise (RFC 8693 §3). */
  readonly subjectTokenType?: string | undefined;
  readonly actorToken?: string | undefined;
  readonly actorTokenType?: string | undefined;
}

/**
 * A token in exchange for another, for example for a service behind this one (RFC 8693).
 *
 * @throws `ConfigError` `INVALID_OPTION`, `INSECURE_URL`
 */
export function tokenExchange(options: TokenExchangeOptions): TokenSource {
  const known = [...ISSUER_OPTIONS, 'subjectToken', 'subjectTokenType', 'actorToken', 'actorTokenType'];
  const checked = checkGrant('tokenExchange()', options, known);
  const { subjectToken, subjectTokenType, actorToken, actorTokenType, ...own } = checked;
  if (typeof subjectToken !== 'function' && (typeof subjectToken !== 'string' || subjectToken === ''))
    throw invalidOption(
      'tokenExchange() needs subjectToken: the token to exchange, or a function that hands it out.',
    );
  const issuer = new Issuer(own);
  return {
    async getToken(context) {
      const { scopes, audience, signal } = context;
      const subject = typeof subjectToken === 'function' ? await subjectToken(context) : subjectToken;
      if (subject === null) return null;
      for (const token of [subject, actorToken]) {
        if (token !== undefined) issuer.redactor.add('token', token);
      }
      const { client, authentication } = issuer;
      const server = await issuer.metadata(signal);
      const parameters = issuer.parameters(scopes.length > 0 ? scopes : issuer.scopes, audience);
      parameters.set('subject_token', subject);
      parameters.set('subject_token_type', subjectTokenType ?? ACCESS_TOKEN);
      if (actorToken !== undefined) {
        parameters.set('actor_token', actorToken);
        parameters.set('actor_token_type', actorTokenType ?? ACCESS_TOKEN);
      }
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
