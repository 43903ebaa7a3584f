import type { SessionSnapshot, SessionUser, TokenProvider, TokenResponse } from '../contracts.ts';
import type { AuthServer } from './auth-server.ts';

/** Who signs in on one client, by their ids. */
export class People<User extends SessionUser> {
  redeemed = 0;
  readonly #server: AuthServer;
  readonly #scopes: readonly string[];
  readonly #users = new Map<string, User>();

  constructor(server: AuthServer, scopes: readonly string[]) {
    this.#server = server;
    this.#scopes = scopes;
  }

  login(user: User): TokenResponse {
    this.#users.set(user.id, user);
    return this.#server.login(user, { scopes: this.#scopes });
  }

  /** Of another tab only the id is known. */
  find(id: string): User {
    return this.#users.get(id) ?? ({ id } as User);
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
