/** The examples of CONTRIBUTING.md: the suites take them, so whoever copies one begins with all tests green. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import type { AuthStrategy } from '../../src/contracts.ts';
import { describeAuthStrategy } from './auth-strategy.ts';
import { basic } from './examples/basic.ts';
import { saml2Bearer } from './examples/saml2-bearer.ts';
import { createSqliteStore } from './examples/sqlite.ts';
import { describeGrant } from './grant.ts';
import { describeForeignContent, describeTokenStore, type StorePlace } from './token-store.ts';
import { describeTokenStoreProcesses } from './token-store-processes.ts';

// #region strategy
const password = 'password-0123456789';

describeAuthStrategy('basic', () => ({
  strategy: basic('ada', password),
  secrets: [btoa(`ada:${password}`), password],
}));
// #endregion

describeAuthStrategy('a signature', () => ({
  strategy: signature('key-1', 'secret-0123456789'),
  secrets: ['secret-0123456789'],
  proof: /^Signature [\da-f]{64}$/,
}));

// #region store
describeTokenStore('SQLite', () => placeAt(newPath()), { tells: false, proves: true });
describeForeignContent('SQLite', () => placeAt(newPath()));
describeTokenStoreProcesses('SQLite', () => {
  const [path, module] = [newPath(), new URL('examples/sqlite.ts', import.meta.url).href];
  return { store: createSqliteStore(path), program: { module, name: 'createSqliteStore', args: [path] } };
});
// #endregion

// #region grant
describeGrant('SAML 2', (options) => saml2Bearer({ ...options, assertion: () => 'assertion-0123456789' }), {
  starts: true,
  redeems: true,
  secrets: ['assertion-0123456789'],
});
// #endregion

/** Signs method and URL: the secret itself is not sent. */
function signature(keyId: string, secret: string): AuthStrategy<string> {
  const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
  return {
    name: 'signature',
    placement: 'authorization',
    writes: 'header authorization',
    connect: ({ redactor }) => redactor.add('key', secret),
    credential: () => secret,
    async apply({ method, url, headers }, credential) {
      const hmac = { name: 'HMAC', hash: 'SHA-256' };
      const key = await crypto.subtle.importKey('raw', bytes(credential), hmac, false, ['sign']);
      const signed = await crypto.subtle.sign('HMAC', key, bytes(`${method} ${url.href}`));
      headers.set('authorization', `Signature ${Buffer.from(signed).toString('hex')}`);
    },
    describe: () => keyId,
    explain: () => 'A signature was sent as header authorization. Is the key right?',
  };
}

/** Where a database is not yet. It is removed after the test. */
function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fetch-valet-sqlite-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'session.db');
}

function placeAt(path: string): StorePlace {
  const sql = (text: string, ...values: string[]) => {
    const database = new DatabaseSync(path);
    try {
      return database.prepare(text).get(...values);
    } finally {
      database.close();
    }
  };
  return {
    open: () => createSqliteStore(path),
    content: {
      put(text) {
        createSqliteStore(path);
        sql('REPLACE INTO session VALUES (1, ?)', text);
      },
      get: () => String(sql('SELECT document FROM session')?.document),
    },
  };
}
