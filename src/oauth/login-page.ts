import type { Awaitable } from '../contracts.ts';

/** The page that a login leaves and comes back to. */
export interface LoginPage {
  /** The page's URL now. */
  href(): string;
  /** Leaves for the authorization server. */
  leave(url: string): Awaitable<void>;
  /** Takes the answer of a login out of the address bar. */
  clean(url: string): void;
}

/** The page of a browser. */
export const browserPage: LoginPage = {
  href: () => globalThis.location.href,
  leave: (url) => globalThis.location.assign(url),
  clean: (url) => globalThis.history.replaceState(globalThis.history.state, '', url),
};
