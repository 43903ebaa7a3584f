import { expect, onTestFinished, test } from 'vitest';
import type { BrowserTab } from './browser.ts';
import { BROWSERS, type BrowserName, startBrowsers } from './browsers.ts';
import { createLoginSite, type LoginSite } from './login-site.ts';
import type { LoginConfig } from './login-tab.ts';

const browserOf = startBrowsers();

const EVERYWHERE = BROWSERS.flatMap((name) => [['indexedDb', name] as const, ['webStorage', name] as const]);
const PATIENT = { timeout: 60_000 };

interface Scene {
  readonly site: LoginSite;
  open(path?: string): Promise<BrowserTab>;
}

async function createScene(name: BrowserName, config: Partial<LoginConfig> = {}): Promise<Scene> {
  const browser = browserOf(name);
  const site = await createLoginSite({ store: 'indexedDb', ...config });
  const tabs: BrowserTab[] = [];
  onTestFinished(async () => {
    await Promise.allSettled(tabs.map((tab) => tab.close()));
    await site.close();
  });
  return {
    site,
    async open(path = '/') {
      const tab = await browser.open(`${site.origin}${path}`);
      tabs.push(tab);
      return tab;
    },
  };
}

/** A test in each browser, with an app of its own. */
function inEach(
  title: string,
  play: (scene: Scene) => Promise<void>,
  config: Partial<LoginConfig> = {},
): void {
  test.for(BROWSERS)(`${title}: %s`, PATIENT, async (name) => play(await createScene(name, config)));
}

/** Looks again and again, also while a page is on its way out. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look().catch(() => undefined);
    if (found !== undefined) return found;
  }
}

const titleOf = (tab: BrowserTab): Promise<string> => tab.run(() => document.title);
const hrefOf = (tab: BrowserTab): Promise<string> => tab.run(() => location.href);
const who = (tab: BrowserTab): Promise<string> => tab.run(() => globalThis.login.who());
const request = (tab: BrowserTab): Promise<number | string> => tab.run(() => globalThis.login.request());

/** Resolves once the tab shows a page with that title. */
const shows = (tab: BrowserTab, title: string): Promise<true> =>
  until(async () => ((await titleOf(tab)) === title ? true : undefined));

/** The app, once it has handled the redirect: what that came to. */
const handled = (tab: BrowserTab): Promise<readonly (string | undefined)[]> =>
  until(async () => ((await titleOf(tab)) === 'app' ? tab.run(() => globalThis.login.handled) : undefined));

/** Presses a button of a page of the server. */
const press = (tab: BrowserTab, says: 'yes' | 'no'): Promise<void> =>
  tab.run((value) => {
    setTimeout(() => document.querySelector<HTMLButtonElement>(`button[value=${value}]`)?.click());
  }, says);

/** Begins a login and is at the server's first page. */
async function leave(tab: BrowserTab, returnTo?: string): Promise<void> {
  await tab.run((to) => void globalThis.login.signIn(to), returnTo);
  await until(async () => ((await titleOf(tab)) === 'app' ? undefined : true));
}

/** Says at the server's pages who they are, and that the app may have what it asks for. */
async function signIn(tab: BrowserTab, user: string): Promise<void> {
  await shows(tab, 'login');
  await tab.run((name) => {
    const field = document.querySelector('input');
    if (field) field.value = name;
  }, user);
  await press(tab, 'yes');
  await consent(tab);
}

/** Lets the app have what it asks for, where the server knows the user, and waits until the app has handled that. */
async function consent(tab: BrowserTab): Promise<void> {
  await shows(tab, 'consent');
  await press(tab, 'yes');
  await handled(tab);
}

/** A tab of the app whose user has signed in. */
async function openSignedIn({ open }: Scene): Promise<BrowserTab> {
  const tab = await open();
  await leave(tab);
  await signIn(tab, 'ada');
  return tab;
}

test.for(EVERYWHERE)(
  'a user signs in at the server’s pages, comes back to where they were, and a reload keeps the session: %s in %s',
  PATIENT,
  async ([store, name]) => {
    const { site, open } = await createScene(name, { store });
    const page = `${site.origin}/orders?page=2#last`;
    const tab = await open('/orders?page=2#last');
    expect(await request(tab)).toBe('SIGNED_OUT');
    await leave(tab);
    await signIn(tab, 'ada');
    expect(await handled(tab)).toEqual([page, page]);
    expect(await hrefOf(tab)).toBe(page);
    expect(await who(tab)).toBe('ada');
    expect(await request(tab)).toBe(200);
    expect(await tab.run(() => globalThis.login.pending())).toEqual([]);

    await tab.goto(`${site.origin}/other`);
    expect(await who(tab)).toBe('ada');
    expect(await request(tab)).toBe(200);
    const second = await open();
    expect(await who(second)).toBe('ada');
    expect(site.server.asked.get('authorization_code')).toBe(1);
    expect(new Set(site.sent).size).toBe(1);
  },
);

inEach('a user who says no comes back signed out, and may begin anew', async (scene) => {
  const { site, open } = scene;
  const tab = await open();
  await leave(tab);
  await shows(tab, 'login');
  await press(tab, 'no');
  expect(await handled(tab)).toEqual(['TOKEN_ENDPOINT_REJECTED', 'TOKEN_ENDPOINT_REJECTED']);
  expect(await hrefOf(tab)).toBe(`${site.origin}/signed-in`);
  expect(await who(tab)).toBe('signed-out');
  await leave(tab, '/orders');
  await signIn(tab, 'ada');
  expect(await who(tab)).toBe('ada');
});

inEach('an answer is exchanged in its own tab and once; another state never', async (scene) => {
  const { site, open } = scene;
  const tab = await openSignedIn(scene);
  const [answer = ''] = site.answers;
  expect(answer).toContain('code=');
  const refused = ['TOKEN_ENDPOINT_REJECTED', 'TOKEN_ENDPOINT_REJECTED'];
  for (const url of [answer, `${site.origin}/signed-in?code=stolen&state=guessed`]) {
    const other = await open(url.slice(site.origin.length));
    expect(await handled(other)).toEqual(refused);
    expect(await hrefOf(other)).toBe(`${site.origin}/signed-in`);
    await tab.goto(url);
    expect(await handled(tab)).toEqual(refused);
    expect(await who(tab)).toBe('ada');
  }
  // The answer of another kind of login, on a page of its own, is left to it.
  const foreign = `${site.origin}/connected?code=theirs&state=theirs`;
  await tab.goto(foreign);
  expect(await handled(tab)).toEqual([undefined, undefined]);
  expect(await hrefOf(tab)).toBe(foreign);
  expect(site.server.asked.get('authorization_code')).toBe(1);
});

inEach(
  'who goes back from the server’s page, closes the tab or begins in two may begin anew',
  async (scene) => {
    const { site, open } = scene;
    const [first, second] = [await open(), await open()];
    await leave(first);
    await shows(first, 'login');
    await first.goBack();
    await shows(first, 'app');
    expect(await who(first)).toBe('signed-out');
    expect(await handled(first)).toEqual([undefined, undefined]);
    await leave(first);
    await shows(first, 'login');
    await leave(second);
    await shows(second, 'login');
    await first.close();

    await signIn(second, 'ada');
    expect(await who(second)).toBe('ada');
    const third = await open();
    expect(await who(third)).toBe('ada');
    expect(site.server.asked.get('authorization_code')).toBe(1);
  },
);

inEach(
  'a login whose answer is lost on the way leaves nothing behind, and a new one succeeds',
  async (scene) => {
    const { site, open } = scene;
    const tab = await open();
    await leave(tab, '/orders');
    site.server.cut = (_, what) => (what === 'POST /token' ? 'answer' : undefined);
    await signIn(tab, 'ada');
    const lost = ['TOKEN_ENDPOINT_UNAVAILABLE', 'TOKEN_ENDPOINT_UNAVAILABLE'];
    expect(await handled(tab)).toEqual(lost);
    expect(await who(tab)).toBe('signed-out');
    expect(await tab.run(() => globalThis.login.pending())).toEqual([]);
    await tab.goto(`${site.origin}/`);
    expect(await handled(tab)).toEqual([undefined, undefined]);
    expect(await who(tab)).toBe('signed-out');

    site.server.cut = undefined;
    await leave(tab, '/orders');
    // The server knows the user by now.
    await consent(tab);
    expect(await hrefOf(tab)).toBe(`${site.origin}/orders`);
    expect(await request(tab)).toBe(200);
  },
);

inEach(
  'a place to return to on another origin is refused, also where somebody has written it',
  async (scene) => {
    const { site, open } = scene;
    const tab = await open();
    const refusal = await tab.run(() => globalThis.login.signIn('//evil.example/'));
    expect(refusal).toBe('INVALID_OPTION');
    await leave(tab);
    await shows(tab, 'login');
    // A script in the page, while it is away: the tab is the app's again for a moment.
    await tab.goto(`${site.origin}/other`);
    await tab.run(() => {
      for (const [key, text] of Object.entries(sessionStorage as Record<string, string>))
        sessionStorage.setItem(
          key,
          JSON.stringify({ ...JSON.parse(text), returnTo: 'https://evil.example/' }),
        );
    });
    await tab.goBack();
    await signIn(tab, 'ada');
    expect(await handled(tab)).toEqual(['INVALID_OPTION', 'INVALID_OPTION']);
    expect(await hrefOf(tab)).toBe(`${site.origin}/signed-in`);
    expect(site.server.asked.size).toBe(0);
  },
);

inEach(
  'a sign-out revokes the refresh token, goes on at the server and comes back; it is heard everywhere',
  async (scene) => {
    const { site, open } = scene;
    const tab = await openSignedIn(scene);
    const other = await open();
    expect(await who(other)).toBe('ada');

    await tab.run(() => void globalThis.login.signOut());
    const left = await until(async () => ((await titleOf(tab)) === 'app' ? undefined : hrefOf(tab)));
    expect(site.server.received).toContain('POST /token/revocation');
    const { searchParams } = new URL(left);
    expect(searchParams.get('client_id')).toBe('spa');
    expect(searchParams.get('id_token_hint')?.split('.')).toHaveLength(3);
    await press(tab, 'yes');
    await shows(tab, 'app');
    expect(await handled(tab)).toEqual([undefined, undefined]);
    expect(site.answers.at(-1)).toContain('/signed-out?state=');
    expect(await hrefOf(tab)).toBe(`${site.origin}/signed-out`);
    expect(await tab.run(() => globalThis.login.pending())).toEqual([]);
    expect([await who(tab), await request(tab)]).toEqual(['signed-out', 'SIGNED_OUT']);
    expect([await who(other), await request(other)]).toEqual(['signed-out', 'SIGNED_OUT']);

    // The server asks who it is.
    await leave(tab);
    await signIn(tab, 'bob');
    expect(await who(tab)).toBe('bob');
  },
  { endsSession: true },
);

inEach(
  'without a place to come back to, a sign-out stays on the page and the server still knows the user',
  async (scene) => {
    const { site } = scene;
    const tab = await openSignedIn(scene);
    const before = await hrefOf(tab);
    expect(await tab.run(() => globalThis.login.signOut())).toBeUndefined();
    expect(await hrefOf(tab)).toBe(before);
    expect(await who(tab)).toBe('signed-out');
    expect(site.server.received.at(-1)).toBe('POST /token/revocation');
    await leave(tab);
    await shows(tab, 'consent');
  },
);
