/** What is sent is what the caller said at the call, also where there is a wait for a token, or a second send. */
import { expect, test } from 'vitest';
import { accessToken, createFetch } from '../../src/fetch.ts';
import { createRecordingFetch } from '../support/recording-fetch.ts';

const BASE = 'https://api.example.com';

test('headers and forms that are used again for the next call go out as they were, however long the token takes', async () => {
  const { fetch, sent } = createRecordingFetch();
  const send = createFetch(
    accessToken(async () => 'token-1'),
    { baseUrl: BASE, runtime: { fetch } },
  );
  const headers = new Headers();
  const body = new URLSearchParams();
  const calls = ['a', 'b'].map((tenant) => {
    headers.set('x-tenant', tenant);
    body.set('tenant', tenant);
    return send(tenant, { method: 'POST', headers, body });
  });
  await Promise.all(calls);

  const texts = await Promise.all(sent.map((request) => request.text()));
  expect(sent.map((request) => request.headers.get('x-tenant'))).toEqual(['a', 'b']);
  expect(texts).toEqual(['tenant=a', 'tenant=b']);
});

test('headers that can be read once are there also when a request is sent again', async () => {
  let count = 0;
  const { fetch, sent } = createRecordingFetch(
    () => new Response(null, { status: sent.length === 1 ? 401 : 200 }),
  );
  const send = createFetch(
    accessToken(() => `token-${++count}`),
    { baseUrl: BASE, runtime: { fetch } },
  );
  await send('x', { headers: new Map([['x-tenant', 'a']]).entries() as unknown as [string, string][] });

  expect(sent.map((request) => request.headers.get('x-tenant'))).toEqual(['a', 'a']);
});

test('null is no init, as for the platform', async () => {
  const { fetch, sent } = createRecordingFetch();
  await createFetch('a-key-of-some-length', { baseUrl: BASE, runtime: { fetch } })(
    'x',
    null as unknown as undefined,
  );
  expect(sent).toHaveLength(1);
});
