import { accessToken, Client } from 'fetch-valet';
import { ClientProvider } from 'fetch-valet/react';
import { expect, onTestFinished, test } from 'vitest';
import { createCache, forgetKeptData } from '../../examples/react/kept-data.ts';
import { ANN, BEN, readMember } from '../support/members.ts';
import { createRoom } from './room.ts';
import { painted, stage } from './stage.tsx';

/** The app of the guide, whose API is a room of its own: modules are made once. */
const room = createRoom();
Object.assign(globalThis, { shopUrl: room.api });
const { api, App, queryClient } = await import('../../examples/react/app.tsx');
const { loadOrders, orders } = await import('../../examples/react/loader.ts');
const { Refund } = await import('../../examples/react/scopes.tsx');
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

test('the loader of the guide sends away whom nobody knows, and fills a cache that a switch empties', async () => {
  auth.user = undefined;
  await api.signOut();
  await expect(loadOrders()).rejects.toMatchObject({ to: '/login' });

  await auth.login('ada');
  await api.session.refresh();
  expect(await loadOrders()).toBeNull();
  expect(queryClient.isFetching(orders)).toBe(1);
  expect(await queryClient.ensureQueryData(orders)).toEqual({ orders: [{ id: 1, what: 'bread of ada' }] });

  await auth.login('ben');
  await api.session.refresh();
  expect(queryClient.getQueryData(orders.queryKey)).toBeUndefined();
});

test('the hook of the guide follows the scopes, and renders for no other refresh', async () => {
  const granted = ['orders:read', 'orders:read', 'orders:read orders:refund'];
  let renders = 0;
  const client = new Client(
    accessToken(() => ({
      accessToken: `token-${granted.length}`,
      expiresIn: 60,
      scope: granted.shift() ?? '',
    })),
  );
  const page = stage(
    <ClientProvider client={client as typeof api}>
      <Refund rendered={() => (renders += 1)} />
    </ClientProvider>,
  );
  await page.shows('Ask somebody to refund');
  // React listens some time after it has shown something.
  await painted();
  await client.session.ready;
  await client.session.refresh();
  await painted();
  expect(renders).toBe(1);
  await client.session.refresh();
  await page.shows('Refund');
  expect(renders).toBe(2);
  await client.signOut();
  await page.shows('Ask somebody to refund');
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
