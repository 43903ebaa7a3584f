import { accessToken, Client } from 'fetch-valet';
import { ClientProvider } from 'fetch-valet/react';
import { expect, onTestFinished, test } from 'vitest';
import { createCache, forgetKeptData } from '../../examples/react/kept-data.ts';
import { ANN, BEN, readMember } from '../support/members.ts';
import { createRoom } from './room.ts';
import { stage } from './stage.tsx';

/** The app of the guide, whose API is a room of its own: modules are made once. */
const room = createRoom();
Object.assign(globalThis, { shopUrl: room.api });
const { api, App } = await import('../../examples/react/app.tsx');
const { auth } = await import('../../examples/react/stand-in.ts');
const { Both, Weather } = await import('../../examples/react/second-client.tsx');

function press(container: Element, text: string): void {
  const button = Array.from(container.querySelectorAll('button')).find(({ innerText }) => innerText === text);
  if (button === undefined) throw new Error(`There is no button ${text}`);
  button.click();
}

test('the app of the guide: log in, orders, another user, log out, log in again', async () => {
  const page = stage(<App />);
  await page.shows('Log in');
  press(page.container, 'Log in');
  await page.shows('Ada Log out | bread of ada');

  await auth.login('ben');
  await page.shows('Ben Log out | bread of ben');

  auth.user = undefined;
  press(page.container, 'Log out');
  await page.shows('Log in');
});

test('the app of the guide: an ended session leaves the form, and its request goes on', async () => {
  await auth.login('ada');
  await api.session.refresh();
  const page = stage(<App />);
  await page.shows('Ada Log out | bread of ada');
  const input = page.find<HTMLInputElement>('input');
  input.value = 'cheese';

  const getToken = auth.getToken.bind(auth);
  onTestFinished(() => void Object.assign(auth, { getToken }));
  auth.getToken = () => {
    throw Object.assign(new Error('over'), { code: 'login_required' });
  };
  await api.session.refresh().catch(() => {});
  await page.shows(
    'Ada Log out | bread of ada | Ada, please log in again. Nothing of what you wrote is lost. | Log in',
  );
  page.find<HTMLFormElement>('form').requestSubmit();

  auth.getToken = getToken;
  press(page.find('dialog'), 'Log in');
  await page.shows('Ada Log out | bread of ada | taken');
  expect(page.find('input')).toBe(input);
  expect(input.value).toBe('cheese');
});

test('the second client of the guide', async () => {
  await auth.login('ada');
  await api.session.refresh();
  const page = stage(
    <ClientProvider client={api}>
      <Weather>
        <Both />
      </Weather>
    </ClientProvider>,
  );
  await page.shows('ada true');
});

test('what a persister and a service worker have kept is gone after a switch', async () => {
  const client = new Client(accessToken(() => null, { user: readMember, initial: ANN }));
  const queryClient = createCache(client);
  forgetKeptData(client);
  queryClient.setQueryData(['cities'], ['Oslo']);
  queryClient.setQueryData(['orders'], ['bread']);
  localStorage.setItem('query-cache', 'bread');
  await (await caches.open('api')).put('/orders', new Response('bread'));

  await client.session.signIn(BEN);
  expect(localStorage.getItem('query-cache')).toBeNull();
  await expect.poll(() => caches.has('api')).toBe(false);
  expect(queryClient.getQueryData(['cities'])).toEqual(['Oslo']);
  expect(queryClient.getQueryData(['orders'])).toBeUndefined();
});
