import type {
  EndedSession,
  Host,
  TokenContext,
  TokenProof,
  TokenResponse,
  TokenResult,
  TokenSource,
} from '../contracts.ts';
import type { Issuer } from './issuer.ts';
import { refresh, renew } from './refresh.ts';
import { revoke } from './revoke.ts';

/** What a login has brought, and the scopes that it asked for. */
interface Brought {
  readonly answer: Response;
  readonly scope: string;
}

/** A source whose tokens begin with a login. It never prompts by itself: until a login nobody is signed in. */
export class LoginSource implements TokenSource {
  readonly proof?: TokenProof;
  protected readonly issuer: Issuer;
  /** What a login has brought, until the session asks for it. */
  #brought: Brought | undefined;
  #signOuts = 0;
  readonly #listeners = new Set<() => unknown>();
  /** Until a login that is being finished has brought its tokens, or has failed. */
  #arriving: Promise<void> | undefined;
  #arrived: () => void = () => {};

  constructor(issuer: Issuer) {
    this.issuer = issuer;
    if (issuer.proof) this.proof = issuer.proof;
  }

  connect(host: Host): void {
    this.issuer.connect(host);
  }

  getToken(context: TokenContext): TokenResult | Promise<TokenResult> {
    if (this.#arriving) return this.#afterwards(this.#arriving, context);
    const brought = this.#brought;
    this.#brought = undefined;
    if (brought) return this.#handOrKeep(brought, context);
    return renew(this.issuer, context);
  }

  subscribe(changed: (isAtHand?: unknown) => void): () => void {
    // Taken at once: a page that is left or loaded again would lose it.
    const entry = (): unknown => changed(true);
    this.#listeners.add(entry);
    // A login may have come before the client was made.
    if (this.#brought) void entry();
    return () => void this.#listeners.delete(entry);
  }

  async signOut(ended: EndedSession): Promise<void> {
    this.#signOuts++;
    const brought = this.#brought;
    this.#brought = undefined;
    await revoke(this.issuer, ended);
    if (brought) await revoke(this.issuer, readTokens(await brought.answer.json()));
  }

  revoke(late: EndedSession): Promise<void> {
    return revoke(this.issuer, late);
  }

  /** A login is done: whatever the session holds may be another user's. Resolves when the session has taken it. */
  protected async bring(answer: Response, scope: string): Promise<void> {
    this.#brought = { answer, scope };
    this.#arriving = undefined;
    const taken = Array.from(this.#listeners, (listener) => listener());
    this.#arrived();
    await Promise.all(taken);
  }

  /** Whoever asks while `login` is being finished waits for what it brings: nobody is told that they are signed out. */
  protected async finishing<Result>(login: Promise<Result>): Promise<Result> {
    this.#arriving = new Promise((resolve) => {
      this.#arrived = resolve;
    });
    try {
      return await login;
    } finally {
      this.#arriving = undefined;
      this.#arrived();
    }
  }

  async #afterwards(arriving: Promise<void>, context: TokenContext): Promise<TokenResult> {
    await arriving;
    // The session has been told of the login, and asks once more for what it brought.
    return this.#brought ? null : this.getToken(context);
  }

  /** A bad moment of the server must not cost the user the login; a sign-out meanwhile does. */
  async #handOrKeep(brought: Brought, context: TokenContext): Promise<TokenResult> {
    const signOuts = this.#signOuts;
    const keep = (): void => {
      if (signOuts === this.#signOuts) this.#brought ??= brought;
    };
    try {
      const result = await this.#hand(brought, context);
      if (result instanceof Response && (result.status >= 500 || [408, 429].includes(result.status))) keep();
      return result;
    } catch (error) {
      keep();
      throw error;
    }
  }

  /** The tokens of a login are for no audience in particular: for one, the refresh token buys another. */
  async #hand({ answer, scope }: Brought, context: TokenContext): Promise<TokenResult> {
    const tokens = (await answer.clone().json()) as TokenResponse;
    const { refresh_token: refreshToken, id_token: idToken } = tokens;
    // Before that a client was perhaps not made, and nobody would have heard it.
    if (typeof refreshToken !== 'string' && scope.split(' ').includes('offline_access'))
      this.issuer.events.emit('warning', WITHOUT_REFRESH_TOKEN);
    if (context.audience === undefined && context.scopes.length === 0) return answer;
    if (typeof refreshToken !== 'string') return tokens;
    const refreshed = await refresh(this.issuer, refreshToken, context);
    if (!refreshed.ok) return refreshed;
    return { refresh_token: refreshToken, id_token: idToken, ...((await refreshed.json()) as TokenResponse) };
  }
}

const WITHOUT_REFRESH_TOKEN = {
  code: 'NO_REFRESH_TOKEN',
  message:
    'The login asked for offline_access, and the server sent no refresh token: the session is over when its first ' +
    "token is. Allow refresh tokens for this client at the server; some want signIn({ parameters: { prompt: 'consent' } }).",
};

/** A login that nobody has asked for yet is over, too. */
function readTokens(tokens: unknown): EndedSession {
  const { refresh_token: refreshToken, access_token: accessToken } = Object(tokens) as TokenResponse;
  return { refreshToken: refreshToken ?? undefined, accessToken: accessToken ?? undefined };
}
