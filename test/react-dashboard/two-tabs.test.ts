import type { BrowserContext, Page } from 'playwright';
import { expect, test } from 'vitest';
import { ordersOn, pull, requestsOn, setStage, signIn } from './browser.ts';

const stage = setStage(300);
const PATIENT = { timeout: 40_000, interval: 50 };

interface Tabs {
  readonly context: BrowserContext;
  readonly a: Page;
  readonly b: Page;
}

/** Two tabs of one browser. */
async function openTabs(): Promise<Tabs> {
  const context = await stage().profile();
  const [a, b] = [await context.newPage(), await context.newPage()];
  await Promise.all([a, b].map((page) => page.goto(stage().example.origin)));
  return { context, a, b };
}

const hasUser = (page: Page, name: string): Promise<void> =>
  page.getByRole('heading', { level: 1, name }).waitFor();

test('a login in one tab is one in the other, and so is a sign-out', async () => {
  const { a, b } = await openTabs();
  await b.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  await signIn(a, 'Ada');
  await hasUser(b, 'Ada');
  await expect.poll(() => ordersOn(b), PATIENT).toContain('1042');
  await pull(a, 'Sign out everywhere');
  for (const page of [a, b]) {
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    expect(await page.locator('body').innerText()).not.toMatch(/Ada Okafor|1042/);
  }
});

test('two tabs whose token is refused refresh once between them', async () => {
  const { a, b } = await openTabs();
  await signIn(a, 'Ada');
  await hasUser(b, 'Ada');
  await b.getByRole('table').waitFor();
  const { login } = stage().example.servers;
  const before = login.refreshes;
  login.expire('ada');
  // Off and on again: both ask for everything at once.
  await Promise.all([a, b].map((page) => page.getByRole('button', { name: 'Offline' }).dblclick()));
  for (const page of [a, b])
    await expect
      .poll(() => page.getByRole('region', { name: 'Refreshes' }).innerText(), PATIENT)
      .toMatch(/Refused with 401: new token|Taken over from another tab[\s\S]*(Taken over|First token)/);
  const requests = await Promise.all([a, b].map(requestsOn));
  expect(requests.flat().join()).toContain('401 200');
  expect(login.refreshes).toBe(before + 1);
});

test('a switch of user in one tab shows no frame of the first user’s data in the other', async () => {
  const { context, a, b } = await openTabs();
  await signIn(a, 'Ada');
  await hasUser(b, 'Ada');
  await expect.poll(() => ordersOn(b), PATIENT).toContain('1042');
  await b.evaluate(record);
  await b.bringToFront();
  await pull(a, 'Switch user');
  await a.getByRole('button', { name: 'Bob' }).click();
  await hasUser(a, 'Bob');
  await hasUser(b, 'Bob');
  await expect.poll(() => ordersOn(b), PATIENT).toContain('2017');
  const frames = await b.evaluate(() => globalThis.whatWasShown);
  expect(new Set(frames)).toEqual(new Set(['Ada 1042', 'Bob', 'Bob 2017']));
  expect(context.pages()).toHaveLength(2);
});

declare global {
  /** Who is named and whose orders are shown, at each frame and after each change. */
  var whatWasShown: string[];
}

function record(): void {
  const frames: string[] = [];
  const look = (): void => {
    const name = document.querySelector('h1')?.textContent?.split(' ')[0] ?? '';
    const order = document.querySelector('.orders .number')?.textContent ?? '';
    frames.push(`${name} ${order}`.trim());
  };
  const frame = (): void => {
    look();
    requestAnimationFrame(frame);
  };
  globalThis.whatWasShown = frames;
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  frame();
}
