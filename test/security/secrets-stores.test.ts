import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { SharedStore } from '../../src/contracts.ts';
import { accessToken, Client } from '../../src/index.ts';
import { memoryStore, webStorage } from '../../src/stores.ts';
import { fileStore } from '../../src/stores-node.ts';
import { createJwt } from '../support/jwt.ts';
import { quiet } from '../support/quiet.ts';

const TOKENS = {
  access_token: createJwt({ sub: 'ada', secret: 'in-the-token' }),
  refresh_token: 'refresh-token-s3cr3t-01',
  id_token: createJwt({ sub: 'ada', name: 'Ada' }),
};

/** A `Storage` that holds texts where nobody sees them. */
function createStorage(): Storage {
  const texts = new Map<string, string>();
  return {
    getItem: (key: string) => texts.get(key) ?? null,
    setItem: (key: string, text: string) => void texts.set(key, text),
    removeItem: (key: string) => void texts.delete(key),
  } as unknown as Storage;
}

async function createFile(): Promise<SharedStore> {
  const folder = await mkdtemp(join(tmpdir(), 'fetch-valet-secrets-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return fileStore(join(folder, 'session.json'));
}

test.each<[string, () => SharedStore | Promise<SharedStore>]>([
  ['memory', () => memoryStore()],
  ['web storage', () => webStorage({ storage: createStorage() })],
  ['a file', createFile],
])('a store in %s shows no token when it is printed (rule S4)', async (_, make) => {
  const store = await make();
  using client = new Client(
    accessToken(() => null, { store }),
    { baseUrl: 'https://api.test', logger: quiet },
  );
  await client.session.signIn(TOKENS);
  expect(JSON.stringify(await store.store.read())).toContain(TOKENS.refresh_token);
  for (const printed of [store, store.store, client, client.session]) {
    const options = { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true };
    const said = inspect(printed, options) + JSON.stringify(printed);
    for (const secret of Object.values(TOKENS)) expect(said).not.toContain(secret);
  }
});
