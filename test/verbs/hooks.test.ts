import { inspect } from 'node:util';
import ky from 'ky';
import { expect, test } from 'vitest';
import { type AuthStrategy, accessToken, apiKey, type VerbOptions } from '../../src/index.ts';
import { expectNoSecret, thrownBy, valetErrorOf } from '../support/thrown.ts';
import { AT_ONCE, createVerbClient, VERB_BASE, VERB_KEY } from '../support/verb-client.ts';

type Hooks = NonNullable<VerbOptions['hooks']>;

test('beforeRequest may write on the request and sees none of the credential', async () => {
  const { client, sent } = createVerbClient();
  const seen: string[] = [];
  const hooks: Hooks = {
    beforeRequest: [
      ({ request, options }) => {
        request.headers.set('x-trace', 'abc');
        seen.push(inspect([request, options], { depth: 9, showHidden: true }), request.url);
      },
    ],
  };
  await client.get('x', { hooks });
  expect(sent[0]?.headers.get('x-trace')).toBe('abc');
  expect(sent[0]?.headers.get('x-api-key')).toBe(VERB_KEY);
  expectNoSecret(seen.join('\n'), VERB_KEY);
});

test('beforeRequest may answer itself, and then nothing is sent', async () => {
  const { client, sent } = createVerbClient();
  const hooks: Hooks = { beforeRequest: [() => Response.json({ from: 'the hook' })] };
  expect(await client.get('x', { hooks }).json()).toEqual({ from: 'the hook' });
  expect(sent).toHaveLength(0);
});

test('a request that beforeRequest puts in place goes out with its own body', async () => {
  const { client, sent } = createVerbClient();
  const replace: Hooks = {
    beforeRequest: [
      ({ request: { url } }) =>
        new Request(url, { method: 'POST', body: 'of the hook', headers: { 'x-by': 'hook' } }),
    ],
  };
  await client.post('x', { hooks: replace, body: 'of the call' });
  await client.post('x', { hooks: replace });
  await client.post('x', { hooks: { beforeRequest: [() => {}] }, body: 'of the call' });
  expect(await Promise.all(sent.map((request) => request.text()))).toEqual([
    'of the hook',
    'of the hook',
    'of the call',
  ]);
  expect(sent[0]?.headers.get('x-by')).toBe('hook');
});

test('a request that beforeRequest leads elsewhere is refused there', async () => {
  const { client, sent } = createVerbClient();
  const hooks: Hooks = { beforeRequest: [() => new Request('https://evil.example/x')] };
  const error = await valetErrorOf(() => client.get('x', { hooks }));
  expect(error.code).toBe('ORIGIN_NOT_ALLOWED');
  expect(sent).toHaveLength(0);
});

test.each<[string, AuthStrategy]>([
  ['a header', apiKey(VERB_KEY)],
  ['a query', apiKey(VERB_KEY, { in: 'query' })],
  ['Authorization', accessToken(() => VERB_KEY)],
])('no hook sees a credential in %s', async (_, strategy) => {
  const { client } = createVerbClient(
    (__, count) => {
      if (count === 2)
        throw new TypeError('fetch failed', { cause: new Error(`could not send ${VERB_KEY}`) });
      return new Response('{}', { status: count === 1 ? 503 : 404 });
    },
    {},
    strategy,
  );
  const seen: string[] = [];
  const look = (context: object): void => {
    seen.push(inspect(context, { depth: 12, showHidden: true }));
  };
  const hooks: Hooks = {
    beforeRequest: [look],
    beforeRetry: [look],
    afterResponse: [look],
    beforeError: [
      (context) => {
        look(context);
        return context.error;
      },
    ],
  };
  await valetErrorOf(() => client.get('x', { hooks, retry: AT_ONCE }));
  expect(seen).toHaveLength(6);
  expectNoSecret(seen.join('\n'), VERB_KEY);
});

test('afterResponse may replace the response', async () => {
  const { client } = createVerbClient();
  const hooks: Hooks = {
    afterResponse: [async ({ response }) => Response.json({ was: await response.json() })],
  };
  expect(await client.get('x', { hooks }).json()).toEqual({ was: {} });
});

test('afterResponse may ask for another try', async () => {
  const { client, sent } = createVerbClient((_, count) => Response.json({ ready: count === 2 }));
  const hooks: Hooks = {
    afterResponse: [
      async ({ response }) => {
        const { ready } = (await response.json()) as { ready: boolean };
        return ready ? undefined : ky.retry({ delay: 0 });
      },
    ],
  };
  expect(await client.get('x', { hooks }).json()).toEqual({ ready: true });
  expect(sent).toHaveLength(2);
});

test('beforeRetry may change the next try', async () => {
  const { client, sent } = createVerbClient(
    (_, count) => new Response('{}', { status: count === 1 ? 503 : 200 }),
  );
  const hooks: Hooks = {
    beforeRetry: [({ request, retryCount }) => request.headers.set('x-try', String(retryCount))],
  };
  await client.get('x', { hooks, retry: AT_ONCE });
  expect(sent.map(({ headers }) => headers.get('x-try'))).toEqual([null, '1']);
});

test('beforeError may put another error in place, which is thrown as it is', async () => {
  const { client } = createVerbClient(() => new Response(null, { status: 404 }));
  class NotFound extends Error {}
  const hooks: Hooks = { beforeError: [() => new NotFound('no such order')] };
  expect(await thrownBy(() => client.get('x', { hooks }))).toBeInstanceOf(NotFound);
});

test('what a hook throws is thrown as it is', async () => {
  const { client, sent } = createVerbClient();
  const mine = Object.assign(new Error('mine'), { details: { a: 1 } });
  const hooks: Hooks = {
    beforeRequest: [
      () => {
        throw mine;
      },
    ],
  };
  expect(await thrownBy(() => client.get('x', { hooks }))).toBe(mine);
  expect(await thrownBy(() => client.get(new Request(`${VERB_BASE}/x`), { hooks }))).toBe(mine);
  expect(sent).toHaveLength(0);
});

test('init may change the options', async () => {
  const { client, sent } = createVerbClient();
  const hooks: Hooks = {
    init: [(options) => void Object.assign(options, { searchParams: { from: 'init' } })],
  };
  await client.get('x', { hooks });
  expect(sent[0]?.url).toMatch(/\/x\?from=init$/);
});

test('context travels to the hooks', async () => {
  const { client } = createVerbClient();
  const seen: unknown[] = [];
  const hooks: Hooks = { beforeRequest: [({ options }) => void seen.push(options.context)] };
  await client.get('x', { hooks, context: { tenant: 'a' } });
  expect(seen).toEqual([{ tenant: 'a' }]);
});

test('ky keeps no time of its own: waiting for a credential is not the time of the request', async () => {
  const { client } = createVerbClient();
  const seen: unknown[] = [];
  const hooks: Hooks = { init: [({ timeout }) => void seen.push(timeout)] };
  await client.get('x', { hooks, timeout: 5000 });
  expect(seen).toEqual([false]);
});
