import { expect, test } from 'vitest';
import { type ApiKeyOptions, apiKey } from '../../src/index.ts';
import { createFakeFetch, ok } from '../support/fake-fetch.ts';
import { createFetchOn } from '../support/platform-pipeline.ts';

const URL_ = 'https://api.test/x';

/** What a request may say besides its URL, method, headers and body, none of it as the platform assumes it. */
const FIELDS = {
  cache: 'reload',
  credentials: 'include',
  integrity: 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
  keepalive: true,
  mode: 'same-origin',
  redirect: 'manual',
  referrer: '',
  referrerPolicy: 'origin',
} satisfies RequestInit;
const OTHERS = {
  cache: 'no-cache',
  credentials: 'omit',
  integrity: '',
  keepalive: false,
  mode: 'cors',
  redirect: 'error',
  referrer: 'about:client',
  referrerPolicy: 'no-referrer',
} satisfies RequestInit;
const NAMES = Object.keys(FIELDS) as (keyof typeof FIELDS)[];

/** As it is to the URL that was asked for; built anew to one that holds the key. */
const PLACES: readonly (readonly [string, ApiKeyOptions])[] = [
  ['sent as it is', {}],
  ['built anew', { in: 'query' }],
];
const CASES = PLACES.flatMap(([how, place]) => NAMES.map((name) => ({ how, place, name })));

/** What `fetch` gets to see of a request. */
async function seen(place: ApiKeyOptions, input: string | Request, init?: RequestInit): Promise<Request> {
  const fetch = createFakeFetch(ok);
  await createFetchOn('server', apiKey('key-0123456789', place), fetch)(input, init);
  const [call] = fetch.calls;
  if (call === undefined) throw new Error('nothing was sent');
  return call.request;
}

test.each(CASES)('the $name of a Request arrives where it is $how', async ({ place, name }) => {
  const request = new Request(URL_, { [name]: FIELDS[name] });
  expect((await seen(place, request))[name]).toBe(request[name]);
  expect((await seen(place, request, { [name]: undefined }))[name]).toBe(request[name]);
});

test.each(CASES)('what init says of $name goes before a Request $how', async ({ place, name }) => {
  const request = new Request(URL_, { [name]: FIELDS[name] });
  expect((await seen(place, request, { [name]: OTHERS[name] }))[name]).toBe(OTHERS[name]);
});

test.each(CASES)('the $name of an init arrives, with a key that is $how', async ({ place, name }) => {
  expect((await seen(place, URL_, { [name]: FIELDS[name] }))[name]).toBe(
    new Request(URL_, { [name]: FIELDS[name] })[name],
  );
});

test.each(PLACES)(
  'method, headers and signal of a Request %s arrive, and those of init go before',
  async (_, place) => {
    const { signal } = new AbortController();
    const request = new Request(URL_, { method: 'DELETE', headers: { 'x-by': 'request' }, signal });
    const sent = await seen(place, request);
    expect([sent.method, sent.headers.get('x-by')]).toEqual(['DELETE', 'request']);
    const other = await seen(place, request, { method: 'PUT', headers: { 'x-by': 'init' } });
    expect([other.method, other.headers.get('x-by')]).toEqual(['PUT', 'init']);
  },
);

test('a Request whose body is replaced is built anew, with what else it says', async () => {
  const request = new Request(URL_, { method: 'POST', body: 'of the request', cache: 'reload' });
  const sent = await seen({}, request, { body: 'of init' });
  expect([await sent.text(), sent.method, sent.cache]).toEqual(['of init', 'POST', 'reload']);
});
