import * as oauth from 'oauth4webapi';
import type { Issuer } from './issuer.ts';
import { denied } from './login-errors.ts';
import type { PendingLogin } from './pending-logins.ts';
import { tokenAnswer } from './token-answer.ts';

/** Exchanges the code of a login for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5). */
export async function exchangeCode(
  issuer: Issuer,
  server: oauth.AuthorizationServer,
  parameters: URLSearchParams,
  { redirectUri, verifier, nonce }: PendingLogin,
): Promise<Response> {
  const { client, authentication } = issuer;
  const additionalParameters = issuer.parameters([]);
  try {
    return await tokenAnswer(issuer, {
      send: (request) =>
        oauth.authorizationCodeGrantRequest(
          server,
          client,
          authentication,
          parameters,
          redirectUri,
          verifier,
          { ...request, additionalParameters },
        ),
      check: async (response) => {
        const isOpenId = response.ok && (await hasIdToken(response));
        const expected: oauth.ProcessAuthorizationCodeResponseOptions = {
          expectedNonce: nonce === '' ? oauth.expectNoNonce : nonce,
          requireIdToken: true,
        };
        return oauth.processAuthorizationCodeResponse(server, client, response, isOpenId ? expected : {});
      },
    });
  } catch (cause) {
    // What the protocol does not allow comes to nothing like any other login.
    const { code } = Object(cause) as { code?: unknown };
    const isProtocol = typeof code === 'string' && code.startsWith('OAUTH_');
    throw isProtocol ? denied({ cause }, issuer.redactor) : cause;
  }
}

async function hasIdToken(response: Response): Promise<boolean> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return Object.hasOwn(Object(body) as object, 'id_token');
}
