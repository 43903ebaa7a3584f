import { defineBrowserProvider } from '@vitest/browser';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import type { BrowserProviderOption, TestProject } from 'vitest/node';

export interface FirefoxOptions {
  readonly executablePath: string;
}

/**
 * Runs browser tests in a stock Firefox over WebDriver BiDi: Playwright would want its own patched build.
 * Boundary: no user events, no screenshots, no coverage.
 */
export function firefox(options: FirefoxOptions): BrowserProviderOption {
  return defineBrowserProvider({
    name: 'firefox-bidi',
    supportedBrowser: ['firefox'],
    options,
    providerFactory: (project) => new FirefoxProvider(project, options) as never,
  });
}

class FirefoxProvider {
  readonly name = 'firefox-bidi';
  readonly supportsParallelism = false;
  readonly options: FirefoxOptions;
  readonly #pages = new Map<string, Page>();
  #browser: Promise<Browser> | undefined;

  constructor(project: TestProject, options: FirefoxOptions) {
    this.options = options;
    // The one command that every run sends, whatever its tests do.
    const setViewport = async ({ sessionId }: { sessionId: string }, size: Size) => {
      await this.#pages.get(sessionId)?.setViewport(size);
    };
    project.browser?.registerCommand('__vitest_viewport' as never, setViewport as never);
  }

  getCommandsContext(sessionId: string): { page: Page | undefined } {
    return { page: this.#pages.get(sessionId) };
  }

  async openPage(sessionId: string, url: string): Promise<void> {
    const { executablePath } = this.options;
    this.#browser ??= puppeteer.launch({ browser: 'firefox', headless: true, executablePath });
    const page = await (await this.#browser).newPage();
    this.#pages.set(sessionId, page);
    await page.setViewport({ width: 1024, height: 768 });
    await page.goto(url, { timeout: 0 });
  }

  async close(): Promise<void> {
    const browser = await this.#browser;
    this.#browser = undefined;
    this.#pages.clear();
    await browser?.close();
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
}
