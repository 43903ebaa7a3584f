import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asBrowser } from '../support/as-browser.ts';
import { CREDENTIALS, credentialsOf, type Drivable } from '../support/credentials.ts';
import { BASE, HandedOut, PARTNER } from '../support/handed-out.ts';
import { LEAKY_ERRORS, type MakeError } from '../support/leaky-errors.ts';
import { oddShortText, ordinaryShortText } from '../support/secrets.ts';

type Scenario = (rig: HandedOut, drivable: Drivable, errors: readonly LeakyError[]) => Promise<void>;
type LeakyError = readonly [where: string, make: MakeError];

const answers =
  (status: number, body = 'no', headers: Record<string, string> = {}) =>
  () =>
    new Response(status === 204 ? null : body, { status, headers });
const PATH = 'orders?caller=a%20b';
const refusing = {
  '~standard': { version: 1 as const, vendor: 'x', validate: () => ({ issues: [{ message: 'no' }] }) },
};

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  async success(rig) {
    await rig.fetch(PATH);
    await rig.fetch(new URL(`${BASE}/x?a=1#part`), { method: 'POST', body: 'text' });
    await rig.fetch(new Request(`${BASE}/x`, { method: 'PUT', body: new Uint8Array(3) }));
    rig.hand('json', await rig.client.get(PATH).json());
    rig.hand('verb', await rig.client.post('x', { json: { a: 1 }, ...rig.hooks() }));
    rig.answer(answers(204));
    await rig.fetch('x');
  },
  async refusals(rig) {
    for (const status of [400, 401, 403, 404, 429, 500, 503]) {
      rig.answer(answers(status, '{"title":"no"}', { 'content-type': 'application/problem+json' }));
      await rig.fetch(PATH);
      await rig.failure(`error ${status}`, () => rig.client.get(PATH, { retry: 0 }));
      await rig.failure(`hooked ${status}`, () => rig.client.get(PATH, rig.hooks()));
    }
  },
  async 'a 401 twice'(rig) {
    rig.answer(answers(401, 'no', { 'www-authenticate': 'Bearer error="invalid_token"' }));
    await rig.fetch(PATH);
    await rig.failure('401', () => rig.client.get(PATH, { retry: 0 }).json());
    await rig.failure('401 bare', () => rig.client.get(PATH, { retry: 0, auth: false }).json());
  },
  async 'answers that do not fit'(rig) {
    rig.answer(answers(200, '<html>Sign in</html>', { 'content-type': 'text/html' }));
    await rig.failure('html', () => rig.client.get(PATH).json());
    rig.answer(() => Response.json({ a: 1 }));
    await rig.failure('schema', () => rig.client.get(PATH).json(refusing));
    await rig.failure('parser', () =>
      rig.client.get(PATH, { parseJson: (text) => JSON.parse(`${text}}`) as unknown }).json(),
    );
  },
  async timeout(rig) {
    rig.answer(hang);
    const late = rig.failure('timeout', () => rig.client.get(PATH, { timeout: 50, retry: 0 }));
    await rig.clock.advance(60);
    await late;
  },
  async abort(rig) {
    rig.answer(hang);
    for (const reason of [undefined, new Error('the caller left')]) {
      const controller = new AbortController();
      const { signal } = controller;
      const late = rig.failure('abort', () => rig.fetch(PATH, { signal }));
      const verb = rig.failure('abort of a verb', () => rig.client.get(PATH, { signal, retry: 0 }));
      await rig.clock.advance(1);
      controller.abort(reason);
      await Promise.all([late, verb]);
      await rig.failure('aborted', () => rig.fetch(PATH, { signal }));
    }
  },
  async redirects(rig) {
    const hops = [`${BASE}/2?b=1`, `${PARTNER}/3`, 'https://foreign.example/4', `${BASE}/5`, '/6'];
    let hop = 0;
    rig.answer(() => {
      const location = hops[hop++];
      return location === undefined ? new Response('there') : sendTo(location);
    });
    await rig.fetch(PATH);
    rig.answer(({ url }) => sendTo(url));
    await rig.failure('loop', () => rig.fetch(PATH));
    await rig.failure('loop of a verb', () => rig.client.get(PATH));
    rig.answer(() => sendTo('https://foreign.example/', 307));
    await rig.failure('a body that leaves', () => rig.fetch(PATH, { method: 'POST', body: 'x' }));
    rig.answer(() => sendTo('http://api.example/'));
    await rig.failure('leaves https', () => rig.fetch(PATH));
    await rig.fetch(PATH, { redirect: 'manual' });
  },
  async 'the network fails'(rig, { secrets }, errors) {
    for (const [where, make] of errors) {
      rig.answer((request) => {
        throw make(sentIn(request, secrets));
      });
      await rig.failure(`fetch: ${where}`, () => rig.fetch(PATH));
      await rig.failure(`hooks: ${where}`, () => rig.client.post(PATH, { json: {}, ...rig.hooks() }));
    }
  },
  async 'the connection breaks while a body is read'(rig, { secrets }, errors) {
    for (const [where, make] of errors) {
      rig.answer((request) => new Response(broken(make(sentIn(request, secrets)))));
      await rig.failure(`text: ${where}`, () => rig.client.get(PATH).text());
    }
  },
  async 'the server says what it was sent'(rig, { secrets }) {
    const long = 'x'.repeat(155);
    for (const said of ['', long, `${long.slice(1)}y`, 'text/'].map(
      (start) => (text: string) => start + text,
    )) {
      const problem = { 'content-type': 'application/problem+json' };
      rig.answer((request) => {
        const detail = said(sentIn(request, secrets));
        return new Response(JSON.stringify({ detail }), { status: 400, headers: problem });
      });
      await rig.echo('problem', () => rig.client.get(PATH));
      rig.answer((request) => {
        const description = encodeURIComponent(said(sentIn(request, secrets)));
        const challenge = `Bearer error="invalid_request", error_description="${description}"`;
        return new Response('no', { status: 401, headers: { 'www-authenticate': challenge } });
      });
      await rig.echo('challenge', () => rig.client.get(PATH).text());
      rig.answer((request) => new Response(said(sentIn(request, secrets))));
      await rig.echo('text', () => rig.client.get(PATH).json());
      rig.answer((request) => {
        const type = said(encodeURIComponent(sentIn(request, secrets)));
        return new Response('<html>', { headers: { 'content-type': type } });
      });
      await rig.echo('type', () => rig.client.get(PATH).json());
      rig.answer((request) => Response.json(said(sentIn(request, secrets))));
      await rig.echo('schema', () => rig.client.get(PATH).json(quoting));
    }
  },
  async 'the caller puts it into the path and the body'(rig, { secrets }) {
    // Asked once: from then on it is known what is sent.
    let sent = '';
    rig.answer((request) => {
      sent = sentIn(request, secrets);
      return Response.json({});
    });
    await rig.fetch(PATH);
    rig.answer(answers(404));
    const path = `tokens/${encodeURIComponent(sent)}?hint=${encodeURIComponent(sent)}#${encodeURIComponent(sent)}`;
    await rig.client.fetch(path, { method: 'POST', body: `it's ${sent}` });
    await rig.echo('in the path', () => rig.client.delete(path));
    await rig.echo('in the body', () => rig.client.post('tokens', { json: { token: sent } }));
    await rig.echo('at the end of a long path', () => rig.client.get(`${'x'.repeat(785)}/${path}`));
    rig.answer(() => sendTo(`https://foreign.example/${encodeURIComponent(sent)}`, 307));
    await rig.echo('redirected', () => rig.client.fetch(path, { method: 'POST', body: 'x' }));
    await rig.echo('foreign', () => rig.client.fetch(`https://foreign.example/${path}`));
  },
  async 'the server sends back what it was sent'(rig) {
    // Once: then it answers, as a login flow does.
    let hops = 0;
    rig.answer(({ url }) => (hops++ % 3 === 2 ? new Response('there') : sendTo(url)));
    await rig.fetch(PATH);
    await rig.fetch(`${PARTNER}/x`);
    rig.answer(({ url }) => sendTo(`https://foreign.example/?back=${encodeURIComponent(url)}`, 308));
    await rig.echo('a body', () => rig.client.post(PATH, { json: {} }));
  },
  async 'in a browser'(rig) {
    await asBrowser(async () => {
      rig.answer(() => Response.error());
      await rig.fetch(PATH, { redirect: 'manual' });
      await rig.failure('a redirect in a browser', () => rig.fetch(PATH, { method: 'POST', body: 'x' }));
      await rig.failure('a stream in a browser', () =>
        rig.fetch(PATH, { method: 'POST', body: broken(new Error('x')) }),
      );
    });
  },
  async 'another client on the same session'(rig) {
    const child = rig.client.extend({ baseUrl: PARTNER, headers: { 'x-app': '1' } });
    rig.hand('child', child);
    rig.hand('answer to a child', await child.fetch('x'));
    rig.answer(answers(500));
    await rig.failure('error of a child', () => child.get('x', { retry: 0 }));
    await rig.failure('origin of a child', () => child.get(`${BASE}/x`.replace('api', 'other')));
    child.close();
    await rig.failure('closed child', () => child.get('x'));
  },
  async 'the caller asks for what is not allowed'(rig) {
    await rig.failure('origin', () => rig.fetch(`https://foreign.example/${PATH}`));
    await rig.failure('http', () => rig.client.get('http://plain.example/'));
    await rig.failure('user info', () => rig.fetch('https://me:too@partner.example/'));
    await rig.failure('no-cors', () => rig.fetch(PATH, { mode: 'no-cors' }));
    await rig.failure('option', () => rig.client.fetch(PATH, { auth: 'always' as 'optional' }));
  },
};

/** The credential that a request carries. */
function sentIn({ url, headers }: Request, secrets: readonly string[]): string {
  const { searchParams } = new URL(url);
  const carried = [...headers.values(), ...searchParams.values()];
  const secret = secrets.find((text) =>
    carried.some((value) => value === text || value.endsWith(` ${text}`)),
  );
  if (secret === undefined) throw new Error('the request carries no credential');
  return secret;
}

function broken(error: unknown): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"a":'));
    },
    pull(controller) {
      controller.error(error);
    },
  });
}

/** A schema that quotes what it refuses, as some do. */
const quoting = {
  '~standard': {
    version: 1 as const,
    vendor: 'x',
    validate: (value: unknown) => ({ issues: [{ message: `${String(value)} is no order`, path: ['id'] }] }),
  },
};

function hang({ signal }: Request): Promise<Response> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}

function sendTo(location: string, status = 302): Response {
  return new Response(null, { status, headers: { location } });
}

/** What has to have failed, or the search proves nothing. */
const CODES = (
  'HTTP_ERROR NETWORK TIMEOUT AbortError NOT_JSON INVALID_RESPONSE INVALID_OPTION ' +
  'REDIRECT_REFUSED ORIGIN_NOT_ALLOWED INSECURE_URL CLIENT_CLOSED'
).split(' ');

// The first is what platforms throw, which verbs turn into an error of ours.
const [platformError, ...otherErrors] = Object.entries(LEAKY_ERRORS);
const someErrors = fc
  .subarray(otherErrors, { minLength: 8, maxLength: 8 })
  .map((errors) => (platformError ? [platformError, ...errors] : errors));

test.for(Object.entries(CREDENTIALS))(
  '%s shows nowhere, whatever comes of requests',
  { timeout: 60_000 },
  async ([, drivables]) => {
    await fc.assert(
      fc.asyncProperty(drivables, someErrors, async (drivable, errors) => {
        const rig = new HandedOut(drivable.credential);
        for (const scenario of Object.values(SCENARIOS)) {
          rig.answer(() => Response.json({ ok: true }));
          await scenario(rig, drivable, errors);
        }
        rig.client.close();
        await rig.failure('closed', () => rig.client.fetch(PATH));
        await rig.failure('closed verb', () => rig.client.get(PATH));
        expect([...new Set(rig.codes)]).toEqual(expect.arrayContaining(CODES));
        rig.expectClean(drivable.secrets);
      }),
      { numRuns: 6, endOnFailure: true },
    );
  },
);

/** Where somebody else says the secret: nobody can tell a short one from a word there. */
const ECHOES = [
  'the network fails',
  'the connection breaks while a body is read',
  'the server says what it was sent',
  'the caller puts it into the path and the body',
];
const BY_POSITION = Object.entries(SCENARIOS).filter(([name]) => !ECHOES.includes(name));

// Sent back in a Location, a long one is recognized.
const ORDINARY = BY_POSITION.filter(([name]) => name !== 'the server sends back what it was sent');

async function drive(drivable: Drivable, scenarios = BY_POSITION): Promise<HandedOut> {
  const rig = new HandedOut(drivable.credential);
  for (const [, scenario] of scenarios) {
    rig.answer(() => Response.json({ ok: true }));
    await scenario(rig, drivable, []);
  }
  return rig;
}

test.each(Object.entries(credentialsOf(oddShortText)))(
  '%s of a few characters shows nowhere',
  async (_, drivables) => {
    await fc.assert(
      fc.asyncProperty(drivables, async (drivable) => {
        const rig = await drive(drivable);
        rig.expectClean(drivable.secrets);
      }),
      { numRuns: 8, endOnFailure: true },
    );
  },
);

test('a key of a few characters blots out no ordinary text', async () => {
  const make = (text: fc.Arbitrary<string>): fc.Arbitrary<Drivable>[] =>
    Object.values(credentialsOf({ header: text, query: text, token: text })).slice(0, 4);
  const long = fc.constant('no-word-at-all');
  const pairs = fc.oneof(
    ...make(ordinaryShortText).map((short, index) => fc.tuple(short, make(long)[index] ?? short)),
  );
  await fc.assert(
    fc.asyncProperty(pairs, async ([short, other]) => {
      expect((await drive(short, ORDINARY)).said).toEqual((await drive(other, ORDINARY)).said);
    }),
    { numRuns: 20, endOnFailure: true },
  );
});
