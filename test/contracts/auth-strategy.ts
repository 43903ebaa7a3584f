import { expect, test } from 'vitest';
import { Client } from '../../src/client.ts';
import type { AuthStrategy } from '../../src/contracts.ts';
import { createFetch } from '../../src/fetch.ts';
import { createRecordingFetch } from '../support/recording-fetch.ts';
import { expectNoSecret, thrownBy, valetErrorOf } from '../support/thrown.ts';

/** A strategy under test. Every test makes one of its own. */
export interface StrategyCase {
  readonly strategy: AuthStrategy;
  /** Every secret that it may write, in the order in which 401s bring them out. */
  readonly secrets: readonly string[];
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
    const { strategy, secrets } = make();
    const { fetch, sent } = createRecordingFetch();
    await createFetch(strategy, { baseUrl: BASE, runtime: { fetch } })(PATH);
    const seen = placesOf(sent[0], secrets);
    const allowed = {
      authorization: ['authorization'],
      header: ['authorization', 'header'],
      query: undefined,
    };
    expect(seen).toContain(strategy.placement);
    for (const place of seen) expect(allowed[strategy.placement] ?? [place]).toContain(place);
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
    const { strategy, secrets } = make();
    const { fetch, sent } = createRecordingFetch();
    const send = createFetch(strategy, { baseUrl: BASE, runtime: { fetch } });
    await send('https://other.example/x', { auth: false });
    expect(placesOf(sent[0], secrets)).toEqual([]);
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
      return new Response(null, { status: 401 });
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
    expect(said).toEqual([expect.stringMatching(/./)]);
    expectNoSecret(String(said[0]), ...secrets);
    expect(error.message).toMatch(/was sent as/);
  });
}

/** Where in a request a secret shows, in the words of `AuthStrategy.placement`. */
function placesOf(request: Request | undefined, secrets: readonly string[]): string[] {
  if (request === undefined) throw new Error('nothing was sent');
  const places = [...request.headers]
    .filter(([, value]) => secrets.some((secret) => value.includes(secret)))
    .map(([header]) => (header === 'authorization' ? 'authorization' : 'header'));
  const inUrl = secrets.some((secret) => request.url.includes(encodeURIComponent(secret)));
  return [...new Set([...places, ...(inUrl ? ['query'] : [])])];
}

function carries(request: Request, secret: string): boolean {
  return placesOf(request, [secret]).length > 0;
}
