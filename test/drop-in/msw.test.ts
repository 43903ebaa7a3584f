import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { accessToken, apiKey, Client } from '../../src/index.ts';
import { createAuthServer, protectedApi } from '../../src/testing.ts';

// What the users of a client do in the tests of their own apps: the platform's fetch is answered by msw.
const API = 'https://api.shop.example';
const server = setupServer();

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

test('a client without a fetch of its own is answered by msw', async () => {
  server.use(
    http.get(`${API}/cities`, ({ request }) => HttpResponse.json({ key: request.headers.get('x-api-key') })),
  );
  const api = new Client('a-key-for-cities', { baseUrl: API });
  expect(await api.get('cities').json()).toEqual({ key: 'a-key-for-cities' });
});

test('a key in the query reaches a handler of msw, and not the url of its response', async () => {
  const seen: (string | null)[] = [];
  server.use(
    http.get(`${API}/cities`, ({ request }) => {
      seen.push(new URL(request.url).searchParams.get('appid'));
      return HttpResponse.json([]);
    }),
  );
  const api = new Client(apiKey('k&y=#1', { in: 'query', name: 'appid' }), { baseUrl: API });
  const response = await api.fetch('cities?q=Oslo');
  expect(seen).toEqual(['k&y=#1']);
  expect(response.url).toBe(`${API}/cities?q=Oslo`);
});

test('five requests on a token that msw refuses are one renewal and five replays', async () => {
  const issuer = createAuthServer();
  const api = new Client(accessToken(issuer.provider, { initial: issuer.login() }), { baseUrl: API });
  server.use(
    http.post(
      `${API}/orders`,
      protectedApi(issuer, async ({ request }) => HttpResponse.json(await request.json())),
    ),
  );
  issuer.revokeAccessTokens();
  const orders = await Promise.all([1, 2, 3, 4, 5].map((id) => api.post('orders', { json: { id } }).json()));
  expect(orders).toEqual([1, 2, 3, 4, 5].map((id) => ({ id })));
  expect([issuer.refreshes, issuer.reuses]).toEqual([1, 0]);
});

test('a response that msw redirects elsewhere does not take the key along', async () => {
  const keys: (string | null)[] = [];
  server.use(
    http.get(`${API}/moved`, () => HttpResponse.redirect('https://stranger.example/here')),
    http.get('https://stranger.example/here', ({ request }) => {
      keys.push(request.headers.get('x-api-key'));
      return HttpResponse.json([]);
    }),
  );
  const api = new Client('a-key-for-cities', { baseUrl: API });
  const response = await api.fetch('moved');
  expect(response.redirected).toBe(true);
  expect(keys).toEqual([null]);
});
