/** What runs in a tab: an app whose users sign in at the pages of an authorization server. */
import { accessToken, createFetch } from '../../src/fetch.ts';
import { authorizationCode } from '../../src/oauth/authorization-code.ts';
import { indexedDb, webStorage } from '../../src/stores.ts';

export interface LoginConfig {
  readonly issuer: string;
  readonly store: 'indexedDb' | 'webStorage';
  /** Whether a sign-out goes on at the server. */
  readonly endsSession?: boolean;
}

interface LoginTab {
  /** What handling the redirect came to, twice as in React's StrictMode: the page to show, nothing, or a code. */
  readonly handled: Promise<readonly (string | undefined)[]>;
  /** Leaves for the login; the code that it failed with. */
  signIn(returnTo?: string): Promise<string | undefined>;
  signOut(): Promise<string | undefined>;
  request(): Promise<number | string>;
  /** Who is signed in: an id, or a status. Known once the store was looked at. */
  who(): Promise<string>;
  /** What is kept of logins. */
  pending(): string[];
}

declare global {
  var config: LoginConfig;
  var login: LoginTab;
}

const { issuer, store, endsSession = false } = globalThis.config;
const source = authorizationCode({
  issuer,
  clientId: 'spa',
  redirectUri: `${location.origin}/signed-in`,
  scopes: ['openid', 'offline_access', 'read'],
  audience: 'https://api.test/',
  ...(endsSession && { postLogoutRedirectUri: `${location.origin}/signed-out` }),
});
const send = createFetch(accessToken(source, { store: store === 'indexedDb' ? indexedDb() : webStorage() }), {
  baseUrl: location.origin,
});

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error);

async function handle(): Promise<string | undefined> {
  try {
    const done = await source.handleRedirect();
    if (done) history.replaceState(null, '', done.returnTo);
    return done?.returnTo;
  } catch (error) {
    return codeOf(error);
  }
}

const none = (): undefined => undefined;

const app: LoginTab = {
  handled: Promise.all([handle(), handle()]),
  signIn: (returnTo) => source.signIn({ returnTo, parameters: { prompt: 'consent' } }).then(none, codeOf),
  signOut: () => send.session.signOut().then(none, codeOf),
  request: () => send('/api').then(({ status }) => status, codeOf),
  async who() {
    const now = await send.session.ready;
    return now.status === 'signed-in' ? now.user.id : now.status;
  },
  pending: () => Object.keys(sessionStorage),
};

Object.assign(globalThis, { login: app });
