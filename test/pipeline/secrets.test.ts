import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { apiKey, bearer, Client, combine, HttpError } from '../../src/index.ts';
import { createManualClock } from '../support/clock.ts';
import { quiet } from '../support/quiet.ts';
import { sendJson, startServer } from '../support/server.ts';

const KEY = 'kF9-secret+value/0123456789';
const FORMS = [KEY, encodeURIComponent(KEY), Buffer.from(KEY).toString('base64').slice(0, -4)];

const STRATEGIES = [
  ['a key in a header', () => apiKey(KEY)],
  ['a key with a scheme', () => apiKey(KEY, { name: 'x-auth', scheme: 'Token' })],
  ['a key in the query', () => apiKey(KEY, { in: 'query' })],
  ['a bearer key', () => bearer(KEY)],
  ['several credentials', () => combine([bearer(KEY), apiKey(KEY), apiKey(KEY, { in: 'query' })])],
  ['a token', () => () => KEY],
] as const;

/** All that can be seen of a value: of a `Request` and a `Response` their parts, too. */
function seen(value: unknown): string {
  const parts: unknown[] = [];
  if (value instanceof Request || value instanceof Response) {
    parts.push(value.url, [...value.headers], value.bodyUsed || value.clone().url);
    const inherited = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(value) as object, 'url');
    parts.push(inherited?.get?.call(value));
  }
  if (value instanceof Error) parts.push(value.message, value.stack, value.cause);
  if (value !== null && typeof value === 'object') {
    for (const each of Object.values(value)) {
      if (each instanceof Request || each instanceof Response || each instanceof Error)
        parts.push(seen(each));
    }
  }
  const shown = inspect(value, { depth: 12, showHidden: true, maxStringLength: Number.POSITIVE_INFINITY });
  return [shown, JSON.stringify(value), ...parts.map((part) => String(part))].join('\n');
}

function expectNoKey(value: unknown): void {
  const text = seen(value);
  for (const form of FORMS) expect(text).not.toContain(form);
}

test.each(STRATEGIES)('no hook of a verb sees %s', async (_, strategy) => {
  await using api = await startServer((_, response) =>
    sendJson(response, {}, api.received.length < 3 ? 503 : 404),
  );
  using client = new Client(strategy(), { baseUrl: api.origin, retry: { limit: 2, delay: () => 0 } });
  const called: string[] = [];
  const note =
    (name: string) =>
    (state: unknown): void => {
      called.push(name);
      expectNoKey(state);
    };

  const answer = client.post('orders?q=1', {
    json: { a: 1 },
    retry: { limit: 2, delay: () => 0, methods: ['post'] },
    hooks: {
      init: [note('init')],
      beforeRequest: [note('beforeRequest')],
      beforeRetry: [note('beforeRetry')],
      afterResponse: [note('afterResponse')],
      beforeError: [
        (state) => {
          note('beforeError')(state);
          return state.error;
        },
      ],
    },
  });

  await expect(answer).rejects.toMatchObject({ status: 404 });
  expect(new Set(called)).toEqual(
    new Set(['init', 'beforeRequest', 'beforeRetry', 'afterResponse', 'beforeError']),
  );
  for (const request of api.received) {
    expect(FORMS.some((form) => JSON.stringify(request).includes(form))).toBe(true);
  }
});

test.each(STRATEGIES)('nothing of an HttpError shows %s', async (_, strategy) => {
  await using api = await startServer((_, response) => sendJson(response, { no: 1 }, 403));
  using client = new Client(strategy(), { baseUrl: api.origin });

  const error: unknown = await client.get('orders?q=1').catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(HttpError);
  const { response, request } = error as HttpError;
  for (const part of [error, response, request, (error as HttpError).headers]) expectNoKey(part);
  expect(request).toMatchObject({ method: 'GET', url: `${api.origin}/orders?…` });
  expect(response.url).toBe(`${api.origin}/orders?q=1`);
});

test.each(STRATEGIES)('no event and no debug line shows %s', async (_, strategy) => {
  const lines: string[] = [];
  await using api = await startServer((_, response) => void response.writeHead(401).end());
  await using down = await startServer();
  await down.close();
  const logger = {
    debug: (line: string) => void lines.push(line),
    warn: (line: string) => void lines.push(line),
  };
  for (const debug of [true, 'curl'] as const) {
    using client = new Client(strategy(), {
      baseUrl: api.origin,
      allowedOrigins: [down.origin],
      debug,
      logger,
      runtime: { clock: createManualClock() },
    });
    const events = [
      'request',
      'response',
      'requestfailed',
      'replay',
      'refresh',
      'refreshed',
      'warning',
    ] as const;
    for (const name of events) client.on(name, (event) => void lines.push(seen(event)));
    await client.fetch('/x?q=1');
    await client.fetch(`${down.origin}/x?q=1`).catch((error: unknown) => lines.push(seen(error)));
    await client.get(`${down.origin}/x`, { retry: 0 }).catch((error: unknown) => lines.push(seen(error)));
    await client.fetch('https://evil.test/').catch((error: unknown) => lines.push(seen(error)));
  }

  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines) expectNoKey(line);
});

test('a platform that puts the URL into its error does not give the key away', async () => {
  const fetch = async (input: string | URL | Request): Promise<Response> => {
    const url = new Request(input).url;
    throw Object.assign(new TypeError('fetch failed', { cause: new Error(`at ${url}`) }), {
      address: url,
    });
  };
  using client = new Client(apiKey(KEY, { in: 'query' }), {
    baseUrl: 'https://api.test',
    logger: quiet,
    runtime: { fetch },
  });
  const hooked: unknown[] = [];

  const native: unknown = await client.fetch('/x?q=1').catch((thrown: unknown) => thrown);
  const ours: unknown = await client
    .get('x', {
      retry: 0,
      hooks: {
        beforeError: [
          ({ error }) => {
            hooked.push(error);
            return error;
          },
        ],
      },
    })
    .catch((thrown: unknown) => thrown);

  expect(native).toBeInstanceOf(TypeError);
  expect(String((native as Error).cause)).toContain('at https://api.test/x?q=1');
  expect(ours).toMatchObject({ code: 'NETWORK' });
  expect(hooked).toHaveLength(1);
  for (const error of [native, ours, ...hooked]) expectNoKey(error);
});

test('a Request that the caller holds is not written on', async () => {
  await using api = await startServer();
  for (const [, strategy] of STRATEGIES) {
    using client = new Client(strategy(), { baseUrl: api.origin });
    const request = new Request(`${api.origin}/x`, { method: 'POST', body: 'text' });
    const copy = request.clone();

    await client.fetch(request);
    await client.post(copy);

    expectNoKey(request);
    expectNoKey(copy);
  }
});
