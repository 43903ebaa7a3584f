import { expect, test } from 'vitest';
import type { TokenStore } from '../../src/contracts.ts';
import { createWebStorage } from '../../src/stores/web-storage.ts';
import { sharedStore, webStorage } from '../../src/stores.ts';
import { memoryLocks } from '../../src/testing.ts';
import {
  describeForeignContent,
  describeTokenStore,
  documentOf,
  type StorePlace,
} from '../contracts/token-store.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { createRotatingIssuer } from '../support/rotating-issuer.ts';
import { createStorage } from '../support/storage.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { createTokenValet } from '../support/token-valet.ts';

// Locks are of the whole process: a key of its own for each.
function place(locks?: Pick<LockManager, 'request' | 'query'>): StorePlace {
  const storage = createStorage();
  const key = crypto.randomUUID();
  return {
    open: () => createWebStorage({ key, storage }, { locks }),
    content: {
      put: (text) => storage.setItem(key, text),
      get: () => storage.getItem(key) ?? undefined,
    },
  };
}

describeTokenStore('a storage of no browser', () => place(navigator.locks), { tells: false, proves: true });
describeTokenStore('one with locks in memory', () => place(memoryLocks()), { tells: false, proves: true });
describeTokenStore('one without Web Locks', () => place(), { tells: false, proves: false });
describeForeignContent('a storage of no browser', () => place(navigator.locks));

test.each(['reads', 'writes', 'everything'] as const)(
  'a storage whose %s fail from the start gives way to memory, with one warning',
  async (what) => {
    const clock = createManualClock();
    const issuer = createRotatingIssuer();
    const storage = createStorage();
    storage.fail(what);
    const store = webStorage({ key: `fails-${what}`, storage });
    const { client, request } = createTokenValet(issuer.provider, { clock, store });
    const codes: string[] = [];
    client.on('warning', ({ code }) => codes.push(code));
    expect(await request()).toBe('SIGNED_OUT');
    await client.session.signIn(issuer.login('ada'));
    expect(await request()).toBe(200);
    await clock.advance(61_000);
    expect(await request()).toBe(200);
    expect(issuer.redeemed).toBe(1);
    await client.signOut();
    expect(await request()).toBe('SIGNED_OUT');
    expect(codes.filter((code) => code.startsWith('STORE'))).toEqual(['STORE_UNAVAILABLE']);
  },
);

test('a storage that fails later costs nothing but time: nothing is redeemed until it is back', async () => {
  const clock = createManualClock();
  const issuer = createRotatingIssuer();
  const storage = createStorage();
  const store = sharedStore(createWebStorage({ storage, clock }, { locks: undefined }));
  const { client, request } = createTokenValet(issuer.provider, { clock, store });
  await client.session.signIn(issuer.login('ada'));
  storage.fail('everything');
  expect(await request()).toBe(200);
  await clock.advance(61_000);
  const answer = request();
  await clock.advance(10_000);
  expect(await answer).toBe('STORE_UNAVAILABLE');
  expect(issuer.asked).toHaveLength(0);
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
  storage.fail(undefined);
  await clock.advance(60_000);
  const later = request();
  await clock.advance(5000);
  expect(await later).toBe(200);
  expect(issuer.redeemed).toBe(1);
});

test('where there is no page there is no web storage, whatever the platform has under that name', () => {
  const store = createWebStorage();
  expect(() => store.read()).toThrow('pages');
  expect(store.subscribe).toBeUndefined();
});

test('a write that is refused leaves no lock behind', async () => {
  const storage = createStorage();
  const open = () => createWebStorage({ key: 'refused', storage }, { locks: navigator.locks });
  const [one, other] = [open(), open()];
  await one.swap(undefined, documentOf());
  storage.fail('writes');
  const far = documentOf({ version: documentOf().version + 1000 });
  await expect(one.swap(documentOf(), far)).rejects.toThrow('denied');
  storage.fail(undefined);
  const next = documentOf({ version: documentOf().version + 1 });
  expect(await other.swap(documentOf(), next)).toBe(true);
});

test('what another process has just written is not undone by who has not been told of it yet', async () => {
  const [mine, theirs] = [createStorage(), createStorage()];
  const open = (storage: Storage) => createWebStorage({ key: 'late', storage }, { locks: navigator.locks });
  const [here, there] = [open(mine), open(theirs)];
  await here.swap(undefined, documentOf());
  theirs.setItem('late', JSON.stringify(documentOf()));
  const next = documentOf({ version: documentOf().version + 1 });
  expect(await there.swap(documentOf(), next)).toBe(true);
  const undoing = documentOf({ version: documentOf().version + 2 });
  expect(await here.swap(documentOf(), undoing)).toBe(false);
  mine.setItem('late', JSON.stringify(next));
  expect(await here.swap(next, undoing)).toBe(true);
});

test('an owner holds a lock while its claim is stored, and none without', async () => {
  const storage = createStorage();
  const open = () => createWebStorage({ key: 'owner', storage }, { locks: navigator.locks });
  const [one, other] = [open(), open()];
  const { owner = '' } = one;
  const at = documentOf().version;
  const claimed = documentOf({ claim: { id: '1', owner, at } });
  await one.swap(undefined, claimed);
  expect(await other.ownerGone?.(owner)).toBe(false);
  const settled = documentOf({ version: at + 1 });
  await one.swap(claimed, settled);
  await isGone(other, owner);
  // A claim that somebody else has taken over.
  const again = documentOf({ version: at + 2, claim: { id: '2', owner, at } });
  await one.swap(settled, again);
  await other.swap(again, documentOf({ version: at + 3 }));
  expect(await other.ownerGone?.(owner)).toBe(false);
  await one.read();
  await isGone(other, owner);
});

/** A lock that was let go is free a moment later. */
async function isGone(store: TokenStore, owner: string): Promise<void> {
  while ((await store.ownerGone?.(owner)) !== true) await settle();
}

test('an owner that nobody has heard of is gone', async () => {
  const { ownerGone } = createWebStorage({ storage: createStorage() }, { locks: navigator.locks });
  expect(await ownerGone?.('nobody')).toBe(true);
});

test.each([
  [{ sotrage: 'local' }, 'sotrage'],
  [{ storage: 'locale' }, 'storage'],
  [{ storage: null }, 'storage'],
  [{ key: 42 }, 'key'],
  [{ key: null }, 'key'],
])('options that are none are refused: %j', async (options, named) => {
  const error = await valetErrorOf(() => webStorage(options as object));
  expect(error.code).toBe('INVALID_OPTION');
  expect(error.message).toContain(named);
});

test('a Storage in place of options is refused, whatever is in it', async () => {
  const storage = createStorage();
  for (const given of [
    storage,
    Object.create(storage) as object,
    Object.assign(storage, { items: 'secret' }),
  ]) {
    const error = await valetErrorOf(() => webStorage(given as object));
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain('{ storage }');
    expect(error.message).not.toContain('items');
  }
});

test('where there is no web storage, as in Node, the warning names the store that keeps a session there', async () => {
  const issuer = createRotatingIssuer();
  const { client, request } = createTokenValet(issuer.provider, {
    initial: issuer.login('ada'),
    store: webStorage(),
  });
  const warnings: string[] = [];
  client.on('warning', ({ code, message }) => warnings.push(`${code}: ${message}`));
  expect(await request()).toBe(200);
  expect(warnings).toEqual([expect.stringMatching(/^STORE_UNAVAILABLE: .*fileStore\(\)/)]);
});
