/** A program that counts up in a store as others do at the same time, says who it is, and stays until it is killed. */
import process from 'node:process';
import type { Awaitable, TokenStore } from '../../src/contracts.ts';
import { following, readDocument } from '../../src/token/document.ts';

const [module = '', name = '', args = '[]', times = '0'] = process.argv.slice(2);
const { [name]: open } = (await import(module)) as Record<
  string,
  (...args: unknown[]) => Awaitable<TokenStore>
>;
if (open === undefined) throw new Error(`${module} exports no ${name}`);
const store = await open(...(JSON.parse(args) as unknown[]));

process.on('disconnect', () => process.exit());
process.on('message', () => void count());
process.send?.({ owner: store.owner });

async function count(): Promise<void> {
  for (let done = 0, failed = 0; done < Number(times); ) {
    try {
      const document = readDocument(await store.read());
      const next = following(document, { epoch: (document?.epoch ?? 0) + 1 }, 0);
      if (await store.swap(document, next)) done++;
    } catch (error) {
      // A bad moment, such as a lock that was long in coming: nothing was stored.
      if (++failed > 100) throw error;
    }
  }
  process.send?.('done');
}
