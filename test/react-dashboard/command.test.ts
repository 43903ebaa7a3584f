import { spawn } from 'node:child_process';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { expect, onTestFinished, test } from 'vitest';
import { findBrowser } from '../../tools/browsers.mjs';
import { ordersOn, signIn } from './browser.ts';

/** Runs the program of `npm run example:react`. Resolves with the lines it has printed, once one of them ends it. */
async function run(last: RegExp, ...args: readonly string[]): Promise<string[]> {
  const path = fileURLToPath(new URL('../../examples/react-dashboard/server/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...args], {
    env: { ...process.env, PORT: '0', TOKEN_LIFETIME: '90' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  onTestFinished(async () => {
    child.kill();
    await exit;
  });
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (last.test(line)) resolve(lines);
    });
    void exit.then(() => reject(new Error(`The program ended: ${lines.join('\n')}`)));
  });
}

test('one command starts everything and says where the page is, which StrictMode does not trouble', async () => {
  const [line = ''] = await run(/Ctrl-C/);
  const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? '';
  const browser = await chromium.launch({ executablePath: findBrowser('chromium') ?? 'chromium' });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const troubles: string[] = [];
  page.on('pageerror', ({ message }) => troubles.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') troubles.push(message.text());
  });
  await page.goto(origin);
  await signIn(page, 'Ada');
  expect(await ordersOn(page)).toContain('1042');
  expect(await page.getByRole('meter').getAttribute('max')).toMatch(/^(90|89)$/);
  // One login, one token: what StrictMode does twice is done once.
  expect(await page.getByRole('region', { name: 'Refreshes' }).getByRole('listitem').count()).toBe(1);
  expect(troubles).toEqual([]);
});

test('the servers alone say what an app of one’s own needs to know of them', async () => {
  const lines = await run(/Ctrl-C/, 'servers', 'http://localhost:5199');
  const settings = Object.fromEntries(
    lines.filter((line) => line.startsWith('VITE_')).map((line) => line.split('=')),
  );
  const found = await fetch(`${settings.VITE_ISSUER}/.well-known/openid-configuration`);
  expect(await found.json()).toMatchObject({ issuer: settings.VITE_ISSUER });
  const refused = await fetch(`${settings.VITE_API}/orders`, {
    headers: { origin: 'http://localhost:5199' },
  });
  expect(refused.status).toBe(401);
  expect(refused.headers.get('access-control-allow-origin')).toBe('http://localhost:5199');
});
