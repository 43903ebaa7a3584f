import * as oauth from 'oauth4webapi';
import type { EndedSession, TokenSource } from '../contracts.ts';
import { checkKeys, invalidOption } from '../options.ts';
import { exchangeCode } from './code-exchange.ts';
import { digest } from './digest.ts';
import { endSessionUrl } from './end-session.ts';
import type { Issuer } from './issuer.ts';
import { answeredElsewhere, denied, refusedBy } from './login-errors.ts';
import type { LoginPage } from './login-page.ts';
import { LoginSource } from './login-source.ts';
import type { PendingLogins } from './pending-logins.ts';
import { holdsToken } from './refusal.ts';
import { sameOrigin } from './return-to.ts';

/** Options of one login. */
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

const OPTIONS = ['returnTo', 'scopes', 'parameters'];
const ANSWER = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'session_state'];

/** Tokens of a user who signs in at the authorization server's own pages, with PKCE (RFC 6749 §4.1, RFC 7636). */
export interface AuthorizationCodeSource extends TokenSource {
  /** Leaves this page for the login. The page at `redirectUri` calls `handleRedirect()`. Rejects as that does. */
  signIn(options?: SignInOptions): Promise<void>;
  /**
   * Finishes a login, on the page at `redirectUri`. Does nothing where the URL holds no answer of one, so that it
   * may be called on every page and twice. The answer is out of the address bar before anything else happens; what
   * the server adds to the URL after a sign-out is taken out, too.
   *
   * Rejects with `TokenError`: `TOKEN_ENDPOINT_REJECTED` where the user or the server said no, or the answer belongs
   * to no login of this tab; `TOKEN_ENDPOINT_UNAVAILABLE` where the network or the server had a bad moment;
   * `STORE_UNAVAILABLE` where the page may not store anything. Then `signIn()` begins anew.
   */
  handleRedirect(): Promise<FinishedLogin | undefined>;
}

/** What a login with a redirect is made of. */
export interface LoginParts {
  readonly redirectUri: string;
  /** Where the user comes back to from a sign-out at the server; without it they are not sent there. */
  readonly postLogoutRedirectUri?: string | undefined;
  readonly page: LoginPage;
  readonly logins: PendingLogins;
}

/** A login with a redirect. */
export class AuthorizationCodeLogin extends LoginSource implements AuthorizationCodeSource {
  protected redirectUri: string;
  readonly #parts: Omit<LoginParts, 'redirectUri'>;
  #handling: Promise<FinishedLogin | undefined> | undefined;

  constructor(issuer: Issuer, { redirectUri, ...parts }: LoginParts) {
    super(issuer);
    this.redirectUri = redirectUri;
    this.#parts = parts;
  }

  async signIn(options: SignInOptions = {}): Promise<void> {
    const { returnTo, scopes, parameters } = checkKeys('signIn()', options, OPTIONS);
    const { page, logins } = this.#parts;
    const target = sameOrigin(returnTo ?? page.href(), page.href());
    const { client } = this.issuer;
    const server = await this.issuer.metadata();
    if (server.authorization_endpoint === undefined)
      throw invalidOption(
        'The authorization server has no authorization endpoint. Pass endpoints: { authorization }.',
      );
    const asksFor = this.issuer.loginParameters(scopes ?? this.issuer.scopes);
    const scope = parameters?.scope ?? asksFor.get('scope') ?? '';
    // A nonce comes back in an ID token, and servers refuse one where none is asked for.
    const nonce = scope.split(' ').includes('openid') ? oauth.generateRandomNonce() : '';
    const state = oauth.generateRandomState();
    const verifier = oauth.generateRandomCodeVerifier();
    logins.add(state, {
      issuer: server.issuer,
      verifier,
      nonce,
      scope,
      redirectUri: this.redirectUri,
      returnTo: target,
    });
    const url = new URL(server.authorization_endpoint);
    const asked = {
      ...parameters,
      client_id: client.client_id,
      redirect_uri: this.redirectUri,
      response_type: 'code',
      state,
      ...(nonce !== '' && { nonce }),
      // RFC 7636 §4.2. That of oauth4webapi fails under jsdom, whose `ArrayBuffer` is another one.
      code_challenge: await digest(verifier),
      code_challenge_method: 'S256',
      // The code, too, is of no use without the key (RFC 9449 §10).
      ...(this.proof && { dpop_jkt: await this.proof.thumbprint() }),
    };
    for (const [name, value] of asksFor) url.searchParams.append(name, value);
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
    await page.leave(url.href);
  }

  handleRedirect(): Promise<FinishedLogin | undefined> {
    const { page } = this.#parts;
    const url = new URL(page.href());
    const state = url.searchParams.get('state');
    // The second call of React's StrictMode finds a clean URL and the first one under way.
    if (state === null) return this.#handling ?? Promise.resolve(undefined);
    const isAnswer = url.searchParams.has('code') || url.searchParams.has('error');
    if (!isAnswer) return this.#returned(url, state);
    return this.#isOurs(url, state) ? this.#begin(url, state) : Promise.resolve(undefined);
  }

  /** Once the sign-out is stored, the user signs out at the server, too. */
  async afterSignOut({ idToken }: EndedSession): Promise<void> {
    const { page, logins, postLogoutRedirectUri } = this.#parts;
    if (postLogoutRedirectUri === undefined) return;
    const server = await this.issuer.metadata();
    if (server.end_session_endpoint === undefined) return;
    const state = oauth.generateRandomState();
    logins.addSignOut(state);
    const { client_id: clientId } = this.issuer.client;
    const asked = { clientId, idToken, postLogoutRedirectUri, state };
    await page.leave(endSessionUrl(server.end_session_endpoint, asked));
  }

  /** Other pages may have answers of other logins, which are none of ours. */
  #isOurs(url: URL, state: string): boolean {
    const { origin, pathname } = new URL(this.redirectUri);
    return (url.origin === origin && url.pathname === pathname) || this.#parts.logins.has(state);
  }

  /** Back from a sign-out at the server. */
  async #returned(url: URL, state: string): Promise<undefined> {
    const { page, logins } = this.#parts;
    if (!logins.takeSignOut(state)) return;
    url.searchParams.delete('state');
    page.clean(url.href);
  }

  #begin(url: URL, state: string): Promise<FinishedLogin | undefined> {
    const answer = new URLSearchParams(url.search);
    for (const name of ANSWER) url.searchParams.delete(name);
    this.#parts.page.clean(url.href);
    this.#handling = this.finishing(this.#finish(answer, state)).finally(() => {
      this.#handling = undefined;
    });
    return this.#handling;
  }

  async #finish(answer: URLSearchParams, state: string): Promise<FinishedLogin> {
    const { page, logins } = this.#parts;
    const { redactor } = this.issuer;
    const login = logins.take(state);
    if (login === undefined) throw answeredElsewhere();
    redactor.add('code', answer.get('code') ?? '');
    redactor.add('verifier', login.verifier);
    const server = await this.issuer.metadata();
    if (login.issuer !== server.issuer) throw answeredElsewhere();
    const parameters = this.#check(server, answer, state);
    // What a page may write anybody in the page may have written.
    const returnTo = sameOrigin(login.returnTo, page.href());
    const tokens = await exchangeCode(this.issuer, server, parameters, login);
    if (!(await holdsToken(tokens))) throw await refusedBy(tokens, redactor);
    await this.bring(tokens, login.scope);
    return { returnTo };
  }

  /** `state`, and `iss` against mix-up (RFC 9207). */
  #check(server: oauth.AuthorizationServer, answer: URLSearchParams, state: string): URLSearchParams {
    try {
      return oauth.validateAuthResponse(server, this.issuer.client, answer, state);
    } catch (cause) {
      const { error, error_description: said } = cause as { error?: unknown; error_description?: unknown };
      const oauthError = typeof error === 'string' ? error : undefined;
      const description = typeof said === 'string' ? said : undefined;
      throw denied({ oauthError, description, cause }, this.issuer.redactor);
    }
  }
}
