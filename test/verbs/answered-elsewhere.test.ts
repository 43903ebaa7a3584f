import { expect, test } from 'vitest';
import { apiKey, Client } from '../../src/index.ts';
import { startServer } from '../support/server.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { AT_ONCE, VERB_BASE, VERB_KEY } from '../support/verb-client.ts';

/** Answers every path with a redirect to the other server. */
async function startElsewhere(status: number, body: string) {
  const other = await startServer((_, response) => void response.writeHead(status).end(body));
  const server = await startServer((_, response) => {
    response.writeHead(302, { location: `${other.origin}/login` }).end();
  });
  return {
    server,
    other,
    host: new URL(other.origin).host,
    async [Symbol.asyncDispose]() {
      await Promise.all([server.close(), other.close()]);
    },
  };
}

test('an answer from elsewhere, after a redirect, is not told as one of the API or of the credential', async () => {
  await using place = await startElsewhere(401, '');
  const client = new Client(apiKey(VERB_KEY, { label: 'weather' }), { baseUrl: place.server.origin });
  const told: (string | undefined)[] = [];
  client.on('response', ({ credentialId }) => told.push(credentialId));
  const error = await valetErrorOf(() => client.get('orders'));

  expect(error).toMatchObject({ code: 'HTTP_ERROR', status: 401 });
  expect(error.message).toContain(`GET /orders was redirected to ${place.host}, which answered 401.`);
  expect(error.message).toContain('A credential does not go along to another origin');
  expect(told).toEqual([undefined]);
});

test('an answer from elsewhere that had the credential, and may have it, is told as such', async () => {
  await using place = await startElsewhere(401, '');
  const allowedOrigins = [place.other.origin];
  const client = new Client(VERB_KEY, { baseUrl: place.server.origin, allowedOrigins });
  const error = await valetErrorOf(() => client.get('orders'));

  expect(error.message).toContain(`GET /orders was redirected to ${place.host}, which answered 401.`);
  expect(error.message).toContain('was sent as header x-api-key');
});

test('an answer from where the platform itself was led to is told with its host', async () => {
  await using place = await startElsewhere(403, '');
  const client = new Client(VERB_KEY, { baseUrl: place.server.origin });
  const error = await valetErrorOf(() => client.get('orders', { auth: false }));

  expect(error.message).toContain(`GET /orders was redirected to ${place.host}, which answered 403.`);
});

test('a login page elsewhere is told with its host', async () => {
  await using place = await startElsewhere(200, '<html>');
  const client = new Client(VERB_KEY, { baseUrl: place.server.origin });
  const error = await valetErrorOf(() => client.get('orders').json());

  expect(error.code).toBe('NOT_JSON');
  expect(error.message).toContain(`GET /orders was redirected to ${place.host}, which answered 200`);
});

test('after a try that was redirected elsewhere, one that is not is told as one of the API', async () => {
  let count = 0;
  const redirected = (): Response =>
    Object.defineProperties(new Response(null, { status: 503 }), {
      redirected: { value: true },
      url: { value: 'https://login.test/' },
    });
  const fetch = (): Promise<Response> =>
    Promise.resolve(++count === 1 ? redirected() : new Response(null, { status: 404 }));
  const client = new Client(VERB_KEY, { baseUrl: VERB_BASE, runtime: { fetch } });
  const error = await valetErrorOf(() => client.get('orders', { retry: AT_ONCE }));

  expect(count).toBe(2);
  expect(error.message).toContain('GET /v1/orders answered 404');
});
