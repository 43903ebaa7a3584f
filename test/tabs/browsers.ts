import { afterAll, beforeAll } from 'vitest';
import { launchChromium, launchFirefox, type TabBrowser } from './browser.ts';

const launches = { Chromium: launchChromium, Firefox: launchFirefox };

export type BrowserName = keyof typeof launches;

export const BROWSERS: readonly BrowserName[] = ['Chromium', 'Firefox'];

/** Starts the browsers before the first test of a file and closes them after the last. */
export function startBrowsers(): (name: BrowserName) => TabBrowser {
  const browsers = new Map<BrowserName, TabBrowser>();
  beforeAll(async () => {
    await Promise.all(BROWSERS.map(async (name) => browsers.set(name, await launches[name]())));
  }, 60_000);
  afterAll(async () => {
    await Promise.all(Array.from(browsers.values(), (browser) => browser.close()));
  }, 30_000);
  return (name) => {
    const browser = browsers.get(name);
    if (browser === undefined) throw new Error(`${name} has not been started yet`);
    return browser;
  };
}
