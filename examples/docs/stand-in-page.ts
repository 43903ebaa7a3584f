/** A page without a browser, for the login of oauth.ts, and a user who signs in at the server's own pages. */
import { createUserAgent } from '../../test/support/user-agent.ts';

type Page = Pick<typeof globalThis, 'location' | 'history'>;

let here: URL;

/** Gives the program what a page has: an address, a history, a session storage. */
export function openPage(href: string): Page {
  here = new URL(href);
  const stored = new Map<string, string>();
  const location = {
    get href() {
      return here.href;
    },
    get pathname() {
      return here.pathname;
    },
    get search() {
      return here.search;
    },
    assign(url: string) {
      here = new URL(url, here);
    },
  };
  const history = {
    state: null,
    replaceState: (_: unknown, __: string, url: string) => location.assign(url),
  };
  const sessionStorage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  };
  for (const [name, value] of Object.entries({ location, history, sessionStorage }))
    Object.defineProperty(globalThis, name, { value });
  return globalThis;
}

/** The page is at the authorization server now; the user signs in there and is sent back. */
export async function userComesBack(): Promise<void> {
  const redirectUri = here.searchParams.get('redirect_uri') ?? '';
  const { url } = await createUserAgent().go(here.href, redirectUri);
  here = new URL(url);
}
