import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../../src/clock.ts';
import type { TokenStore } from '../../../src/contracts.ts';
import { createProcessOwner } from '../../../src/stores/process-owner.ts';
import { isVersionOf, parseStored } from '../../../src/stores/stored-text.ts';

/** A store in a database of SQLite, for programs of one machine. */
export function createSqliteStore(path: string): TokenStore {
  const database = new DatabaseSync(path, { timeout: 5000 });
  database.exec('CREATE TABLE IF NOT EXISTS session (id INTEGER PRIMARY KEY, document TEXT)');
  const select = database.prepare('SELECT document FROM session WHERE id = 1');
  const replace = database.prepare('REPLACE INTO session VALUES (1, ?)');
  // What is damaged or somebody else's is handed on as it is: it is no version of anything.
  const read = (): unknown => {
    const { document } = select.get() ?? {};
    return parseStored(typeof document === 'string' ? document : undefined);
  };
  return {
    read,
    swap(expected, next) {
      // As one step. After a plain BEGIN two may both look, and the second one fails as it stores.
      database.exec('BEGIN IMMEDIATE');
      try {
        const fits = isVersionOf(read(), expected);
        if (fits) replace.run(JSON.stringify(next));
        return fits;
      } finally {
        database.exec('COMMIT');
      }
    },
    now: () => systemClock.now(),
    // `owner` and `ownerGone()`: whoever died with a claim need not be waited for.
    ...createProcessOwner(),
  };
}
