import type { Claims, SessionSnapshot, SessionUser, TokenProvider, TokenResponse } from '../contracts.ts';
import { type AuthServer, MemoryAuthServer } from './auth-server.ts';
import { checkUser } from './token-desk.ts';

/** A server as one client uses it: who signs in there, and how often it redeems a refresh token. */
export class People<User extends SessionUser> {
  redeemed = 0;
  readonly #server: AuthServer;
  readonly #scopes: readonly string[];

  constructor(server: AuthServer, scopes: readonly string[]) {
    this.#server = server;
    this.#scopes = scopes;
  }

  login(user: User): TokenResponse {
    checkUser(user);
    return this.#server.login(user, { scopes: this.#scopes });
  }

  /** The server knows also who has signed in in another tab. Of tokens that it did not issue only the id is known. */
  find({ jti, sub }: Claims): User {
    const known = this.#server instanceof MemoryAuthServer ? this.#server.userOf(jti) : undefined;
    return (known ?? { id: String(sub) }) as User;
  }

  provider(context: Parameters<TokenProvider>[0], hangs: boolean): ReturnType<TokenProvider> {
    if (context.refreshToken !== undefined) this.redeemed++;
    else if (hangs) return new Promise(() => {});
    return this.#server.provider(context);
  }
}

/** The tokens that a session with `first` begins with. */
export function initialOf<User extends SessionUser>(
  first: SessionSnapshot<User>,
  people: People<User>,
): TokenResponse | undefined {
  if (!('user' in first)) return undefined;
  const tokens = people.login(first.user);
  if (first.status === 'signed-in') return tokens;
  // Both are of no use any more, and the session finds that out.
  return {
    access_token: tokens.access_token,
    expires_at: 1,
    refresh_token: 'refresh-token-of-an-ended-session',
  };
}
