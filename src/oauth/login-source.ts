import type {
  EndedSession,
  TokenContext,
  TokenProof,
  TokenResponse,
  TokenResult,
  TokenSource,
} from '../contracts.ts';
import type { Issuer } from './issuer.ts';
import { refresh } from './refresh.ts';
import { revoke } from './revoke.ts';

/** A source whose tokens begin with a login. It never prompts by itself: until a login nobody is signed in. */
export class LoginSource implements TokenSource {
  readonly proof?: TokenProof;
  protected readonly issuer: Issuer;
  /** What a login has brought, until the session asks for it. */
  #brought: Response | undefined;
  readonly #listeners = new Set<() => unknown>();
  /** Until a login that is being finished has brought its tokens, or has failed. */
  #arriving: Promise<void> | undefined;
  #arrived: () => void = () => {};

  constructor(issuer: Issuer) {
    this.issuer = issuer;
    if (issuer.proof) this.proof = issuer.proof;
  }

  getToken(context: TokenContext): TokenResult | Promise<TokenResult> {
    if (this.#arriving) return this.#afterwards(this.#arriving, context);
    const brought = this.#brought;
    this.#brought = undefined;
    if (brought) return this.#hand(brought, context);
    return context.refreshToken === undefined ? null : refresh(this.issuer, context.refreshToken, context);
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
    const brought = this.#brought;
    this.#brought = undefined;
    await revoke(this.issuer, ended);
    if (brought) await revoke(this.issuer, readTokens(await brought.json()));
  }

  revoke(late: EndedSession): Promise<void> {
    return revoke(this.issuer, late);
  }

  /** A login is done: whatever the session holds may be another user's. Resolves when the session has taken it. */
  protected async bring(tokens: Response): Promise<void> {
    this.#brought = tokens;
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

  /** The tokens of a login are for no audience in particular: for one, the refresh token buys another. */
  async #hand(brought: Response, context: TokenContext): Promise<TokenResult> {
    if (context.audience === undefined && context.scopes.length === 0) return brought;
    const tokens = (await brought.json()) as TokenResponse;
    const { refresh_token: refreshToken, id_token: idToken } = tokens;
    if (typeof refreshToken !== 'string') return tokens;
    const refreshed = await refresh(this.issuer, refreshToken, context);
    if (!refreshed.ok) return refreshed;
    return { refresh_token: refreshToken, id_token: idToken, ...((await refreshed.json()) as TokenResponse) };
  }
}

/** A login that nobody has asked for yet is over, too. */
function readTokens(tokens: unknown): EndedSession {
  const { refresh_token: refreshToken } = Object(tokens) as { refresh_token?: unknown };
  return { refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined };
}
