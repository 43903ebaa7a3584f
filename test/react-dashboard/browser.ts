import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { type Example, startExample } from '../../examples/react-dashboard/server/start.ts';
import { findBrowser } from '../../tools/browsers.mjs';

const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-sync',
];

/** The example and a browser, for all tests of a file. */
export interface Stage {
  readonly example: Example;
  /** A browser profile of its own: the pages in it are tabs of one browser. */
  profile(options?: BrowserContextOptions): Promise<BrowserContext>;
  /** The dashboard in a tab of a new profile. */
  open(options?: BrowserContextOptions): Promise<Page>;
}

/**
 * Sets the stage up before the tests of a file, and clears it afterwards.
 *
 * In Chromium. In a stock Firefox 153 all of these tests were run by hand, and passed, with Playwright's
 * `firefox.launch({ channel: 'moz-firefox', executablePath })`. They are not among the tests of each change: it takes
 * five minutes, Playwright has to be patched (it sends `emulation.setMediaFeaturesOverride`, which that Firefox does
 * not know, so colour schemes were not told apart), and `evaluateAll()` failed in the test of two tabs that refresh,
 * which read the text of the panel instead.
 */
export function setStage(lifetime: number, root?: string): () => Stage {
  let example: Example | undefined;
  let browser: Browser | undefined;
  beforeAll(async () => {
    const executablePath = findBrowser('chromium') ?? 'chromium';
    [example, browser] = await Promise.all([
      startExample({ lifetime, isBuilt: true, ...(root !== undefined && { root }) }),
      chromium.launch({ executablePath, args: QUIET }),
    ]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await example?.close();
  }, 30_000);
  return () => {
    if (example === undefined || browser === undefined) throw new Error('The stage is not set.');
    return createStage(example, browser);
  };
}

function createStage(example: Example, browser: Browser): Stage {
  const profile = async (options: BrowserContextOptions = {}): Promise<BrowserContext> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    context.setDefaultTimeout(45_000);
    onTestFinished(async () => {
      example.servers.login.isDown = false;
      await context.close();
    });
    return context;
  };
  return {
    example,
    profile,
    async open(options) {
      const page = await (await profile(options)).newPage();
      await page.goto(example.origin);
      return page;
    },
  };
}

/** Signs in at the pages of the authorization server, from the dashboard in `page`. */
export async function signIn(page: Page, name: 'Ada' | 'Bob'): Promise<void> {
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
  await page.getByRole('table').waitFor();
}

/** Pulls a lever of the panel. */
export const pull = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click();

/** The numbers of the orders that are shown. */
export async function ordersOn(page: Page): Promise<string[]> {
  return page.locator('.orders .number').allInnerTexts();
}

/** The requests that the panel lists, such as `GET /orders 401 200`. */
export async function requestsOn(page: Page): Promise<string[]> {
  const lines = page.getByRole('region', { name: 'Requests' }).getByRole('listitem');
  return lines.evaluateAll((items) =>
    items.map((item) =>
      Array.from(item.querySelectorAll('.name, .status'), ({ textContent }) => textContent).join(' '),
    ),
  );
}
