import { expect, onTestFinished, test } from 'vitest';
import type { BrowserTab } from './browser.ts';
import { type BrowserName, startBrowsers } from './browsers.ts';
import { createSite, type Site } from './site.ts';

const browserOf = startBrowsers();

type Store = 'indexedDb' | 'webStorage';

const EVERYWHERE: readonly (readonly [Store, BrowserName])[] = [
  ['indexedDb', 'Chromium'],
  ['webStorage', 'Chromium'],
  ['indexedDb', 'Firefox'],
  ['webStorage', 'Firefox'],
];
const IN_CHROMIUM = EVERYWHERE.filter(([, name]) => name === 'Chromium');
const PATIENT = 40_000;
/** Seconds: such a token has ended soon after it has come. */
const SHORT = 0.5;

interface Scene {
  readonly site: Site;
  open(): Promise<BrowserTab>;
}

/** An origin of its own, so that nothing is stored there yet. */
async function createScene([store, name]: readonly [Store, BrowserName], lifetime = 60): Promise<Scene> {
  const browser = browserOf(name);
  const site = await createSite({ lifetime });
  const tabs: BrowserTab[] = [];
  onTestFinished(async () => {
    await Promise.allSettled(tabs.map((tab) => tab.close()));
    await site.close();
  });
  return {
    site,
    async open() {
      const tab = await browser.open(`${site.origin}/?store=${store}`);
      tabs.push(tab);
      return tab;
    },
  };
}

const request = (tab: BrowserTab): Promise<number | string> => tab.run(() => globalThis.tab.request());
const becomes = (tab: BrowserTab, who: string): Promise<void> =>
  tab.run((expected) => globalThis.tab.becomes(expected), who);
const signIn = async (tab: BrowserTab, site: Site, sub: string, expiresIn = 60): Promise<string> => {
  const login = { ...site.login(sub), expiresIn };
  await tab.run((tokens) => globalThis.tab.signIn(tokens), login);
  return login.token;
};

test.for(EVERYWHERE)(
  'a login, a switch and a sign-out are heard in the other tab: %s in %s',
  { timeout: PATIENT },
  async (where) => {
    const { site, open } = await createScene(where);
    const [a, b] = [await open(), await open()];
    await becomes(b, 'signed-out');
    const first = await signIn(a, site, 'ada');
    await becomes(b, 'ada');
    expect(await request(b)).toBe(200);
    const second = await signIn(a, site, 'bob');
    await becomes(b, 'bob');
    expect(await request(b)).toBe(200);
    expect(site.sent).toEqual([first, second]);
    await a.run(() => globalThis.tab.signOut());
    await becomes(b, 'signed-out');
    expect(await request(b)).toBe('SIGNED_OUT');
    expect(site.sent).toHaveLength(2);
    expect(site.redeemed).toBe(0);
  },
);

test.for(EVERYWHERE)(
  'tabs that find their token ended redeem once: %s in %s',
  { timeout: PATIENT },
  async (where) => {
    const { site, open } = await createScene(where);
    const tabs = [await open(), await open(), await open(), await open()];
    const [first] = tabs;
    if (first === undefined) throw new Error('there is no tab');
    const old = await signIn(first, site, 'ada', SHORT);
    await Promise.all(tabs.map((tab) => becomes(tab, 'ada')));
    do {
      site.sent.length = 0;
      expect(await Promise.all(tabs.map(request))).toEqual([200, 200, 200, 200]);
    } while (site.sent.includes(old));
    expect(new Set(site.sent).size).toBe(1);
    expect(site.redeemed).toBe(1);
  },
);

test.for(EVERYWHERE)(
  'tabs that send all the time refresh once for each token: %s in %s',
  { timeout: PATIENT },
  async (where) => {
    const lifetime = 2;
    const { site, open } = await createScene(where, lifetime);
    const tabs = await Promise.all(Array.from({ length: where[1] === 'Chromium' ? 8 : 4 }, open));
    const [first] = tabs;
    if (first === undefined) throw new Error('there is no tab');
    await signIn(first, site, 'ada', lifetime);
    await Promise.all(tabs.map((tab) => becomes(tab, 'ada')));
    const use = async (tab: BrowserTab): Promise<void> => {
      while (site.redeemed < 3) expect(await request(tab)).toBe(200);
    };
    await Promise.all(tabs.map(use));
    expect(site.isDead).toBe(false);
    expect(new Set(site.sent).size).toBeLessThanOrEqual(1 + site.redeemed);
  },
);

test.for([
  ...IN_CHROMIUM.map((where) => [...where, 'crash'] as const),
  ...EVERYWHERE.map((where) => [...where, 'close'] as const),
])(
  'what a tab was at when it went is taken over at once: %s in %s, %s',
  { timeout: PATIENT },
  async ([store, name, end]) => {
    const { site, open } = await createScene([store, name]);
    const [a, b] = [await open(), await open()];
    const old = await signIn(a, site, 'ada', SHORT);
    await becomes(b, 'ada');
    const asked = site.swallow();
    const using = a.run(async () => {
      for (;;) await globalThis.tab.request();
    });
    using.catch(() => {});
    await asked;
    site.answer();
    await a[end]();
    do {
      site.sent.length = 0;
      expect(await request(b)).toBe(200);
    } while (site.sent.includes(old));
    expect(site.redeemed).toBe(1);
  },
);

test.for(EVERYWHERE)(
  'a page that is back after another user has signed in is theirs before it sends anything: %s in %s',
  { timeout: PATIENT },
  async (where) => {
    const { site, open } = await createScene(where);
    const a = await open();
    await signIn(a, site, 'ada');
    await a.run(() => globalThis.tab.rests());
    await a.goto(`${site.origin}/elsewhere`);
    const b = await open();
    const token = await signIn(b, site, 'bob');
    expect(await backIn(a)).toBe('bob');
    expect(await request(a)).toBe(200);
    expect(new Set(site.sent)).toEqual(new Set([token]));
  },
);

/** Goes back to the page before, and tells who was signed in there once its first request was over. */
async function backIn(tab: BrowserTab): Promise<string> {
  await tab.goBack();
  for (;;) {
    try {
      return await tab.run(() => globalThis.tab.back);
    } catch {
      // Not there yet.
    }
  }
}

test.for(EVERYWHERE)(
  'what the processes of a browser count up together is not lost: %s in %s',
  { timeout: PATIENT },
  async (where) => {
    const { open } = await createScene(where);
    const tabs = [await open(), await open(), await open(), await open()];
    await Promise.all(tabs.map((tab) => tab.run(() => globalThis.tab.countUp(25))));
    const counts = await Promise.all(tabs.map((tab) => tab.run(() => globalThis.tab.count)));
    expect(Math.max(...counts)).toBe(100);
  },
);
