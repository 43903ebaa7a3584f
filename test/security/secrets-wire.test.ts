import type { ServerResponse } from 'node:http';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AuthStrategy, accessToken, apiKey, bearer, Client, createFetch } from '../../src/index.ts';
import { leaksIn } from '../support/leaks.ts';
import { queryText, tokenText } from '../support/secrets.ts';
import { type Received, sendJson, startServer } from '../support/server.ts';
import { thrownBy } from '../support/thrown.ts';

// The same search as with fakes, over Node's own fetch and a real server: what the platform says is its own.

const STRATEGIES: Readonly<
  Record<string, readonly [fc.Arbitrary<string>, (secret: string) => AuthStrategy]>
> = {
  'a key in a header': [tokenText, (key) => apiKey(key)],
  'a key in a query': [queryText, (key) => apiKey(key, { in: 'query' })],
  'a bearer key': [tokenText, (key) => bearer(key)],
  'a token': [tokenText, (token) => accessToken(() => token)],
  'a token in a query': [tokenText, (token) => accessToken(() => token, { placement: { in: 'query' } })],
};

function answer({ url }: Received, response: ServerResponse): void {
  const { pathname } = new URL(url, 'http://server.invalid');
  const status = Number(pathname.slice('/status/'.length));
  if (pathname.startsWith('/status/')) sendJson(response, {}, status, { 'www-authenticate': 'Bearer' });
  else if (pathname === '/html') response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
  else if (pathname === '/cut')
    response.writeHead(200, { 'content-length': '99' }).write('{"a":', () => response.destroy());
  else if (pathname === '/reset') response.destroy();
  else if (pathname === '/loop') response.writeHead(302, { location: url }).end();
  else if (pathname === '/away') response.writeHead(307, { location: 'http://foreign.invalid/' }).end();
  else if (pathname === '/on') response.writeHead(302, { location: '/ok' }).end();
  else sendJson(response, { ok: true });
}

/** Whether a server was sent the secret: else the search proves nothing. */
function carries({ url, headers }: Received, secret: string): boolean {
  const { searchParams } = new URL(url, 'http://server.invalid');
  return [...Object.values(headers), ...searchParams.values()].some((value) =>
    String(value).endsWith(secret),
  );
}

async function outcome(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    return error;
  }
}

/** What is written to the console and told as a process warning while `run` runs. */
async function outputOf(run: () => Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  const { console } = globalThis;
  const write = (...args: readonly unknown[]): void => void lines.push(args.map(String).join(' '));
  const warned = (warning: Error): void => write(warning.stack);
  process.on('warning', warned);
  globalThis.console = { ...console, debug: write, log: write, warn: write, error: write, info: write };
  try {
    await run();
  } finally {
    globalThis.console = console;
    process.off('warning', warned);
  }
  return lines;
}

test.each(Object.entries(STRATEGIES))('over a real network %s shows nowhere', async (_, [text, make]) => {
  await using api = await startServer(answer);
  await fc.assert(
    fc.asyncProperty(text, async (secret) => {
      const strategy = make(secret);
      using client = new Client(strategy, {
        baseUrl: api.origin,
        allowedOrigins: ['http://127.0.0.1:9'],
        debug: 'curl',
        retry: 0,
      });
      const handed: unknown[] = [];
      const lines = await outputOf(async () => {
        for (const path of [
          'ok?a=1',
          'status/404',
          'status/401',
          'html',
          'cut',
          'reset',
          'loop',
          'away',
          'on',
        ]) {
          handed.push(await outcome(() => client.fetch(path)));
          handed.push(await outcome(() => client.get(path).json()));
          handed.push(await outcome(() => client.post(path, { json: { a: 1 } }).json()));
        }
        // Nobody listens on the port for discarded data.
        handed.push(await thrownBy(() => client.fetch('http://127.0.0.1:9/x')));
        handed.push(await thrownBy(() => client.get('http://127.0.0.1:9/x')));
        handed.push(await thrownBy(() => client.fetch('ok', { signal: AbortSignal.abort() })));
      });
      const errors = handed.filter((value) => value instanceof Error);
      expect(errors.length).toBeGreaterThan(15);
      expect(lines.filter((line) => line.includes('curl')).length).toBeGreaterThan(20);
      expect(leaksIn({ strategy, client, handed, lines }, [secret])).toEqual([]);
      expect(api.received.some((request) => carries(request, secret))).toBe(true);
    }),
    { numRuns: 4, endOnFailure: true },
  );
});

test.each(Object.entries(STRATEGIES))('a fetch alone shows nothing of %s', async (_, [text, make]) => {
  await using api = await startServer(answer);
  await fc.assert(
    fc.asyncProperty(text, async (secret) => {
      const fetch = createFetch(make(secret), { baseUrl: api.origin });
      const handed: unknown[] = [];
      for (const path of ['ok', 'status/401', 'reset', 'loop', 'https://foreign.invalid/'])
        handed.push(await outcome(() => fetch(path)));
      fetch.close();
      handed.push(await outcome(() => fetch('ok')));
      expect(leaksIn({ fetch, handed }, [secret])).toEqual([]);
    }),
    { numRuns: 4, endOnFailure: true },
  );
});
