import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { alarm, systemClock } from '../clock.ts';
import type { Awaitable, Clock, TokenSource } from '../contracts.ts';
import { checkKeys, invalidOption } from '../options.ts';
import { AuthorizationCodeLogin, type FinishedLogin, type SignInOptions } from './code-login.ts';
import { Issuer } from './issuer.ts';
import { checkGrant, ISSUER_OPTIONS, type IssuerOptions } from './issuer-options.ts';
import { abandoned } from './login-errors.ts';
import { PendingLogins } from './pending-logins.ts';

export interface LoopbackOptions extends IssuerOptions {
  /** Opens a URL in the user's browser, or shows it. */
  readonly open: (url: string) => Awaitable<void>;
  /** The path of the redirect URI, as it is registered: `/callback`. The port is any free one (RFC 8252 §7.3). */
  readonly path?: string | undefined;
  readonly clock?: Clock | undefined;
}

/** Options of one login. */
export interface LoopbackSignInOptions extends Omit<SignInOptions, 'returnTo'> {
  /** Ends the waiting for the user. */
  readonly signal?: AbortSignal | undefined;
}

/** A login is waited for so long. */
const LONGEST = 600_000;

/** Tokens of a user who signs in with the browser of this machine (RFC 8252): for command-line programs. */
export interface LoopbackSource extends TokenSource {
  /**
   * Opens the server's pages in the browser and waits on a port of this machine until the user comes back.
   *
   * Rejects with `TokenError` `TOKEN_ENDPOINT_REJECTED` where the user or the server said no or nobody came back
   * within 10 minutes, and with the reason of `signal`.
   */
  signIn(options?: LoopbackSignInOptions): Promise<void>;
}

/** Where the program is, for a login that takes it for a page, and the `state` that the user comes back with. */
interface Address {
  href: string;
  state: string | undefined;
}

class LoopbackLogin extends AuthorizationCodeLogin implements LoopbackSource {
  readonly #options: LoopbackOptions;
  readonly #address: Address;

  constructor(issuer: Issuer, options: LoopbackOptions) {
    const address: Address = { href: 'http://127.0.0.1/', state: undefined };
    const clock = options.clock ?? systemClock;
    const page = {
      href: () => address.href,
      leave(url: string) {
        address.state = new URL(url).searchParams.get('state') ?? undefined;
        return options.open(url);
      },
      clean: (url: string) => {
        address.href = url;
      },
    };
    const stored = new Map<string, string>();
    const storage = {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => void stored.set(key, value),
      removeItem: (key: string) => void stored.delete(key),
    };
    super(issuer, { redirectUri: address.href, page, logins: new PendingLogins(() => storage, clock) });
    this.#options = options;
    this.#address = address;
  }

  override async signIn(options: LoopbackSignInOptions = {}): Promise<void> {
    const { signal, ...asked } = checkKeys('signIn()', options, ['scopes', 'parameters', 'signal']);
    signal?.throwIfAborted();
    const { path = '/callback', clock = systemClock } = this.#options;
    const visitor = await receive(path, this.#address);
    const cancel = alarm(clock, LONGEST, () => visitor.giveUp(abandoned()), true);
    const abort = (): void => visitor.giveUp(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      this.redirectUri = visitor.uri;
      this.#address.href = visitor.uri;
      await super.signIn({ ...asked, returnTo: visitor.uri });
      this.#address.href = await visitor.answer;
      await this.#finish(visitor);
    } finally {
      cancel();
      signal?.removeEventListener('abort', abort);
      visitor.close();
    }
  }

  async #finish(visitor: Visitor): Promise<void> {
    let done: FinishedLogin | undefined;
    try {
      done = await this.handleRedirect();
    } finally {
      visitor.tell(done === undefined ? 'The login failed. The program says why.' : 'You are signed in.');
    }
  }
}

/** @throws `ConfigError` `INVALID_OPTION`, `INSECURE_URL` */
export function authorizationCode(options: LoopbackOptions): LoopbackSource {
  const { open, path, clock, ...own } = checkGrant('authorizationCode()', options, [
    ...ISSUER_OPTIONS,
    'open',
    'path',
    'clock',
  ]);
  if (typeof open !== 'function')
    throw invalidOption(
      'authorizationCode() needs open: a function that opens a URL in the browser, or shows it.',
    );
  if (path !== undefined && !/^\/[\w\-./]*$/.test(path))
    throw invalidOption("path is that of the redirect URI, such as '/callback'.");
  return new LoopbackLogin(new Issuer(own), { ...own, open, path, clock });
}

/** Somebody who comes back from the authorization server. */
interface Visitor {
  readonly uri: string;
  /** The URL that they came with. */
  readonly answer: Promise<string>;
  tell(text: string): void;
  giveUp(reason: unknown): void;
  close(): void;
}

/** Waits on a free port of this machine, for the one visitor who comes back from the login. */
async function receive(path: string, address: Readonly<Address>): Promise<Visitor> {
  let answered: (url: string) => void = () => {};
  let giveUp: (reason: unknown) => void = () => {};
  const answer = new Promise<string>((resolve, reject) => {
    answered = resolve;
    giveUp = reject;
  });
  answer.catch(() => {});
  let waiting: ServerResponse | undefined;
  const server = createServer((request, response) => {
    const url = urlOf(request, uri);
    // Others on this machine, and pages that guess the port, are not let in: they do not know the state.
    if (waiting !== undefined || url?.pathname !== path || !isAnswer(url.searchParams, address.state)) {
      response.writeHead(404).end();
      return;
    }
    waiting = response;
    answered(url.href);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  const uri = `http://127.0.0.1:${port}${path}`;
  return {
    uri,
    answer,
    giveUp,
    tell(text) {
      waiting?.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
      waiting?.end(`${text} You can close this tab.\n`);
    },
    close() {
      server.close();
      server.closeIdleConnections();
    },
  };
}

function isAnswer(query: URLSearchParams, state: string | undefined): boolean {
  return state !== undefined && query.get('state') === state && (query.has('code') || query.has('error'));
}

function urlOf({ url = '', headers, method }: IncomingMessage, uri: string): URL | undefined {
  const { origin, host } = new URL(uri);
  // Another host is a page that had its name point here.
  if (method !== 'GET' || headers.host !== host) return undefined;
  return URL.parse(url, origin) ?? undefined;
}
