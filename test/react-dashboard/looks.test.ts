import { mkdir } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright';
import { expect, test } from 'vitest';
import { ordersOn, pull, setStage, signIn } from './browser.ts';
import { faintTexts, overflow, smallTargets, tabStops } from './looks.ts';

const stage = setStage(60);
const DEVICES: Readonly<Record<'desktop' | 'phone', BrowserContextOptions>> = {
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};

/** Where screenshots are put, for the docs: nowhere unless they are asked for. */
const IMAGES = process.env.SCREENSHOTS
  ? fileURLToPath(new URL('../../docs/guide/images', import.meta.url))
  : '';

async function takePicture(page: Page, name: string, left = 60): Promise<void> {
  if (IMAGES === '') return;
  // Somewhere in the middle of a token's life.
  await page.waitForFunction((most) => (document.querySelector('meter')?.value ?? 0) <= most, left);
  await mkdir(IMAGES, { recursive: true });
  await page.mouse.move(0, 0);
  await page.screenshot({ path: `${IMAGES}/${name}.png` });
}

const SCREENS: readonly (readonly ['desktop' | 'phone', 'light' | 'dark'])[] = [
  ['desktop', 'light'],
  ['desktop', 'dark'],
  ['phone', 'light'],
  ['phone', 'dark'],
];

test.for(SCREENS)('every text can be read and every button hit: %s, %s', async ([device, colorScheme]) => {
  const page = await stage().open({ ...DEVICES[device], colorScheme });
  await page.getByText('Jakarta').waitFor();
  expect(await faintTexts(page)).toEqual([]);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Ada' }).waitFor();
  expect(await faintTexts(page)).toEqual([]);
  await page.goto(stage().example.origin);
  await signIn(page, 'Ada');
  await pull(page, 'Expire now');
  await page.getByText('Refused with 401: new token').waitFor();
  await page.getByText('Sent with every request as it is.').waitFor();
  expect(await faintTexts(page)).toEqual([]);
  expect(await smallTargets(page)).toEqual([]);
  expect(await overflow(page)).toBe(0);
  await page.evaluate(() => scrollTo(0, 0));
  await takePicture(page, `dashboard-${device}-${colorScheme}`, 36);
  if (device === 'phone') {
    await page.getByRole('link', { name: 'Live session' }).click();
    await takePicture(page, `panel-${device}-${colorScheme}`);
  }
  await pull(page, 'Offline');
  await page.getByRole('alert').first().waitFor();
  expect(await faintTexts(page)).toEqual([]);
  await pull(page, 'Offline');
  await pull(page, 'Revoke at server');
  await page.getByRole('dialog').waitFor();
  expect(await faintTexts(page)).toEqual([]);
  if (device === 'phone') await takePicture(page, `ended-${device}-${colorScheme}`);
});

test('on a screen of 320 pixels nothing is cut off', async () => {
  const page = await stage().open({ viewport: { width: 320, height: 640 } });
  expect(await overflow(page)).toBe(0);
  await signIn(page, 'Ada');
  expect(await overflow(page)).toBe(0);
});

test('the keyboard reaches everything in the order in which it is read, and focus is always seen', async () => {
  const page = await stage().open();
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Sign in');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Bob' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('table').waitFor();
  expect(await ordersOn(page)).toContain('2017');
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  const stops = await tabStops(page);
  expect(stops.filter(({ isSeen }) => !isSeen)).toEqual([]);
  expect(stops.map(({ name }) => name)).toEqual([
    'Skip to the orders',
    'Sign out',
    'Item',
    'Bags',
    'Note',
    'Place order',
    'Country',
    'Expire now',
    'Revoke at server',
    'Token endpoint down',
    'Offline',
    'Switch user',
    'Sign out everywhere',
  ]);
});

test('a screen reader hears what changes, and what each part is called', async () => {
  const page = await stage().open();
  await signIn(page, 'Ada');
  const tree = await page.locator('body').ariaSnapshot();
  for (const part of [
    'heading "Ada Okafor" [level=1]',
    'region "Orders"',
    'columnheader "Item"',
    'rowheader "House espresso, 1 kg"',
    'button "Refund order 1042"',
    'complementary "The session, live"',
    'meter "Access token"',
    'status: Signed in as Ada Okafor',
  ])
    expect(tree).toContain(part);
  expect(await page.getByRole('region', { name: 'Refreshes' }).locator('[aria-live=polite]').count()).toBe(1);
  await pull(page, 'Offline');
  expect(await page.getByRole('button', { name: 'Offline', pressed: true }).count()).toBe(1);
});
