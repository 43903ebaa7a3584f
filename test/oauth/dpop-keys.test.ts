import { expect, test } from 'vitest';
import { DpopKeys, type DpopOption } from '../../src/oauth/dpop-keys.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { createDatabases, type FakeDatabases } from '../support/databases.ts';
import { valetErrorOf } from '../support/thrown.ts';

const SIGNING = { name: 'ECDSA', namedCurve: 'P-256' };

function keyPair(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(SIGNING, true, ['sign', 'verify']) as Promise<CryptoKeyPair>;
}

/** The keys of one tab. */
function tabOf({ factory }: FakeDatabases, name = 'a client'): DpopKeys {
  return new DpopKeys(true, name, factory);
}

test('a key is made once, however many want it at once, and cannot be taken out', async () => {
  const keys = tabOf(createDatabases());
  const [one, other] = await Promise.all([keys.current(), keys.current()]);
  expect(one).toBe(other);
  expect(await keys.current()).toBe(one);
  expect(one.pair.privateKey.extractable).toBe(false);
});

test('tabs that start at once have one key, whoever was first', async () => {
  const databases = createDatabases();
  const tabs = Array.from({ length: 8 }, () => tabOf(databases));
  const found = await Promise.all(tabs.map((tab) => tab.current()));
  expect(new Set(found.map(({ thumbprint }) => thumbprint)).size).toBe(1);
  expect(databases.kept.get('a client')).toBe(found[0]?.pair);
});

test('a page that comes later has the same key, and another client another one', async () => {
  const databases = createDatabases();
  const { thumbprint } = await tabOf(databases).current();
  expect((await tabOf(databases).current()).thumbprint).toBe(thumbprint);
  expect((await tabOf(databases, 'another').current()).thumbprint).not.toBe(thumbprint);
});

test.each<[string, (pair: CryptoKeyPair) => unknown]>([
  ['nothing', () => undefined],
  ['a text', () => 'a key'],
  ['null', () => null],
  ['a public key alone', ({ publicKey }) => ({ publicKey })],
  ['a private key alone', ({ privateKey }) => ({ privateKey, publicKey: {} })],
])('a database that holds %s in the place of a key gets one', async (_, rubbish) => {
  const databases = createDatabases();
  databases.kept.set('a client', rubbish(await keyPair()));
  const { pair } = await tabOf(databases).current();
  expect(databases.kept.get('a client')).toBe(pair);
});

test.each(['refuses', 'gives up'] as const)(
  'where the database %s, the key lives as long as the page',
  async (state) => {
    const databases = createDatabases();
    databases.state = state;
    const keys = tabOf(databases);
    const { thumbprint } = await keys.current();
    expect((await keys.current()).thumbprint).toBe(thumbprint);
    expect(await keys.holds(thumbprint)).toBe(true);
    expect(await keys.holds('another')).toBe(false);
    expect(databases.kept.size).toBe(0);
  },
);

test('a database that never answers holds up nobody for longer than three seconds', async () => {
  const databases = createDatabases();
  databases.state = 'never answers';
  const clock = createManualClock();
  const keys = new DpopKeys(true, 'a client', databases.factory, clock);
  const finding = keys.current();
  // Before it asks the database it makes a key, and that takes as long as it takes.
  while (clock.timers === 0) await settle();
  await clock.advance(3000);
  const { thumbprint } = await finding;
  expect(await keys.holds(thumbprint)).toBe(true);
  const holding = keys.holds('another');
  while (clock.timers === 0) await settle();
  await clock.advance(3000);
  expect(await holding).toBe(false);
  expect(clock.timers).toBe(0);
});

test('a database that answers leaves no timer behind', async () => {
  const { factory } = createDatabases();
  const clock = createManualClock();
  const keys = new DpopKeys(true, 'a client', factory, clock);
  await keys.current();
  expect(await keys.holds('another')).toBe(false);
  expect(clock.timers).toBe(0);
});

test('a key that another tab made anew, after the old one was lost, is taken over', async () => {
  const databases = createDatabases();
  const tab = tabOf(databases);
  const old = await tab.current();
  databases.kept.clear();
  expect(await tab.holds(old.thumbprint)).toBe(true);
  const made = await tabOf(databases).current();
  expect(made.thumbprint).not.toBe(old.thumbprint);
  expect(await tab.holds('another')).toBe(false);
  expect((await tab.current()).thumbprint).toBe(old.thumbprint);
  expect(await tab.holds(made.thumbprint)).toBe(true);
  expect((await tab.current()).thumbprint).toBe(made.thumbprint);
});

test('a key that cannot be read is not held, and what is in use stays', async () => {
  const databases = createDatabases();
  const tab = tabOf(databases);
  const { thumbprint } = await tab.current();
  databases.kept.set('a client', { privateKey: 'none', publicKey: 'none' });
  expect(await tab.holds('another')).toBe(false);
  expect((await tab.current()).thumbprint).toBe(thumbprint);
});

test('a key of one’s own is kept nowhere, and is known wherever it is', async () => {
  let opened = 0;
  const factory = (): IDBFactory => {
    opened++;
    return createDatabases().factory();
  };
  const pair = await keyPair();
  const keys = new DpopKeys({ keyPair: pair }, 'a client', factory);
  expect((await keys.current()).pair).toBe(pair);
  expect(await keys.holds('another')).toBe(false);
  expect(opened).toBe(0);
  const elsewhere = new DpopKeys({ keyPair: () => pair }, 'a client', undefined);
  expect(await elsewhere.holds((await keys.current()).thumbprint)).toBe(true);
});

test('who may share a session has the same key: what is given, or what the browser keeps', async () => {
  const pair = await keyPair();
  expect(new DpopKeys({ keyPair: pair }, 'x', undefined).isShared).toBe(true);
  expect(tabOf(createDatabases()).isShared).toBe(true);
  expect(new DpopKeys(true, 'x', undefined).isShared).toBe(false);
});

test('a pair that could not be loaded is loaded again the next time', async () => {
  const pair = await keyPair();
  let loads = 0;
  const load = async (): Promise<CryptoKeyPair> => {
    if (++loads === 1) throw new Error('the secret manager is away');
    return pair;
  };
  const keys = new DpopKeys({ keyPair: load }, 'x', undefined);
  await expect(keys.current()).rejects.toThrow('away');
  expect((await keys.current()).pair).toBe(pair);
  await keys.current();
  expect(loads).toBe(2);
});

test('what is no pair of keys is refused at once, and with it what is not known', async () => {
  const { privateKey, publicKey } = await keyPair();
  const wrong = [
    {},
    { keyPair: undefined },
    { keyPair: null },
    { keyPair: { privateKey } },
    { keyPair: { publicKey } },
    { keyPair: { privateKey: {}, publicKey } },
    { keyPair: { privateKey, publicKey }, algorithm: 'ES256' },
    { keyPair: () => ({ privateKey, publicKey }), extractable: true },
  ];
  for (const option of wrong)
    expect(await valetErrorOf(() => new DpopKeys(option as DpopOption, 'x', undefined))).toMatchObject({
      code: 'INVALID_OPTION',
    });
  const loaded = new DpopKeys({ keyPair: () => ({ privateKey }) as CryptoKeyPair }, 'x', undefined);
  expect(await valetErrorOf(() => loaded.current())).toMatchObject({ code: 'INVALID_OPTION' });
});

test.each([
  ['that cannot sign', { name: 'ECDH', namedCurve: 'P-256' }, ['deriveBits']],
  ['of another curve', { name: 'ECDSA', namedCurve: 'P-384' }, ['sign', 'verify']],
  ['of another kind', { name: 'HMAC', hash: 'SHA-256' }, ['sign', 'verify']],
] as const)('keys %s are refused at their first use', async (_, algorithm, usages) => {
  const made = (await crypto.subtle.generateKey(algorithm, true, usages)) as CryptoKeyPair | CryptoKey;
  const pair = 'publicKey' in made ? made : { privateKey: made, publicKey: made };
  const keys = new DpopKeys({ keyPair: pair }, 'x', undefined);
  expect(await valetErrorOf(() => keys.current())).toMatchObject({ code: 'INVALID_OPTION' });
});

test('a private key that may only be used for another purpose is refused', async () => {
  const { privateKey, publicKey } = await keyPair();
  // The halves the wrong way round: a public key does not sign.
  const keys = new DpopKeys({ keyPair: { privateKey: publicKey, publicKey: privateKey } }, 'x', undefined);
  expect(await valetErrorOf(() => keys.current())).toMatchObject({ code: 'INVALID_OPTION' });
});
