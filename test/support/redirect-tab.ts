import { type AuthorizationCodeSource, authorizationCode, type FoundServer } from '../../src/oauth.ts';
import { createStorage } from './storage.ts';

const APP = 'http://127.0.0.1/app';
const CALLBACK = 'http://127.0.0.1/cb';

/** A tab of a browser as far as logins need one: where it is, where it has been, and what it stores. */
export interface LoginTab {
  /** The URLs that this page was left for. */
  readonly left: readonly URL[];
  readonly storage: Storage;
  /** The grant of a page that is shown here. */
  readonly grant: (found: FoundServer) => AuthorizationCodeSource;
  /** The server sends the user back here, with the answer to its `nth` login. */
  comeBack(code: string, nth?: number): void;
}

export function createLoginTab(): LoginTab {
  const left: URL[] = [];
  const storage = createStorage();
  let href = APP;
  const page = {
    href: () => href,
    leave: (url: string) => void left.push(new URL(url)),
    clean(url: string) {
      href = url;
    },
  };
  return {
    left,
    storage,
    grant: (found) =>
      authorizationCode({ ...found, redirectUri: CALLBACK, postLogoutRedirectUri: APP, page, storage }),
    comeBack(code, nth = left.length - 1) {
      href = `${CALLBACK}?code=${code}&state=${left[nth]?.searchParams.get('state') ?? ''}`;
    },
  };
}
