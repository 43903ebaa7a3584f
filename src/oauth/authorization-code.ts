import * as oauth from 'oauth4webapi';
import { systemClock } from '../clock.ts';
import type { Clock, TokenSource } from '../contracts.ts';
import { checkKeys, invalidOption } from '../options.ts';
import { Issuer } from './issuer.ts';
import { ISSUER_OPTIONS, type IssuerOptions, secureUrl } from './issuer-options.ts';
import { answeredElsewhere, denied, refusedBy } from './login-errors.ts';
import { browserPage, type LoginPage } from './login-page.ts';
import { LoginSource } from './login-source.ts';
import { type LoginStorage, type PendingLogin, PendingLogins } from './pending-logins.ts';
import { tokenAnswer } from './token-answer.ts';

export interface AuthorizationCodeOptions extends IssuerOptions {
  /** The page that the server sends the user back to, as it is registered there. */
  readonly redirectUri: string | URL;
  /** Where logins wait for their answers: `sessionStorage`. */
  readonly storage?: LoginStorage | undefined;
  readonly page?: LoginPage | undefined;
  readonly clock?: Pick<Clock, 'now'> | undefined;
}

export interface SignInOptions {
  /** The page to show afterwards, on this origin: the present one unless said otherwise. */
  readonly returnTo?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** More parameters of the authorization request, such as `prompt` or `login_hint`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}

/** A login that is done. */
export interface FinishedLogin {
  /** The page to show now: on this origin. */
  readonly returnTo: string;
}

const ANSWER = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'session_state'];

/** Tokens of a user who signs in at the authorization server's own pages, with PKCE (RFC 6749 §4.1, RFC 7636). */
export interface AuthorizationCodeSource extends TokenSource {
  /** Leaves this page for the login. The page at `redirectUri` calls `handleRedirect()`. */
  signIn(options?: SignInOptions): Promise<void>;
  /**
   * Finishes a login, on the page at `redirectUri`. Does nothing where the URL holds no answer of one, so that it
   * may be called on every page and twice. The answer is out of the address bar before anything else happens.
   *
   * Rejects with `TokenError` `TOKEN_ENDPOINT_REJECTED` where the user or the server said no, or the answer belongs
   * to no login of this tab.
   */
  handleRedirect(): Promise<FinishedLogin | undefined>;
}

/** A login with a redirect. */
export class AuthorizationCodeLogin extends LoginSource implements AuthorizationCodeSource {
  protected redirectUri: string;
  readonly #page: LoginPage;
  readonly #logins: PendingLogins;
  #handling: Promise<FinishedLogin | undefined> | undefined;

  constructor(issuer: Issuer, redirectUri: string, page: LoginPage, logins: PendingLogins) {
    super(issuer);
    this.redirectUri = redirectUri;
    this.#page = page;
    this.#logins = logins;
  }

  async signIn({ returnTo, scopes, parameters }: SignInOptions = {}): Promise<void> {
    const target = sameOrigin(returnTo ?? this.#page.href(), this.#page.href());
    const { client } = this.issuer;
    const server = await this.issuer.metadata();
    if (server.authorization_endpoint === undefined)
      throw invalidOption(
        'The authorization server has no authorization endpoint. Pass endpoints: { authorization }.',
      );
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
    const verifier = oauth.generateRandomCodeVerifier();
    this.#logins.add(state, { verifier, nonce, redirectUri: this.redirectUri, returnTo: target });
    const url = new URL(server.authorization_endpoint);
    const asked = {
      ...parameters,
      client_id: client.client_id,
      redirect_uri: this.redirectUri,
      response_type: 'code',
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      // The code, too, is of no use without the key (RFC 9449 §10).
      ...(this.proof && { dpop_jkt: await this.proof.thumbprint() }),
    };
    for (const [name, value] of this.issuer.loginParameters(scopes ?? this.issuer.scopes))
      url.searchParams.append(name, value);
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
    await this.#page.leave(url.href);
  }

  handleRedirect(): Promise<FinishedLogin | undefined> {
    const url = new URL(this.#page.href());
    const isAnswer =
      url.searchParams.has('state') && (url.searchParams.has('code') || url.searchParams.has('error'));
    // The second call of React's StrictMode finds a clean URL and the first one under way.
    if (!isAnswer) return this.#handling ?? Promise.resolve(undefined);
    const answer = new URLSearchParams(url.search);
    for (const name of ANSWER) url.searchParams.delete(name);
    this.#page.clean(url.href);
    this.#handling = this.#finish(answer).finally(() => {
      this.#handling = undefined;
    });
    return this.#handling;
  }

  async #finish(answer: URLSearchParams): Promise<FinishedLogin> {
    const state = answer.get('state') ?? '';
    const login = this.#logins.take(state);
    if (login === undefined) throw answeredElsewhere();
    const server = await this.issuer.metadata();
    const parameters = this.#check(server, answer, state);
    // What a page may write anybody in the page may have written.
    const returnTo = sameOrigin(login.returnTo, this.#page.href());
    const tokens = await this.#exchange(server, parameters, login).catch(unlessOurs);
    if (!tokens.ok) throw await refusedBy(tokens);
    this.bring(tokens);
    return { returnTo };
  }

  /** `state`, and `iss` against mix-up (RFC 9207). */
  #check(server: oauth.AuthorizationServer, answer: URLSearchParams, state: string): URLSearchParams {
    try {
      return oauth.validateAuthResponse(server, this.issuer.client, answer, state);
    } catch (error) {
      const { error: said } = error as { error?: unknown };
      throw denied({ oauthError: typeof said === 'string' ? said : undefined, cause: error as Error });
    }
  }

  #exchange(
    server: oauth.AuthorizationServer,
    parameters: URLSearchParams,
    { redirectUri, verifier, nonce }: PendingLogin,
  ): Promise<Response> {
    const { client, authentication } = this.issuer;
    const additionalParameters = this.issuer.parameters([]);
    return tokenAnswer(this.issuer, {
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
        const expected = isOpenId ? { expectedNonce: nonce, requireIdToken: true } : {};
        return oauth.processAuthorizationCodeResponse(server, client, response, expected);
      },
    });
  }
}

/** @throws `ConfigError` `INVALID_OPTION`, `INSECURE_URL` */
export function authorizationCode(options: AuthorizationCodeOptions): AuthorizationCodeSource {
  const { redirectUri, storage, page, clock, ...own } = checkKeys('authorizationCode()', options, [
    ...ISSUER_OPTIONS,
    'redirectUri',
    'storage',
    'page',
    'clock',
  ]);
  if (redirectUri === undefined)
    throw invalidOption(
      'authorizationCode() needs redirectUri: the page that the server sends the user back to.',
    );
  const logins = new PendingLogins(() => storage ?? globalThis.sessionStorage, clock ?? systemClock);
  const target = secureUrl('redirectUri', redirectUri).href;
  return new AuthorizationCodeLogin(new Issuer(own), target, page ?? browserPage, logins);
}

/** Where a login leads to is never another site: that would be an open redirect. */
function sameOrigin(returnTo: string, here: string): string {
  const url = URL.parse(returnTo, here);
  const isPage = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === null || !isPage || url.origin !== new URL(here).origin)
    throw invalidOption('returnTo is a page of this origin, such as "/orders".');
  return url.href;
}

/** What the protocol does not allow comes to nothing like any other login. */
function unlessOurs(error: Error & { readonly code?: unknown }): never {
  const isProtocol = typeof error.code === 'string' && error.code.startsWith('OAUTH_');
  throw isProtocol ? denied({ cause: error }) : error;
}

async function hasIdToken(response: Response): Promise<boolean> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return Object.hasOwn(Object(body) as object, 'id_token');
}
