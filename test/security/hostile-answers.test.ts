import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChallenges } from '../../src/challenge.ts';
import { apiKey, Client, type Credential, HttpError, ValetError } from '../../src/index.ts';
import { createManualClock } from '../support/clock.ts';
import { deepJson, headerText, retryAfterText } from '../support/hostile-text.ts';
import { quiet } from '../support/quiet.ts';
import { sendJson, startServer } from '../support/server.ts';
import { expectUnpolluted, POLLUTING } from '../support/unpolluted.ts';

const KEY = 'a-fine-api-key-of-mine';
const BASE = 'https://api.example';
const RUNS = { numRuns: 10_000 };

/** A client whose server answers what a test says next. */
function createHostile(credential: Credential = apiKey(KEY)): {
  client: Client;
  sent: Request[];
  answer: (make: () => Response) => void;
} {
  let next = (): Response => new Response();
  const sent: Request[] = [];
  const client = new Client(credential, {
    baseUrl: BASE,
    logger: quiet,
    retry: 0,
    runtime: {
      clock: createManualClock(),
      fetch: async (input, init) => {
        sent.push(new Request(input, init));
        return next();
      },
    },
  });
  return { client, sent, answer: (make) => (next = make) };
}

const challengeText = headerText([
  'Bearer',
  'DPoP',
  'Basic',
  'Negotiate',
  ' ',
  ',',
  '=',
  '"',
  '\\',
  '\\"',
  '\t',
  'realm="x"',
  'error=',
  'a=b',
  'error="invalid_token"',
  'scope="a b"',
  'YWJj==',
  '==',
  ',,',
  ' = ',
  ...POLLUTING.map((name) => `${name}="x"`),
]);

test('challenges of any text are read within their bounds', async () => {
  await expectUnpolluted(() =>
    fc.assert(
      fc.property(challengeText, (header) => {
        const challenges = parseChallenges(header);
        const names = challenges.flatMap(({ parameters }) => [...parameters.keys()]);
        expect(names.length).toBeLessThanOrEqual(64);
        for (const { scheme, parameters } of challenges) {
          expect(scheme).toBe(scheme.toLowerCase());
          expect(parameters).toBeInstanceOf(Map);
          expect(JSON.stringify([...parameters]).length).toBeLessThan(40_000);
        }
      }),
      RUNS,
    ),
  );
});

test('a 401 with a challenge of any text is an answer, and an HttpError of a verb', async () => {
  const { client, answer } = createHostile();
  await expectUnpolluted(() =>
    fc.assert(
      fc.asyncProperty(challengeText, async (header) => {
        answer(() => new Response('no', { status: 401, headers: { 'www-authenticate': header } }));
        expect((await client.fetch('x')).status).toBe(401);
        const error = await client.get('x').catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(HttpError);
        expect((error as HttpError).message.length).toBeLessThan(1000);
      }),
      RUNS,
    ),
  );
}, 60_000);

test('a real server may challenge with any text', async () => {
  let header = '';
  await using api = await startServer((_, response) =>
    sendJson(response, {}, 401, { 'www-authenticate': header }),
  );
  const client = new Client(apiKey(KEY), { baseUrl: api.origin, logger: quiet, retry: 0 });
  await fc.assert(
    fc.asyncProperty(challengeText, async (text) => {
      header = text.slice(0, 8000);
      const error = await client.get('x').catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(HttpError);
    }),
    { numRuns: 500 },
  );
});

test('a Retry-After of any text is a time to wait or none', async () => {
  const { client, answer } = createHostile();
  await expectUnpolluted(() =>
    fc.assert(
      fc.asyncProperty(retryAfterText, fc.constantFrom(429, 503), async (header, status) => {
        answer(() => new Response('', { status, headers: { 'retry-after': header } }));
        const error = await client.get('x').catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(HttpError);
        const { retryAfter } = error as HttpError;
        if (retryAfter === undefined) return;
        expect(Number.isFinite(retryAfter) && retryAfter >= 0).toBe(true);
      }),
      RUNS,
    ),
  );
}, 60_000);

const locationText = headerText([
  'https://',
  'http://',
  '//',
  '/',
  '\\',
  '@',
  ':',
  '?',
  '#',
  '.',
  '..',
  '%',
  '%2e',
  '%0d%0a',
  ';',
  '&',
  '=',
  ' ',
  'api.example',
  'evil.example',
  'API.EXAMPLE',
  'api.example.',
  'api.example:443',
  '[::1]',
  '127.0.0.1',
  'javascript:',
  'data:text/html,x',
  'blob:https://api.example/x',
  'file:///etc/passwd',
  'xn--',
  'é',
  KEY,
  `x-api-key=${KEY}`,
]);
const redirectStatus = fc.constantFrom(301, 302, 303, 307, 308);
const requestInit = fc.constantFrom<RequestInit>(
  {},
  { method: 'HEAD' },
  { method: 'POST', body: 'text' },
  { method: 'PUT', body: 'text' },
  { method: 'POST' },
);
/** How often the server redirects: seldom for ever. */
const hopCount = fc.oneof(
  { weight: 50, arbitrary: fc.constantFrom(1, 2, 3) },
  { weight: 1, arbitrary: fc.constant(100) },
);

test.each(['header', 'query'] as const)(
  'a Location of any text is followed or refused, and takes a key in the %s nowhere else',
  async (place) => {
    const { client, sent, answer } = createHostile(apiKey(KEY, { in: place, name: 'x-api-key' }));
    const holdsKey = ({ url, headers }: Request): boolean =>
      headers.has('x-api-key') || (place === 'query' && url.includes(KEY));
    const follow = async (location: string, status: number, init: RequestInit, hops: number) => {
      sent.length = 0;
      answer(() =>
        sent.length > hops ? new Response() : new Response(null, { status, headers: { location } }),
      );
      const outcome = await client.fetch('x', init).catch((thrown: unknown) => thrown);
      expect(outcome instanceof Response || ValetError.is(outcome)).toBe(true);
      expect(sent.length).toBeLessThanOrEqual(Math.min(hops, 20) + 1);
      for (const request of sent) {
        const isOurs = new URL(request.url).origin === BASE;
        expect(holdsKey(request)).toBe(isOurs);
        expect(isOurs || request.body === null).toBe(true);
      }
    };
    await expectUnpolluted(() =>
      fc.assert(fc.asyncProperty(locationText, redirectStatus, requestInit, hopCount, follow), RUNS),
    );
  },
  60_000,
);

/** JSON as an attacker may write it, also where a parser has no name for it. */
const evilJson: fc.Arbitrary<string> = fc.oneof(
  { weight: 60, arbitrary: fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value)) },
  { weight: 20, arbitrary: fc.string() },
  { weight: 1, arbitrary: deepJson },
  {
    weight: 9,
    arbitrary: fc.constantFrom('', 'null', 'NaN', '1e999', '-0', '"\\ud800"', '{"a":1}{"b":2}', '\ufeff{}'),
  },
);

/** A member of an object, in JSON. */
function memberOf(names: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...names, ...POLLUTING), evilJson)
    .map(([name, value]) => `${JSON.stringify(name)}:${value === '' ? 'null' : value}`);
}

function objectText(names: readonly string[]): fc.Arbitrary<string> {
  return fc.array(memberOf(names), { maxLength: 6 }).map((members) => `{${members.join(',')}}`);
}

const problemText = fc.oneof(
  { weight: 5, arbitrary: objectText(['type', 'title', 'status', 'detail', 'instance', 'errors', 'error']) },
  { weight: 1, arbitrary: evilJson },
);

test('a problem of any content is an HttpError with members of the right types', async () => {
  const { client, answer } = createHostile();
  await expectUnpolluted(() =>
    fc.assert(
      fc.asyncProperty(problemText, fc.integer({ min: 400, max: 599 }), async (body, status) => {
        const headers = { 'content-type': 'application/problem+json' };
        answer(() => new Response(body, { status, headers }));
        const error = await client.get('x').catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(HttpError);
        const { message, problem } = error as HttpError;
        expect(message.length).toBeLessThan(1000);
        if (problem === undefined) return;
        expect(Object.getPrototypeOf(problem)).toBe(Object.prototype);
        for (const name of ['type', 'title', 'detail', 'instance'])
          expect(['string', 'undefined']).toContain(typeof problem[name]);
        expect(['number', 'undefined']).toContain(typeof problem.status);
      }),
      RUNS,
    ),
  );
}, 60_000);

test('a change of what all objects share is noticed', async () => {
  const changes: (() => void)[] = [
    () => Object.assign(Object.prototype, { polluted: true }),
    () => Object.assign(Array.prototype, { at: () => undefined }),
  ];
  const { at } = Array.prototype;
  for (const change of changes) await expect(expectUnpolluted(change)).rejects.toThrow();
  Reflect.deleteProperty(Object.prototype, 'polluted');
  Object.defineProperty(Array.prototype, 'at', { value: at, enumerable: false });
});
