import { SessionError, TokenError } from '../errors.ts';
import { invalidOption } from '../options.ts';

export function withoutLogin(): Error {
  return invalidOption(
    'The grant of discovered() has no login: authorizationCode() and deviceCode() have one.',
  );
}

/** The resource names nobody who may be asked. */
export function notApproved(issuers: readonly string[], hasApprove: boolean): TokenError {
  return new TokenError('TOKEN_ENDPOINT_REJECTED', {
    message:
      `No access token: the resource wants tokens of ${issuers.slice(0, 3).join(', ').slice(0, 200)}, which is not ` +
      `among issuers${hasApprove ? ', and approve() has not agreed to it' : ''}. Nothing was sent there. ` +
      `If it is right, ${hasApprove ? 'have approve() return true, or ' : ''}add it to issuers.`,
  });
}

/** The resource has left the issuer of the session. */
export function moved(resource: string, issuer: string): SessionError {
  return new SessionError('SESSION_ENDED', {
    message:
      `The session is over: ${new URL(resource).origin} takes tokens of another issuer now, ` +
      `${issuer.slice(0, 200)}. Call signIn() to sign in there.`,
  });
}
