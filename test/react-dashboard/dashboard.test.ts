import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { ordersOn, pull, requestsOn, setStage, signIn } from './browser.ts';

const LIFETIME = 300;
const stage = setStage(LIFETIME);
const ADA = ['1042', '1041', '1038', '1035', '1029'];
const BOB = ['2017', '2016', '2011'];
const PATIENT = { timeout: 40_000, interval: 50 };

const refreshes = (): number => stage().example.servers.login.refreshes;

test('a user signs in with PKCE and sees their own profile and orders, also after a reload', async () => {
  const page = await stage().open();
  await signIn(page, 'Ada');
  await page.getByText('ada@kettle.example').waitFor();
  expect(await ordersOn(page)).toEqual(ADA);
  expect(page.url()).toBe(`${stage().example.origin}/`);
  await page.reload();
  await page.getByRole('table').waitFor();
  expect(await ordersOn(page)).toEqual(ADA);
  await page.getByText('It came from another tab or an earlier visit.').waitFor();
});

test('a login that the user cancels says so, and leaves them signed out', async () => {
  const page = await stage().open();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('alert').getByText('You did not sign in.').waitFor();
  expect(await page.getByRole('status').filter({ hasText: 'Signed' }).innerText()).toContain('Signed out');
});

test('a button is there for whoever was granted its scope', async () => {
  const [ada, bob] = [await stage().open(), await stage().open()];
  await signIn(ada, 'Ada');
  await signIn(bob, 'Bob');
  expect(await ordersOn(bob)).toEqual(BOB);
  expect(await bob.getByRole('button', { name: /^Refund/ }).count()).toBe(0);
  await ada.getByRole('button', { name: 'Refund order 1035' }).click();
  await expect.poll(() => ada.getByRole('row', { name: '1035' }).innerText(), PATIENT).toContain('refunded');
  await ada.getByText('€402.00').waitFor();
});

test('a token that the API refuses costs one refresh for all that wait, and nobody sees it', async () => {
  const page = await stage().open();
  await signIn(page, 'Ada');
  const before = refreshes();
  await pull(page, 'Expire now');
  await page.getByText('Refused with 401: new token').waitFor();
  await expect
    .poll(() => requestsOn(page), PATIENT)
    .toEqual(expect.arrayContaining(['GET /orders 401 200', 'GET /summary 401 200', 'GET /profile 401 200']));
  expect(refreshes() - before).toBe(1);
  expect(await page.getByRole('alert').count()).toBe(0);
});

test('the panel shows how much of the token is left', async () => {
  const page = await stage().open();
  await signIn(page, 'Ada');
  const meter = page.getByRole('meter', { name: 'Access token' });
  // `iat` counts whole seconds.
  expect([LIFETIME, LIFETIME - 1].map(String)).toContain(await meter.getAttribute('max'));
  const left = async (): Promise<number> => Number(await meter.getAttribute('value'));
  const first = await left();
  expect(first).toBeLessThanOrEqual(LIFETIME);
  expect(first).toBeGreaterThan(LIFETIME - 30);
  await expect.poll(left, PATIENT).toBeLessThan(first);
});

test('a token endpoint that is down signs nobody out, and what waited goes on when it is back', async () => {
  const page = await stage().open();
  await signIn(page, 'Ada');
  await pull(page, 'Token endpoint down');
  await expect.poll(() => stage().example.servers.login.isDown, PATIENT).toBe(true);
  const before = refreshes();
  await pull(page, 'Expire now');
  await page.getByText(/Refused with 401: TOKEN_ENDPOINT_UNAVAILABLE, next try in/).waitFor();
  expect(await ordersOn(page)).toEqual(ADA);
  expect(await page.getByText('Signed in', { exact: false }).count()).toBeGreaterThan(0);
  await pull(page, 'Token endpoint down');
  await expect.poll(refreshes, PATIENT).toBe(before + 1);
  await expect.poll(() => requestsOn(page), PATIENT).toContainEqual(expect.stringMatching(/ 200$/));
  await expect.poll(() => page.getByRole('alert').count(), PATIENT).toBe(0);
});

test('without a network what was fetched stays, and is fetched anew when the network is back', async () => {
  const page = await stage().open();
  await signIn(page, 'Ada');
  await pull(page, 'Offline');
  await page.getByRole('alert').filter({ hasText: 'The server cannot be reached.' }).first().waitFor();
  expect(await ordersOn(page)).toEqual(ADA);
  await pull(page, 'Offline');
  await expect.poll(() => page.getByRole('alert').count(), PATIENT).toBe(0);
});

test('when the session ends, what was typed stays, and what was sent goes on after the login', async () => {
  const page = await stage().open();
  await signIn(page, 'Bob');
  const note = page.getByRole('textbox', { name: 'Note' });
  await note.fill('Leave it at the door');
  await stage().example.servers.login.revoke('bob');
  await page.getByRole('button', { name: 'Place order' }).click();
  await page.getByRole('heading', { name: 'Please sign in again, Bob' }).waitFor();
  expect(await note.inputValue()).toBe('Leave it at the door');
  await signInAgain(page, 'Bob');
  await page.getByText('Order 2018 is placed.').waitFor();
  await page.getByRole('row', { name: '2018' }).getByText('Leave it at the door').waitFor();
  expect(await page.getByRole('dialog').count()).toBe(0);
});

test('when another user signs in after the end, nothing of the first is sent or left on the screen', async () => {
  const page = await stage().open();
  await signIn(page, 'Ada');
  await page.getByRole('textbox', { name: 'Note' }).fill('For Ada alone');
  await stage().example.servers.login.revoke('ada');
  await page.getByRole('button', { name: 'Place order' }).click();
  await page.getByRole('dialog').waitFor();
  await signInAgain(page, 'Bob');
  await page.getByRole('heading', { level: 1, name: 'Bob' }).waitFor();
  await expect.poll(() => ordersOn(page), PATIENT).toContain('2017');
  expect(await page.getByRole('textbox', { name: 'Note' }).inputValue()).toBe('');
  expect(await page.locator('body').innerText()).not.toMatch(/Ada|1042/);
  const [other] = [await stage().open()];
  await signIn(other, 'Ada');
  expect(await other.locator('body').innerText()).not.toContain('For Ada alone');
});

test('public data stays on the screen whoever is signed in, and its key is in nothing that the page gets', async () => {
  const { example, profile } = stage();
  const context = await profile();
  const seen: Promise<string>[] = [];
  context.on('response', (response) => {
    const body = response.text().catch(() => '');
    seen.push(body.then((text) => `${response.url()} ${JSON.stringify(response.headers())} ${text}`));
  });
  const page = await context.newPage();
  await page.goto(example.origin);
  await page.getByText('Jakarta').waitFor();
  await signIn(page, 'Ada');
  const zones = (await requestsOn(page)).filter((line) => line.includes('/zones'));
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Orders, yours alone' }).waitFor();
  expect(await page.getByText('Jakarta').count()).toBe(1);
  expect((await requestsOn(page)).filter((line) => line.includes('/zones'))).toEqual(zones);
  const all = (await Promise.all(seen)).join('\n');
  expect(all).toContain('Asia/Jakarta');
  expect(all).not.toContain(example.servers.zones.key);
});

/** Signs in once more in the window that the dialog opens. The dialog closes it. */
async function signInAgain(page: Page, name: 'Ada' | 'Bob'): Promise<void> {
  const opened = page.waitForEvent('popup');
  await page.getByRole('button', { name: 'Sign in again' }).click();
  const popup = await opened;
  const closed = popup.waitForEvent('close');
  await popup.getByRole('button', { name }).click();
  await closed;
}
