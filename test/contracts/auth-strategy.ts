import { expect, test } from 'vitest';
import { Client } from '../../src/client.ts';
import type { AuthStrategy } from '../../src/contracts.ts';
import { createFetch } from '../../src/fetch.ts';
import { createRecordingFetch } from '../support/recording-fetch.ts';
import { expectNoSecret, thrownBy, valetErrorOf } from '../support/thrown.ts';

/** A strategy under test. Every test makes one of its own. */
export interface StrategyCase {
  readonly strategy: AuthStrategy;
  /**
   * Every secret that it may write, as it is written, in the order in which 401s bring them out; besides, what those
   * are made of, such as the password behind the base64 of HTTP Basic.
   */
  readonly secrets: readonly string[];
  /** What it writes in place of a secret, such as a signature. */
  readonly proof?: RegExp;
}

const BASE = 'https://api.example.com/v1';
const PATH = 'orders?caller=a%20b&caller=%2B';

/** What every strategy promises to a pipeline, and so to whoever uses it. `make` is called for each test. */
export function describeAuthStrategy(name: string, make: () => StrategyCase): void {
  test(`${name}: its name is no secret and its placement is one of three`, () => {
    const { strategy, secrets } = make();
    expect(strategy.name).not.toBe('');
    expectNoSecret(strategy.name, ...secrets);
    expect(['authorization', 'header', 'query']).toContain(strategy.placement);
  });

  test(`${name}: the credential is sent, in no stricter a place than the placement says`, async () => {
    const { strategy, secrets, proof } = make();
    const { fetch, sent } = createRecordingFetch();
    await createFetch(strategy, { baseUrl: BASE, runtime: { fetch } })(PATH);
    const seen = placesOf(sent[0], secrets, proof);
    const allowed = {
      authorization: ['authorization'],
      header: ['authorization', 'header'],
      query: undefined,
    };
    const hint = 'Is each of `secrets` as it is on the wire? A signature is no secret: give `proof`.';
    expect(seen, hint).toContain(strategy.placement);
    for (const place of seen) expect(allowed[strategy.placement] ?? [place]).toContain(place);
  });

  test(`${name}: it writes what it says that it writes`, async () => {
    const { strategy, secrets, proof } = make();
    const { fetch, sent } = createRecordingFetch();
    await createFetch(strategy, { baseUrl: BASE, runtime: { fetch } })(PATH);
    const [request] = sent;
    const written = [
      ...headersWith(request, secrets, proof).map((header) => `header ${header}`),
      ...queryWith(request, secrets, proof).map((parameter) => `query parameter ${parameter}`),
    ];
    expect([undefined, ...written]).toContain(strategy.writes);
  });

  test(`${name}: each request carries it, one after the other and many at once`, async () => {
    const { strategy, secrets, proof } = make();
    const { fetch, sent } = createRecordingFetch();
    const send = createFetch(strategy, { baseUrl: BASE, runtime: { fetch } });
    await send(PATH);
    await send(PATH, { method: 'POST', body: 'tea' });
    await Promise.all([send(PATH), send('carts'), send(PATH)]);
    expect(sent).toHaveLength(5);
    for (const request of sent) expect(placesOf(request, secrets, proof)).toContain(strategy.placement);
  });

  test(`${name}: what a host SDK wrote in its place is replaced, and elsewhere stays`, async () => {
    const { strategy, secrets, proof } = make();
    const { fetch, sent } = createRecordingFetch();
    const send = createFetch(strategy, { baseUrl: BASE, runtime: { fetch } });
    await send(PATH);
    const own = headersWith(sent[0], secrets, proof);
    const headers = Object.fromEntries(['authorization', ...own].map((header) => [header, 'of-the-host']));
    await send(PATH, { headers });
    const arrived = [...(sent[1]?.headers ?? [])].filter(([, value]) => value.includes('of-the-host'));
    expect(arrived).toEqual(own.includes('authorization') ? [] : [['authorization', 'of-the-host']]);
    expect(headersWith(sent[1], secrets, proof)).toEqual(own);
  });

  test(`${name}: the rest of the URL stays byte for byte`, async () => {
    const { strategy } = make();
    const { fetch, sent } = createRecordingFetch();
    await createFetch(strategy, { baseUrl: BASE, runtime: { fetch } })(PATH);
    expect(sent[0]?.url.startsWith(`${BASE}/${PATH}`)).toBe(true);
  });

  test(`${name}: what the caller passed is not touched`, async () => {
    const { strategy } = make();
    const { fetch } = createRecordingFetch();
    const headers = new Headers({ 'x-caller': '1' });
    const init = Object.freeze({ headers });
    const url = new URL(`${BASE}/${PATH}`);
    const before = url.href;
    await createFetch(strategy, { baseUrl: BASE, runtime: { fetch } })(url, init);
    expect([...headers]).toEqual([['x-caller', '1']]);
    expect(url.href).toBe(before);
  });

  test(`${name}: the caller's own headers arrive`, async () => {
    const { strategy } = make();
    const { fetch, sent } = createRecordingFetch();
    await createFetch(strategy, { baseUrl: BASE, runtime: { fetch } })(PATH, {
      headers: { 'x-caller': '1' },
    });
    expect(sent[0]?.headers.get('x-caller')).toBe('1');
  });

  test(`${name}: the response tells nothing of the credential`, async () => {
    const { strategy, secrets } = make();
    const { fetch } = createRecordingFetch();
    const response = await createFetch(strategy, { baseUrl: BASE, runtime: { fetch } })(PATH);
    expect(response).toBeInstanceOf(Response);
    expectNoSecret(response.url, ...secrets);
    expectNoSecret(response.clone().url, ...secrets);
  });

  test(`${name}: auth: false sends none of it`, async () => {
    const { strategy, secrets, proof } = make();
    const { fetch, sent } = createRecordingFetch();
    const send = createFetch(strategy, { baseUrl: BASE, runtime: { fetch } });
    await send('https://other.example/x', { auth: false });
    expect(placesOf(sent[0], secrets, proof)).toEqual([]);
  });

  test(`${name}: another origin gets nothing, not even a request`, async () => {
    const { strategy, secrets } = make();
    const { fetch, sent } = createRecordingFetch();
    const send = createFetch(strategy, { baseUrl: BASE, runtime: { fetch } });
    const error = await valetErrorOf(() => send('https://other.example/x'));
    expect(error.code).toBe('ORIGIN_NOT_ALLOWED');
    expect(sent).toHaveLength(0);
    expectNoSecret(error, ...secrets);
  });

  test(`${name}: a server that refuses everything is asked once per credential, twice at most`, async () => {
    const { strategy, secrets } = make();
    const { fetch, sent } = createRecordingFetch(() => new Response(null, { status: 401 }));
    const response = await createFetch(strategy, { baseUrl: BASE, runtime: { fetch } })(PATH);
    expect(response.status).toBe(401);
    const tried = sent.map((request) => secrets.filter((secret) => carries(request, secret)).join());
    expect(new Set(tried).size).toBe(tried.length);
    expect(tried.length).toBeLessThanOrEqual(2);
  });

  test(`${name}: a caller that gave up already gets its own reason and nothing is sent`, async () => {
    const { strategy } = make();
    const { fetch, sent } = createRecordingFetch();
    const send = createFetch(strategy, { baseUrl: BASE, runtime: { fetch } });
    const reason = new Error('the caller went away');
    expect(await thrownBy(() => send(PATH, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(sent).toHaveLength(0);
  });

  test(`${name}: events, debug lines and errors hold no secret`, async () => {
    const { strategy, secrets } = make();
    const lines: string[] = [];
    const { fetch } = createRecordingFetch((request, count) => {
      if (count > 2) {
        const cause = new Error(`could not send ${request.url} with ${[...request.headers].join()}`);
        throw Object.assign(new TypeError('fetch failed', { cause }), { request });
      }
      // Some servers say what they were sent.
      const echo = secrets.filter((secret) => carries(request, secret)).join(' ');
      const headers = {
        'www-authenticate': `Bearer error="invalid_token", error_description=${quoted(echo)}`,
      };
      return new Response(null, { status: 401, headers });
    });
    const logger = { debug: (line: string) => lines.push(line), warn: (line: string) => lines.push(line) };
    const client = new Client(strategy, { baseUrl: BASE, debug: 'curl', logger, runtime: { fetch } });
    for (const event of ['request', 'response', 'requestfailed', 'replay', 'refresh', 'refreshed'] as const) {
      client.on(event, (payload) => lines.push(JSON.stringify(payload)));
    }
    const codes: string[] = [];
    while (!codes.includes('NETWORK')) {
      const error = await valetErrorOf(() => client.get(PATH, { retry: 0 }));
      expectNoSecret(error, ...secrets);
      codes.push(error.code);
    }
    expect(codes).toContain('HTTP_ERROR');
    expect(lines.join('\n')).toContain('curl -X GET');
    expectNoSecret(lines.join('\n'), ...secrets);
  });

  test(`${name}: what it says of its credential in events and messages is no secret`, async () => {
    const { strategy, secrets } = make();
    const said: unknown[] = [];
    const { fetch } = createRecordingFetch(() => new Response(null, { status: 401 }));
    const client = new Client(strategy, { baseUrl: BASE, runtime: { fetch } });
    client.on('response', ({ credentialId }) => said.push(credentialId));
    const error = await valetErrorOf(() => client.get(PATH, { retry: 0 }));
    expect(said, 'describe() gives a fingerprint or a label').toEqual([expect.stringMatching(/./)]);
    expectNoSecret(String(said[0]), ...secrets);
    const hint = 'explain() says what was sent and where: "The key was sent as header x-api-key."';
    expect(error.message, hint).toMatch(/was sent as/);
    // By itself as well: what the client knows for a secret is taken out of what it says.
    const credential = await strategy.credential({ scopes: [], resource: BASE });
    expectNoSecret(`${strategy.explain?.(credential)} ${strategy.describe?.(credential)}`, ...secrets);
  });
}

/** Where in a request a secret shows, in the words of `AuthStrategy.placement`. */
function placesOf(request: Request | undefined, secrets: readonly string[], proof?: RegExp): string[] {
  const headers = headersWith(request, secrets, proof);
  const places = headers.map((header) => (header === 'authorization' ? header : 'header'));
  const inQuery = queryWith(request, secrets, proof).length > 0;
  const inUrl = inQuery || secrets.some((secret) => request?.url.includes(encodeURIComponent(secret)));
  return [...new Set([...places, ...(inUrl ? ['query'] : [])])];
}

function headersWith(request: Request | undefined, secrets: readonly string[], proof?: RegExp): string[] {
  if (request === undefined) throw new Error('nothing was sent');
  return [...request.headers].filter(([, value]) => shows(value, secrets, proof)).map(([header]) => header);
}

function queryWith(request: Request | undefined, secrets: readonly string[], proof?: RegExp): string[] {
  if (request === undefined) throw new Error('nothing was sent');
  const parameters = [...new URL(request.url).searchParams];
  return parameters.filter(([, value]) => shows(value, secrets, proof)).map(([parameter]) => parameter);
}

function shows(value: string, secrets: readonly string[], proof: RegExp | undefined): boolean {
  return secrets.some((secret) => value.includes(secret)) || proof?.test(value) === true;
}

function carries(request: Request, secret: string): boolean {
  return placesOf(request, [secret]).length > 0;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
