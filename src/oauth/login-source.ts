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
  readonly #listeners = new Set<() => void>();

  constructor(issuer: Issuer) {
    this.issuer = issuer;
    if (issuer.proof) this.proof = issuer.proof;
  }

  getToken(context: TokenContext): TokenResult | Promise<TokenResult> {
    const brought = this.#brought;
    this.#brought = undefined;
    if (brought) return this.#hand(brought, context);
    return context.refreshToken === undefined ? null : refresh(this.issuer, context.refreshToken, context);
  }

  subscribe(changed: (isAtHand?: unknown) => void): () => void {
    // Taken at once: a page that is left or loaded again would lose it.
    const entry = (): void => changed(true);
    this.#listeners.add(entry);
    // A login may have come before the client was made.
    if (this.#brought) entry();
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

  /** A login is done: whatever the session holds may be another user's. */
  protected bring(tokens: Response): void {
    this.#brought = tokens;
    for (const listener of Array.from(this.#listeners)) listener();
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
