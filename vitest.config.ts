import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { firefox } from './test/browser/firefox-provider.ts';
import { findBrowser } from './tools/browsers.mjs';

const browserTests = {
  include: ['test/browser/**/*.browser.test.ts'],
  globalSetup: ['test/browser/servers.ts'],
};

// Found late, a dependency makes Vite reload the page in the middle of a test.
const optimizeDeps = { include: ['ky', 'jwt-decode', 'eventemitter3', 'fast-check'] };

const inBrowser = { enabled: true, headless: true, screenshotFailures: false };

// Nothing that talks to the world behind the tests' back.
const quiet = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export default defineConfig({
  test: {
    // .ci/run counts the tests of this report.
    reporters: process.env.TEST_REPORT
      ? ['default', ['json', { outputFile: process.env.TEST_REPORT }]]
      : ['default'],
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text'] },
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/browser/**', 'test/package/**', 'test/tabs/**'],
        },
      },
      {
        test: {
          name: 'tabs',
          include: ['test/tabs/**/*.test.ts'],
        },
      },
      {
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          globalSetup: ['test/package/install.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        optimizeDeps,
        test: {
          ...browserTests,
          name: 'chromium',
          browser: {
            ...inBrowser,
            instances: [{ browser: 'chromium' }],
            provider: playwright({
              launchOptions: { executablePath: findBrowser('chromium') ?? 'chromium', args: quiet },
            }),
          },
        },
      },
      {
        optimizeDeps,
        test: {
          ...browserTests,
          name: 'firefox',
          browser: {
            ...inBrowser,
            instances: [{ browser: 'firefox' }],
            provider: firefox({ executablePath: findBrowser('firefox') ?? 'firefox' }),
          },
        },
      },
    ],
  },
});
