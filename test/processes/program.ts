/** A program that shares a session: it asks the API all the time, and tells how it went. */
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { accessToken, Client, ValetError } from '../../src/index.ts';
import { openStore, type Place } from './place.ts';
import { refreshAt } from './refresh.ts';

const [origin = '', place = '{}'] = process.argv.slice(2);
const { store } = await openStore(JSON.parse(place) as Place);
const client = new Client(accessToken(refreshAt(origin), { store }), { baseUrl: origin });
const headers = { 'x-pid': String(process.pid) };

process.on('disconnect', () => process.exit());
process.on('message', (message) => {
  if (message === 'sign out') void client.signOut().then(() => tell('signed out'));
});

for (;;) {
  try {
    const begun = String(Date.now());
    const { status } = await client.fetch('/api', { headers: { ...headers, 'x-begun': begun } });
    tell(String(status));
  } catch (error) {
    const isTemporary = ValetError.is(error) && error.retryable;
    tell(isTemporary ? 'temporary' : ValetError.is(error) ? error.code : String(error));
  }
  await pause(50 + 100 * Math.random());
}

function tell(what: string): void {
  if (process.connected) process.send?.(what);
}
