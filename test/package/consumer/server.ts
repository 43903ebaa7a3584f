/** A server script: compiled with Node's types and without the DOM's. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { Client, type Clock } from 'fetch-valet';
import { createFetch } from 'fetch-valet/fetch';
import { createTabs, createTestClient, expectNoSecrets } from 'fetch-valet/testing';

const api = new Client(process.env.API_KEY, { baseUrl: 'https://api.example.com', logger: console });

export async function backUp(path: string): Promise<Buffer> {
  const open = () => Readable.toWeb(createReadStream(path));
  await api.put('backup', { body: open, headers: { 'content-type': 'application/octet-stream' } });
  await api.put('backup', { body: Buffer.from('small') });
  await api.fetch('backup', { method: 'PUT', body: open(), duplex: 'half' });
  return Buffer.from(await api.get('backup').arrayBuffer());
}

export function standalone(clock: Clock): typeof fetch {
  return createFetch(process.env.API_KEY, { runtime: { clock, fetch } });
}

export function tested(): string {
  const user = { id: 'ada', name: 'Ada' };
  const {
    tabs: [one, two],
    clock,
  } = createTabs(2, ({ store, clock }) => createTestClient({ user, store, clock, responses: { '*': {} } }));
  clock.set(new Date());
  expectNoSecrets(one, two.requests);
  const { snapshot } = one.session;
  return 'user' in snapshot ? snapshot.user.name : '';
}
