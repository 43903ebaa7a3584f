import { expect, test } from 'vitest';
import { accessToken, apiKey, Client, combine, SessionError, type TokenSource } from '../../src/index.ts';
import { createManualClock } from '../support/clock.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { createVerbClient, VERB_KEY } from '../support/verb-client.ts';

// Attacks that once worked, each with the smallest program that showed it.
const API = 'https://api.test';
const ok = async (): Promise<Response> => new Response('{}');
const answering =
  (body: string): (() => Promise<Response>) =>
  async () =>
    new Response(body);

test('a body made of beginnings of tokens is searched in one pass', async () => {
  // Quadratic, this took minutes and let no timeout fire; the test would end by its time limit.
  const client = new Client('key-0123456789', {
    baseUrl: API,
    runtime: { fetch: answering('eyJ-'.repeat(250_000)) },
  });
  await expect(client.get('x').json()).rejects.toMatchObject({ code: 'NOT_JSON' });
});

test('a token of backslashes and quotes is searched for in one pass', async () => {
  const token = `${'\\"'.repeat(24)}X`;
  const body = `${`${'\\'.repeat(8)}"`.repeat(24)}Y`;
  const client = new Client(() => token, { baseUrl: API, runtime: { fetch: answering(body) } });
  await expect(client.get('x').json()).rejects.toMatchObject({ code: 'NOT_JSON' });
});

test('a strategy that throws leaves no rejection of another one behind', async () => {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', listen);
  const failing = accessToken(() => Promise.reject(new ReferenceError('no such thing')));
  const strategy = combine([failing, apiKey(() => '')]);
  await expect(new Client(strategy, { baseUrl: API }).fetch('x')).rejects.toMatchObject({
    code: 'MISSING_API_KEY',
  });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', listen);
  expect(unhandled).toEqual([]);
});

test('a source that tells of a change whenever it is asked is asked four times, not for ever', async () => {
  let changed = (): void => {};
  let calls = 0;
  const source: TokenSource = {
    getToken() {
      changed();
      return { token: `token-number-${++calls}`, expiresIn: 60 };
    },
    subscribe(listener) {
      changed = listener;
      return () => {};
    },
  };
  const client = new Client(source, { baseUrl: API, runtime: { fetch: ok, clock: createManualClock() } });
  expect((await client.fetch('x')).status).toBe(200);
  expect(calls).toBe(4);
});

test('a change in the middle of a refresh does not send the spent refresh token again', async () => {
  const sent: (string | undefined)[] = [];
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  let changed = (): void => {};
  const source: TokenSource = {
    async getToken({ refreshToken }) {
      sent.push(refreshToken);
      begun.resolve();
      await finish.promise;
      return {
        access_token: `bought-with-${refreshToken}`,
        refresh_token: `after-${refreshToken}`,
        expires_in: 60,
      };
    },
    subscribe(listener) {
      changed = listener;
      return () => {};
    },
  };
  const strategy = accessToken(source, { initial: { refresh_token: 'first' } });
  const client = new Client(strategy, { baseUrl: API, runtime: { fetch: ok } });
  const answer = client.fetch('x');
  await begun.promise;
  changed();
  finish.resolve();
  expect((await answer).status).toBe(200);
  expect(sent).toEqual(['first', 'after-first']);
});

test('a token that ends before it can be sent is no reason to ask for ever', async () => {
  let calls = 0;
  const client = new Client(() => ({ token: `token-number-${++calls}`, expiresIn: 1e-9 }), {
    baseUrl: API,
    runtime: { fetch: ok },
  });
  await expect(client.fetch('x')).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  expect(calls).toBe(2);
});

test.each([
  ['to come back to', (url: string) => `https://stranger.test/login?return_to=${encodeURIComponent(url)}`],
  ['in the path', () => 'https://stranger.test/p/key-0123456789'],
  ['at home, to come back to', (url: string) => `${API}/login?next=${encodeURIComponent(url)}`],
])('a Location that repeats a query key, %s, is not followed', async (_, locate) => {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (input) => {
    const { url } = new Request(input);
    asked.push(url);
    return new Response(null, { status: 302, headers: { location: locate(url) } });
  };
  const client = new Client(apiKey('key-0123456789', { in: 'query', name: 'appid' }), {
    baseUrl: API,
    runtime: { fetch },
  });
  const error: unknown = await client.fetch('x').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'REDIRECT_REFUSED' });
  expect((error as Error).message).not.toContain('0123456789');
  expect(asked).toHaveLength(1);
});

test('a key function that serves two clients has its keys masked in both', async () => {
  const strategy = apiKey(() => 'key-0123456789');
  const fetch = async (): Promise<Response> =>
    Response.json(
      { detail: 'bad key key-0123456789' },
      { status: 401, headers: { 'content-type': 'application/problem+json' } },
    );
  const clients = [1, 2].map(() => new Client(strategy, { baseUrl: API, runtime: { fetch } }));
  for (const client of clients) {
    const error: unknown = await client
      .get('x')
      .json()
      .catch((thrown: unknown) => thrown);
    expect((error as Error).message).toContain('bad key [redacted]');
  }
});

test('a switch of users in the client that a provider calls with ends no session', async () => {
  const source = accessToken(
    () => {
      throw new SessionError('SESSION_CHANGED');
    },
    { initial: { access_token: 'a-good-token', expires_in: 60 }, deadline: 0 },
  );
  const client = new Client(source, { baseUrl: API, runtime: { fetch: ok } });
  await expect(client.session.refresh()).rejects.toMatchObject({ retryable: true });
  expect(client.session.snapshot.status).toBe('signed-in');
});

test('control characters of a server forge no line of a log', async () => {
  const lines: string[] = [];
  const logger = { debug: (line: string) => void lines.push(line), warn: () => {} };
  const client = new Client(() => Response.json({ error: 'bad\u001b[2J\nforged' }, { status: 400 }), {
    baseUrl: API,
    logger,
    debug: true,
    runtime: { fetch: ok },
  });
  const error: unknown = await client.fetch('x').catch((thrown: unknown) => thrown);
  expect((error as Error).message).not.toMatch(/\p{Cc}/u);
  expect(lines.join('')).not.toMatch(/\p{Cc}/u);
});

interface Quoting {
  readonly answer: (text: string) => Response;
  readonly schema?: (text: string) => object;
}

/** Failures that quote a text of somebody else, which is cut where it is long. */
const QUOTING: Readonly<Record<string, Quoting>> = {
  'a challenge': {
    answer: (text) => {
      const headers = { 'www-authenticate': `Bearer error_description="${text}"` };
      return new Response('', { status: 401, headers });
    },
  },
  'a problem': {
    answer: (detail) => {
      const headers = { 'content-type': 'application/problem+json' };
      return Response.json({ detail }, { status: 400, headers });
    },
  },
  'a network failure': {
    answer: (text) => {
      throw new TypeError('fetch failed', { cause: new Error(text) });
    },
  },
  'a page in place of JSON': { answer: (text) => new Response(text) },
  'a schema': {
    answer: () => new Response('{}'),
    schema: (message) => ({ '~standard': { validate: () => ({ issues: [{ message }] }) } }),
  },
};

test.each(Object.entries(QUOTING))(
  'where %s is quoted and cut, no half of a secret is left',
  async (_, quoting) => {
    for (let before = 0; before < 170; before++) {
      const text = `${'x'.repeat(before)} ${VERB_KEY} ${'y'.repeat(170)}`;
      const { client } = createVerbClient(() => quoting.answer(text), { retry: 0 });
      const error = await valetErrorOf(() => client.get('x').json(quoting.schema?.(text) as never));
      expect(error.message).not.toContain(VERB_KEY.slice(0, 6));
    }
  },
);
