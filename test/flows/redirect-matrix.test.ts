import { expect, test } from 'vitest';
import { Client } from '../../src/index.ts';
import { quiet } from '../support/quiet.ts';
import { redirecting, to } from '../support/redirecting.ts';
import { type Received, startServer, type TestServer } from '../support/server.ts';

const KEY = 'key-0123456789abcdef';

const SENDS: readonly { readonly method: string; readonly body?: string }[] = [
  { method: 'GET' },
  { method: 'HEAD' },
  { method: 'POST' },
  { method: 'POST', body: 'name=Oslo' },
  { method: 'PUT', body: 'name=Oslo' },
  { method: 'DELETE' },
];
const CASES = [301, 302, 303, 307, 308].flatMap((status) =>
  SENDS.map((send) => ({ status, ...send, name: `${send.method}${send.body ? ' with a body' : ''}` })),
);

/** What arrived, without what differs between two connections. */
function essence({ method, url, body, headers }: Received) {
  const { host: _host, connection: _connection, 'x-api-key': _key, ...rest } = headers;
  return { method, url, body: body.toString(), headers: rest };
}

/** What arrives at `server` when the platform's own `fetch` follows the same redirect. */
async function natively(server: TestServer, url: string, init: RequestInit) {
  const before = server.received.length;
  const response = await fetch(url, init);
  await response.text();
  const last = server.received.at(-1);
  expect(server.received.length).toBeGreaterThan(before);
  return last && essence(last);
}

test.each(CASES)(
  '$name is sent on within its origin after $status as the platform does, with the key',
  async ({ status, method, body = null }) => {
    await using api = await startServer(redirecting);
    using client = new Client(KEY, { baseUrl: api.origin });
    const init = { method, body, headers: { 'x-mine': '1' } };
    const expected = await natively(api, api.origin + to('/end?a=1', status), init);

    const response = await client.fetch(to('/end?a=1', status), init);

    const last = api.received.at(-1);
    expect(last && essence(last)).toEqual(expected);
    expect(last?.headers['x-api-key']).toBe(KEY);
    expect(response).toMatchObject({
      status: 200,
      redirected: true,
      url: `${api.origin}/end?a=1`,
      type: 'basic',
    });
    expect(api.received).toHaveLength(4);
  },
);

test.each(CASES)(
  '$name is sent on to an allowed origin after $status with the key',
  async ({ status, method, body = null }) => {
    await using api = await startServer(redirecting);
    await using files = await startServer(redirecting);
    using client = new Client(KEY, { baseUrl: api.origin, allowedOrigins: [files.origin] });
    const init = { method, body, headers: { 'x-mine': '1' } };
    const expected = await natively(files, api.origin + to(`${files.origin}/end`, status), init);

    const response = await client.fetch(to(`${files.origin}/end`, status), init);

    const last = files.received.at(-1);
    expect(last && essence(last)).toEqual(expected);
    expect(last?.headers['x-api-key']).toBe(KEY);
    expect(response).toMatchObject({ status: 200, redirected: true, url: `${files.origin}/end` });
  },
);

test.each(CASES)(
  '$name goes to a foreign origin after $status without the key, and with no body',
  async ({ status, method, body = null }) => {
    await using api = await startServer(redirecting);
    await using foreign = await startServer(redirecting);
    using client = new Client(KEY, { baseUrl: api.origin, logger: quiet });
    const becomesGet = status === 303 || (status < 303 && method === 'POST');

    const answer = client.fetch(to(`${foreign.origin}/end`, status), {
      method,
      body,
      headers: { 'x-mine': '1' },
    });

    if (body !== null && !becomesGet) {
      await expect(answer).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
      expect(foreign.received).toEqual([]);
      return;
    }
    expect(await answer).toMatchObject({ status: 200, redirected: true, url: `${foreign.origin}/end` });
    expect(foreign.received).toHaveLength(1);
    expect(foreign.received[0]).toMatchObject({
      method: becomesGet && method !== 'HEAD' ? 'GET' : method,
      headers: { 'x-mine': '1' },
      body: Buffer.alloc(0),
    });
    expect(JSON.stringify(foreign.received)).not.toContain(KEY);
  },
);
