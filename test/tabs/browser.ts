import { chromium } from 'playwright';
import puppeteer from 'puppeteer-core';
import { findBrowser } from '../../tools/browsers.mjs';
import type { Tab } from './tab.ts';

/** A tab of a real browser. Tabs of one browser share its storage. */
export interface BrowserTab {
  /** Runs `use` in the tab. It is sent as text: it sees nothing but its arguments. */
  run<T, Argument = undefined>(use: (argument: Argument) => T | Promise<T>, argument?: Argument): Promise<T>;
  goto(url: string): Promise<unknown>;
  /** Starts on its way back. */
  goBack(): Promise<unknown>;
  close(): Promise<void>;
  /** Kills the process that the tab runs in. Chromium only. */
  crash(): Promise<void>;
}

export interface TabBrowser {
  open(url: string): Promise<BrowserTab>;
  close(): Promise<void>;
}

declare global {
  var tab: Tab;
}

const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// Both drivers would wait for a page to load, and one that is restored does not.
const BACK = 'setTimeout(() => history.back())';

/** A Chromium that keeps pages in its back-forward cache, as users have it. */
export async function launchChromium(): Promise<TabBrowser> {
  const browser = await chromium.launch({
    executablePath: findBrowser('chromium') ?? 'chromium',
    args: QUIET,
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
  const context = await browser.newContext();
  return {
    async open(url) {
      const page = await context.newPage();
      await page.goto(url);
      return {
        run: (use, argument) => page.evaluate(use as () => never, argument as never),
        goto: (to) => page.goto(to),
        goBack: () => page.evaluate(BACK),
        close: () => page.close(),
        async crash() {
          const crashed = new Promise((resolve) => page.once('crash', resolve));
          const devtools = await context.newCDPSession(page);
          devtools.send('Page.crash').catch(() => {});
          await crashed;
        },
      };
    },
    close: () => browser.close(),
  };
}

export async function launchFirefox(): Promise<TabBrowser> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    headless: true,
    executablePath: findBrowser('firefox') ?? 'firefox',
  });
  return {
    async open(url) {
      const page = await browser.newPage();
      await page.goto(url);
      return {
        run: (use, argument) => page.evaluate(use as () => never, argument as never),
        goto: (to) => page.goto(to),
        goBack: () => page.evaluate(BACK),
        close: () => page.close(),
        crash: () => Promise.reject(new Error('Firefox has no such command')),
      };
    },
    close: () => browser.close(),
  };
}
