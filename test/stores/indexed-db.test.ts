import { expect, test } from 'vitest';
import { createIndexedDb, type DatabasePlatform } from '../../src/stores/indexed-db.ts';
import { indexedDb, sharedStore } from '../../src/stores.ts';
import { createManualClock } from '../support/clock.ts';
import { createRotatingIssuer } from '../support/rotating-issuer.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { createTokenValet } from '../support/token-valet.ts';

const NEVER = { open: () => ({}) } as unknown as IDBFactory;
const platforms: Record<string, DatabasePlatform | undefined> = {
  'that never answers': { factory: () => NEVER, locks: undefined, openChannel: undefined },
  'that throws when it is touched': {
    factory: () => {
      throw new DOMException('denied', 'SecurityError');
    },
    locks: navigator.locks,
    openChannel: undefined,
  },
  'that is not there': undefined,
};

test.each(Object.keys(platforms))('a database %s gives way to memory, with one warning', async (what) => {
  const clock = createManualClock();
  const issuer = createRotatingIssuer();
  const store = sharedStore(createIndexedDb({}, platforms[what]));
  const { client, request } = createTokenValet(issuer.provider, { clock, store });
  const codes: string[] = [];
  client.on('warning', ({ code }) => codes.push(code));
  const first = request();
  await clock.advance(3000);
  expect(await first).toBe('SIGNED_OUT');
  await client.session.signIn(issuer.login('ada'));
  expect(await request()).toBe(200);
  await clock.advance(61_000);
  expect(await request()).toBe(200);
  expect(issuer.redeemed).toBe(1);
  expect(codes.filter((code) => code.startsWith('STORE'))).toEqual(['STORE_UNAVAILABLE']);
});

test('where there is no database, nobody listens for its changes', () => {
  expect(createIndexedDb().subscribe).toBeUndefined();
});

test('options that are none are refused', async () => {
  const error = await valetErrorOf(() => indexedDb({ nmae: 'x' } as object));
  expect(error.code).toBe('INVALID_OPTION');
  expect(error.message).toContain('nmae');
});
