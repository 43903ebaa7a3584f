/** Stands in for an identity SDK and an API, where a test gives their addresses. */
const { shopUrl = '/api' } = globalThis as { shopUrl?: string };

export const baseUrl = shopUrl;

const idToken = (id: string, name: string): string =>
  [{ alg: 'none' }, { sub: id, name }, {}].map((part) => btoa(JSON.stringify(part))).join('.');

/** An SDK with a window to log in, and users who need no password. */
class Auth {
  user: string | undefined;
  readonly #listeners = new Set<() => void>();

  getToken(_options: { fresh: boolean }): { accessToken: string; idToken: string } | null {
    const { user } = this;
    if (user === undefined) return null;
    const name = user.slice(0, 1).toUpperCase() + user.slice(1);
    return { accessToken: `token-of-${user}-0123456789`, idToken: idToken(user, name) };
  }

  async login(user = 'ada'): Promise<void> {
    this.user = user;
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  logout(): void {
    this.user = undefined;
  }
}

export const auth: Auth = new Auth();

/** Stands in for what a router's `redirect()` makes: it is thrown. */
class Redirect extends Error {
  readonly to: string;

  constructor(to: string) {
    super(`To ${to}`);
    this.to = to;
  }
}

export function redirect(to: string): Redirect {
  return new Redirect(to);
}
