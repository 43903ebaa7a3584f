import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { firefox } from './test/browser/firefox-provider.ts';
import { findBrowser } from './tools/browsers.mjs';

const browserTests = {
  include: ['test/browser/**/*.browser.test.{ts,tsx}'],
  globalSetup: ['test/browser/servers.ts'],
};

// Found late, a dependency makes Vite reload the page in the middle of a test.
const optimizeDeps = {
  include: [
    'ky',
    'eventemitter3',
    'fast-check',
    'oauth4webapi',
    'react',
    'react/jsx-dev-runtime',
    'react-dom',
    'react-dom/client',
    '@tanstack/react-query',
    'swr',
    '@reduxjs/toolkit',
    '@reduxjs/toolkit/query/react',
    'react-redux',
    '@apollo/client',
    '@apollo/client/react',
    'urql',
  ],
};

/** Examples say `fetch-valet`; what is tested is the source. */
const sources = [
  { find: /^fetch-valet$/, replacement: `${import.meta.dirname}/src/index.ts` },
  { find: /^fetch-valet\/(.+)\/(.+)$/, replacement: `${import.meta.dirname}/src/$1-$2.ts` },
  { find: /^fetch-valet\/(.+)$/, replacement: `${import.meta.dirname}/src/$1.ts` },
];

/** React 18 in the place of the newest one. */
const react18 = {
  find: /^(react|react-dom)(?=\/|$)/,
  replacement: `${import.meta.dirname}/tools/react18/node_modules/$1`,
};

// Nothing that talks to the world behind the tests' back.
const quiet = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const inBrowser = { enabled: true, headless: true, screenshotFailures: false };

const chromium = playwright({
  launchOptions: { executablePath: findBrowser('chromium') ?? 'chromium', args: quiet },
});

// Made for each project: Vitest writes the name of the project into it.
const inChromium = () => ({
  ...inBrowser,
  instances: [{ browser: 'chromium' as const }],
  provider: chromium,
});

const inFirefox = () => ({
  ...inBrowser,
  instances: [{ browser: 'firefox' as const }],
  provider: firefox({ executablePath: findBrowser('firefox') ?? 'firefox' }),
});

// Every project has a cache of its own, so two versions of React under one name do not meet.
const withReact18 = { optimizeDeps, resolve: { alias: [...sources, react18] } };
const reactTests = { ...browserTests, include: ['test/browser/**/*.browser.test.tsx'] };

// They are installed by `npm run runtimes` alone.
const runtimes = {
  test: {
    name: 'runtimes',
    include: ['test/runtimes/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
};

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
          exclude: [
            'test/browser/**',
            'test/package/**',
            'test/runtimes/**',
            'test/react-dashboard/**',
            'test/tabs/**',
          ],
        },
      },
      {
        resolve: { alias: [react18] },
        test: {
          name: 'node-react18',
          include: ['test/react/**/*.test.ts'],
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
          name: 'dashboard',
          include: ['test/react-dashboard/**/*.test.ts'],
          // Each file has a browser, an authorization server and a build of its own.
          fileParallelism: false,
          testTimeout: 120_000,
        },
      },
      {
        resolve: { alias: sources },
        optimizeDeps,
        test: {
          name: 'tutorial',
          include: ['examples/react-tutorial/**/*.test.tsx'],
          browser: inChromium(),
        },
      },
      ...(process.env.RUNTIMES === undefined ? [] : [runtimes]),
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
        resolve: { alias: sources },
        test: { ...browserTests, name: 'chromium', browser: inChromium() },
      },
      {
        ...withReact18,
        test: { ...reactTests, name: 'chromium-react18', browser: inChromium() },
      },
      {
        optimizeDeps,
        resolve: { alias: sources },
        test: { ...browserTests, name: 'firefox', browser: inFirefox() },
      },
      {
        ...withReact18,
        test: { ...reactTests, name: 'firefox-react18', browser: inFirefox() },
      },
    ],
  },
});
