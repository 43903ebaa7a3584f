import { expect, test } from 'vitest';
import { accessToken, apiKey, Client } from '../../src/index.ts';
import { createRoom } from './room.ts';

const KEY = 'key-0123456789abcdef';
const quiet = { debug: () => {}, warn: () => {} };

async function assigned<T>(name: string, value: unknown, run: () => Promise<T>): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(window, name);
  Reflect.set(window, name, value);
  try {
    expect(Reflect.get(window, name)).toBe(value);
    return await run();
  } finally {
    Reflect.deleteProperty(window, name);
    if (before !== undefined) Object.defineProperty(window, name, before);
  }
}

test('a script that assigns to the global origin does not choose where the key goes', async () => {
  const room = createRoom();
  const page = window.location.origin;

  // What `origin = event.origin` without a `const` leaves behind in a listener for messages.
  const urls = await assigned('origin', new URL(room.other).origin, async () => {
    const answers = [];
    for (const baseUrl of [undefined, '/', '/api']) {
      using client = new Client(KEY, { baseUrl, logger: quiet });
      answers.push((await client.fetch('package.json')).url);
      await expect(client.fetch(`${room.other}/echo`)).rejects.toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
    }
    return answers;
  });

  expect(urls).toEqual([`${page}/package.json`, `${page}/package.json`, `${page}/api/package.json`]);
  expect(await room.all('other')).toBe('[]');
});

test('an element that is called process does not turn a page into Node', async () => {
  // By their ids and names elements are globals, and members of each other.
  const clobbered = { versions: { node: document.createElement('a') } };

  expect(await assigned('process', clobbered, whatABrowserDoes)).toEqual(['SECRET_IN_BROWSER', 'no-store']);
});

test('nor does one on every prototype', async () => {
  const own = Object.getOwnPropertyDescriptor(window, 'process');
  Reflect.deleteProperty(window, 'process');
  const value = { versions: { node: '24.0.0' } };
  Object.defineProperty(Object.prototype, 'process', { value, configurable: true });
  try {
    expect(Reflect.get(window, 'process')).toBe(value);
    expect(await whatABrowserDoes()).toEqual(['SECRET_IN_BROWSER', 'no-store']);
  } finally {
    Reflect.deleteProperty(Object.prototype, 'process');
    if (own !== undefined) Object.defineProperty(window, 'process', own);
  }
});

/** The two rules that hold in browsers only: no secret keys, and no answers to a user in the cache. */
async function whatABrowserDoes(): Promise<string[]> {
  const found: string[] = [];
  try {
    new Client(apiKey(KEY, { secret: true }), { logger: quiet });
  } catch (error) {
    found.push((error as { code: string }).code);
  }
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    found.push(new Request(input, init).cache);
    return new Response();
  };
  const token = accessToken(() => 'token-0123456789');
  await new Client(token, { logger: quiet, runtime: { fetch } }).fetch('x');
  return found;
}
