import { expect, test } from 'vitest';
import { connect } from '../../src/connection.ts';
import type { Host, SessionDocument, TokenProof } from '../../src/contracts.ts';
import { apiKey } from '../../src/index.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { Vault } from '../../src/token/vault.ts';
import { createManualClock } from '../support/clock.ts';
import { expectNoSecret, valetErrorOf } from '../support/thrown.ts';
import { isSettled } from '../support/token-valet.ts';

const LOGIN: SessionDocument = {
  format: 1,
  version: 1,
  epoch: 1,
  state: 'signed-in',
  refreshToken: 'refresh-0123456789',
  tokens: [],
};

function createHost(): Host {
  const { host } = connect(apiKey('key-0123456789'), { runtime: { clock: createManualClock() } });
  host.redactor.add('refresh_token', 'refresh-0123456789');
  return host;
}

test('tokens whose key cannot be named are not stored, and the error says so without a secret', async () => {
  const store = createMemoryStore();
  const thumbprint = (): never => {
    throw new Error('the keys are gone, and refresh-0123456789 with them');
  };
  const proof: TokenProof = {
    apply() {},
    learn: () => false,
    thumbprint,
    holds: () => false,
    isShared: true,
  };
  const vault = new Vault(createHost(), store, proof);

  const error = await valetErrorOf(() => vault.swap(undefined, LOGIN));

  expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
  expect(error.message).toContain('the keys are gone');
  expectNoSecret(error, 'refresh-0123456789');
  expect(store.read()).toBeUndefined();
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])(
  'a store whose clock says %d is one that fails, and says so',
  async (now) => {
    const vault = new Vault(createHost(), { ...createMemoryStore(), now: () => now });

    const error = await valetErrorOf(() => vault.look());

    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(error.message).toContain('now() answers no number');
  },
);

test('a key that never answers fails a look and a swap in time, by its name', async () => {
  const clock = createManualClock();
  const { host } = connect(apiKey('key-0123456789'), { runtime: { clock } });
  const never = (): Promise<never> => new Promise(() => {});
  const proof: TokenProof = {
    apply() {},
    learn: () => false,
    thumbprint: never,
    holds: never,
    isShared: true,
  };
  const store = createMemoryStore({ clock });
  await store.swap(undefined, { ...LOGIN, jkt: 'the-thumbprint' });
  const vault = new Vault(host, store, proof);

  for (const act of [() => vault.look(), () => vault.swap(undefined, LOGIN)]) {
    const failing = valetErrorOf(act);
    await clock.advance(3000);
    expect(await isSettled(failing)).toBe(true);
    expect(await failing).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect((await failing).message).toContain('DPoP key');
  }
});
