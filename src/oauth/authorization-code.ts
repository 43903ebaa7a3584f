import { systemClock } from '../clock.ts';
import type { Clock } from '../contracts.ts';
import { invalidOption } from '../options.ts';
import { AuthorizationCodeLogin, type AuthorizationCodeSource } from './code-login.ts';
import { Issuer } from './issuer.ts';
import { checkGrant, ISSUER_OPTIONS, type IssuerOptions, secureUrl } from './issuer-options.ts';
import { browserPage, type LoginPage } from './login-page.ts';
import { type LoginStorage, PendingLogins } from './pending-logins.ts';

export type { AuthorizationCodeSource, FinishedLogin, SignInOptions } from './code-login.ts';

export interface AuthorizationCodeOptions extends IssuerOptions {
  /** The page that the server sends the user back to, as it is registered there. */
  readonly redirectUri: string | URL;
  /**
   * The page to come back to after a sign-out, as it is registered. With it `signOut()` leaves this page, so that the
   * user signs out at the server, too, where the server has an end session endpoint (OpenID Connect RP-Initiated
   * Logout 1.0). Without it the user stays here, and the server may sign them in again without a question.
   */
  readonly postLogoutRedirectUri?: string | URL | undefined;
  /** Where logins wait for their answers: `sessionStorage`. */
  readonly storage?: LoginStorage | undefined;
  /** The page that is left and come back to: that of the browser. */
  readonly page?: LoginPage | undefined;
  /** Tells how old a login is: the clock of the platform. */
  readonly clock?: Pick<Clock, 'now'> | undefined;
}

const PAGE = "a whole URL of your app, such as 'https://app.example.com/signed-in' (http: on loopback)";

/** @throws `ConfigError` `INVALID_OPTION`, `INSECURE_URL` */
export function authorizationCode(options: AuthorizationCodeOptions): AuthorizationCodeSource {
  const { redirectUri, postLogoutRedirectUri, storage, page, clock, ...own } = checkGrant(
    'authorizationCode()',
    options,
    [...ISSUER_OPTIONS, 'redirectUri', 'postLogoutRedirectUri', 'storage', 'page', 'clock'],
  );
  if (redirectUri === undefined)
    throw invalidOption(
      'authorizationCode() needs redirectUri: the page that the server sends the user back to.',
    );
  return new AuthorizationCodeLogin(new Issuer(own), {
    redirectUri: secureUrl('redirectUri', redirectUri, PAGE).href,
    postLogoutRedirectUri:
      postLogoutRedirectUri && secureUrl('postLogoutRedirectUri', postLogoutRedirectUri, PAGE).href,
    page: page ?? browserPage,
    logins: new PendingLogins(() => storage ?? globalThis.sessionStorage, clock ?? systemClock),
  });
}
