import { expect, test } from 'vitest';
import type { LoginStorage } from '../../src/oauth.ts';
import { startAuthorizationServer } from '../support/authorization-server.mjs';
import { createManualClock } from '../support/clock.ts';
import { CALLBACK, comeBack, HOME, openTab } from '../support/login-tab.ts';
import { startScriptedIssuer } from '../support/scripted-issuer.ts';
import { createStorage } from '../support/storage.ts';
import { valetErrorOf } from '../support/thrown.ts';

/** A storage whose items are its own properties, as those of browsers are. */
function createItems(): LoginStorage {
  const items: Record<string, unknown> = Object.create({
    getItem: (key: string) => items[key] ?? null,
    setItem(key: string, value: string) {
      items[key] = value;
    },
    removeItem(key: string) {
      delete items[key];
    },
  });
  return items as unknown as LoginStorage;
}

test('logins that nobody came back from are swept away by the next one, and nothing else is', async () => {
  await using issuer = await startScriptedIssuer();
  const { endpoints } = issuer;
  const clock = createManualClock();
  const storage = createItems();
  storage.setItem('theirs', 'kept');
  storage.setItem('fetch-valet:login:broken', '{');
  const begin = async (): Promise<void> => {
    const tab = openTab({ issuer: '' }, { issuer: undefined, endpoints, storage, clock });
    await tab.source.signIn();
  };
  await begin();
  await clock.advance(300_000);
  await begin();
  expect(Object.keys(storage)).toHaveLength(3);
  await clock.advance(300_001);
  await begin();
  expect(Object.keys(storage).filter((key) => key.startsWith('fetch-valet:login:'))).toHaveLength(2);
  expect(storage.getItem('theirs')).toBe('kept');
});

test('a login that began later than now is none: the clock was set back, or somebody wrote it', async () => {
  await using issuer = await startScriptedIssuer();
  const { endpoints } = issuer;
  const clock = createManualClock();
  const tab = openTab({ issuer: '' }, { issuer: undefined, endpoints, clock });
  await tab.source.signIn();
  tab.href = `${CALLBACK}?code=code-0123456789&state=${new URL(tab.href).searchParams.get('state')}`;
  clock.set(clock.now() - 1);
  expect(await valetErrorOf(() => tab.source.handleRedirect())).toMatchObject({
    code: 'TOKEN_ENDPOINT_REJECTED',
  });
  expect(issuer.forms).toEqual([]);
});

test('a page that may not store anything is told so when a login begins, and otherwise works', async () => {
  await using issuer = await startScriptedIssuer();
  const { endpoints } = issuer;
  const storage = createStorage();
  const tab = openTab({ issuer: '' }, { issuer: undefined, endpoints, storage });
  storage.fail('everything');
  expect(await valetErrorOf(() => tab.source.signIn())).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringContaining('SecurityError'),
  });
  for (const href of [HOME, `${HOME}&state=NY`, 'http://127.0.0.1/other?code=1&state=NY']) {
    tab.href = href;
    expect(await tab.source.handleRedirect()).toBeUndefined();
    expect(tab.href).toBe(href);
  }
  tab.href = `${CALLBACK}?code=code-0123456789&state=mine`;
  expect(await valetErrorOf(() => tab.source.handleRedirect())).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(tab.href).toBe(CALLBACK);
  storage.fail(undefined);
  await tab.source.signIn();
  expect(tab.href).toContain(endpoints.authorization);
});

test('the answer of another kind of login on another page is left to it, and ours is taken on any page', async () => {
  await using server = await startAuthorizationServer();
  const tab = openTab(server);
  const foreign = 'http://127.0.0.1/connect/shop?code=theirs&state=theirs';
  tab.href = foreign;
  expect(await tab.source.handleRedirect()).toBeUndefined();
  expect(tab.href).toBe(foreign);
  tab.href = HOME;
  await tab.source.signIn();
  await comeBack(tab);
  // A server of pages that adds a slash.
  tab.href = tab.href.replace('/cb?', '/cb/?');
  expect(await tab.source.handleRedirect()).toEqual({ returnTo: HOME });
  expect(tab.href).toBe(`${CALLBACK}/`);
});
