import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Client, type VerbOptions } from '../../src/index.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { AT_ONCE, createVerbClient, VERB_BASE, VERB_KEY } from '../support/verb-client.ts';

/** Anything that ky has to do before a send: it then makes the request. */
const THROUGH_KY: VerbOptions = { hooks: {} };

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
type Read = 'json' | 'text' | 'response';

interface Case {
  readonly method: (typeof METHODS)[number];
  readonly options: VerbOptions;
  readonly ofClient: Record<string, string | undefined>;
  /** A status for each send; 0: no answer. The last one stays. */
  readonly answers: readonly number[];
  readonly read: Read;
}

const headers = fc.dictionary(
  fc.constantFrom('accept', 'content-type', 'x-one', 'X-One', 'x-two'),
  fc.constantFrom('a', 'text/plain', 'undefined', undefined),
  { maxKeys: 3 },
);
const cases: fc.Arbitrary<Case> = fc
  .record({
    method: fc.constantFrom(...METHODS),
    content: fc.constantFrom<VerbOptions>(
      {},
      { json: { id: 1 } },
      { json: null },
      { body: 'text' },
      { body: '' },
    ),
    headers: fc.option(headers, { nil: undefined }),
    throwHttpErrors: fc.constantFrom(undefined, true, false),
    limit: fc.constantFrom(undefined, 0, 1, 3),
    ofClient: headers,
    answers: fc.array(fc.constantFrom(200, 204, 301, 400, 401, 404, 429, 500, 503, 0), {
      minLength: 1,
      maxLength: 4,
    }),
    read: fc.constantFrom<Read>('json', 'text', 'response'),
  })
  .map(({ content, headers, throwHttpErrors, limit, ...rest }) => ({
    ...rest,
    options: {
      ...(rest.method === 'get' ? {} : content),
      ...(headers && { headers }),
      ...(throwHttpErrors !== undefined && { throwHttpErrors }),
      retry: limit === undefined ? AT_ONCE : { ...AT_ONCE, limit },
    },
  }));

/** What was sent, and what came of it. */
async function outcomeOf({ method, ofClient, answers, read }: Case, options: VerbOptions): Promise<unknown> {
  const sent: unknown[] = [];
  const fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    sent.push([request.method, request.url, [...request.headers], await request.text()]);
    const status = answers[Math.min(sent.length, answers.length) - 1] ?? 200;
    if (status === 0) throw new TypeError('fetch failed');
    return status === 204 ? new Response(null, { status }) : Response.json({ said: status }, { status });
  };
  const given = { baseUrl: VERB_BASE, headers: ofClient as Record<string, string>, runtime: { fetch } };
  const answer = new Client(VERB_KEY, given)[method]('x', options);
  const taken = read === 'response' ? answer.then((response) => response.text()) : answer[read]();
  const result = await taken.then(
    (value: unknown) => ({ value }),
    (error: Error) => ({
      ...(error as object),
      message: error.message,
      name: error.name,
      data: String(error.cause),
    }),
  );
  return { sent, result };
}

test('a call that ky sees only when something is wrong sends and gives what ky would', async () => {
  let retried = 0;
  let failed = 0;
  await fc.assert(
    fc.asyncProperty(cases, async (one) => {
      const direct = await outcomeOf(one, one.options);
      expect(direct).toEqual(await outcomeOf(one, { ...one.options, ...THROUGH_KY }));
      if ((direct as { sent: unknown[] }).sent.length > 1) retried++;
      if ('code' in (direct as { result: object }).result) failed++;
    }),
    { numRuns: 400 },
  );
  expect(retried).toBeGreaterThan(20);
  expect(failed).toBeGreaterThan(20);
});

test('a body that is made once is sent with each try', async () => {
  const { client, sent } = createVerbClient(
    (_, count) => new Response('{}', { status: count < 3 ? 503 : 200 }),
  );
  const order = { id: 1 };
  let made = 0;
  const stringifyJson = (value: unknown): string => {
    made++;
    return JSON.stringify(value);
  };
  const answer = client.put('x', { json: order, stringifyJson, retry: AT_ONCE });
  order.id = 2;
  await answer;
  expect(made).toBe(1);
  expect(await Promise.all(sent.map((request) => request.text()))).toEqual(Array(3).fill('{"id":1}'));
});

test('a fetch that throws at once is tried again as one that rejects is', async () => {
  let asked = 0;
  const fetch = (): Promise<Response> => {
    if (asked++ === 0) throw new TypeError('fetch failed');
    return Promise.resolve(Response.json({ id: 1 }));
  };
  const client = new Client(VERB_KEY, { baseUrl: VERB_BASE, runtime: { fetch } });
  expect(await client.get('x', { retry: AT_ONCE }).json()).toEqual({ id: 1 });
  expect(asked).toBe(2);
});

test('what only looks like a Request is sent nowhere', async () => {
  const { client, sent } = createVerbClient();
  const lookalike = { method: 'POST', url: `${VERB_BASE}/orders/7` };
  await expect(client.delete(lookalike as Request)).rejects.toThrow(TypeError);
  expect(sent).toHaveLength(0);
});

test('how often to try again is what was said when the verb was called', async () => {
  const { client, sent } = createVerbClient(() => new Response('{}', { status: 503 }));
  const retry = { ...AT_ONCE, limit: 0 };
  const answer = client.get('x', { retry });
  retry.limit = 3;
  await expect(answer).rejects.toMatchObject({ status: 503 });
  expect(sent).toHaveLength(1);
});

test('a shortcut that is taken a turn after the call says what it accepts', async () => {
  const { client, sent } = createVerbClient();
  const answer = client.get('x');
  await Promise.resolve();
  await answer.json();
  expect(sent[0]?.headers.get('accept')).toBe('application/json');
});

test('what cannot become JSON, or is no header, is refused before anything is sent', async () => {
  const { client, sent } = createVerbClient();
  await expect(client.post('x', { json: 1n }).json()).rejects.toThrow(TypeError);
  await expect(client.get('x', { headers: { 'no header': 'x' } }).json()).rejects.toThrow(TypeError);
  expect(sent).toHaveLength(0);
});

test('an abort is the error of the call, and nothing is tried again', async () => {
  const controller = new AbortController();
  const { client, sent } = createVerbClient(() => {
    controller.abort(new Error('enough'));
    throw controller.signal.reason;
  });
  await expect(client.get('x', { signal: controller.signal, retry: AT_ONCE })).rejects.toThrow('enough');
  expect(sent).toHaveLength(1);
});

test('a wrong number of retries is told before anything is sent', async () => {
  const { client, sent } = createVerbClient();
  const retries = [-1, 1.5, Number.NaN, { limit: -1 }, { statusCodes: 503 }, { methods: [1] }];
  for (const retry of retries as NonNullable<VerbOptions['retry']>[])
    expect((await valetErrorOf(() => client.get('x', { retry }))).code).toBe('INVALID_OPTION');
  expect(sent).toHaveLength(0);
});
