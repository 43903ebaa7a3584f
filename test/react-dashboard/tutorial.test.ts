import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { setStage } from './browser.ts';

const stage = setStage(60, fileURLToPath(new URL('../../examples/react-tutorial', import.meta.url)));

async function signIn(page: Page, name: 'Ada' | 'Bob'): Promise<void> {
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name }).click();
  await page.getByRole('heading', { name: `Orders of ${name}` }).waitFor();
}

test('the app of the tutorial signs users in, shows each their own orders, and knows who may refund', async () => {
  const page = await stage().open();
  await signIn(page, 'Ada');
  await page.getByText('1042: House espresso, 1 kg, new').waitFor();
  await page.getByRole('button', { name: 'Refund 1042' }).click();
  await page.getByText('1042: House espresso, 1 kg, refunded').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn(page, 'Bob');
  await page.getByText('2017: Huila decaf').waitFor();
  expect(await page.getByRole('button', { name: /Refund/ }).count()).toBe(0);
  expect(await page.locator('body').innerText()).not.toContain('1042');
});

test('the app of the tutorial outlives its tokens, and asks for a login when the session is over', async () => {
  const page = await stage().open();
  await signIn(page, 'Bob');
  const { login } = stage().example.servers;
  const before = login.refreshes;
  login.expire('bob');
  await page.reload();
  await page.getByText('2017: Huila decaf').waitFor();
  expect(login.refreshes).toBe(before + 1);
  await login.revoke('bob');
  // TanStack Query asks again whenever the window is looked at.
  await page.evaluate(() => dispatchEvent(new Event('visibilitychange')));
  await page.getByText('Your session has ended.').waitFor();
  await page.getByText('2017: Huila decaf').waitFor();
  await signIn(page, 'Bob');
});

test('a login that the user cancels leaves the app of the tutorial signed out', async () => {
  const page = await stage().open();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
});
