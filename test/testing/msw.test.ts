import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { accessToken, Client } from '../../src/index.ts';
import { refreshToken } from '../../src/oauth.ts';
import { authHandlers, createClock, protectedApi } from '../../src/testing.ts';
import { valetErrorOf } from '../support/thrown.ts';

const API = 'https://api.shop.example';
const network = setupServer();

beforeAll(() => network.listen({ onUnhandledFrame: 'error' }));
afterEach(() => network.resetHandlers());
afterAll(() => network.close());

test('a real grant against an authorization server of msw: expiry, 401 and a second user of one token', async () => {
  const clock = createClock();
  const { handlers, server } = authHandlers(http, { issuer: 'https://id.shop.example', ttl: 60_000, clock });
  network.use(
    ...handlers,
    http.get(
      `${API}/me`,
      protectedApi(server, ({ user }) => HttpResponse.json({ id: user?.id })),
    ),
  );
  const { refresh_token } = server.login({ id: 'ada' });
  const source = refreshToken({ issuer: server.issuer, clientId: 'shop' });
  const api = new Client(accessToken(source, { initial: { refresh_token } }), {
    baseUrl: API,
    runtime: { clock },
  });
  expect(await api.get('me').json()).toEqual({ id: 'ada' });
  clock.sleep(60_000);
  expect(await api.get('me').json()).toEqual({ id: 'ada' });
  server.revokeAccessTokens();
  expect(await Promise.all([1, 2, 3].map(() => api.get('me').json()))).toEqual(Array(3).fill({ id: 'ada' }));
  expect([server.refreshes, server.reuses]).toEqual([3, 0]);
  server.endSessions();
  clock.sleep(60_000);
  expect((await valetErrorOf(() => api.get('me'))).code).toBe('SESSION_ENDED');
});

test.each([
  [undefined, 'Bearer'],
  ['Basic eA==', 'Bearer'],
  ['Bearer stranger', 'Bearer error="invalid_token", error_description="the access token is not known"'],
])(
  'a protected API answers %s with 401 and %s, and does not ask its resolver',
  async (authorization, challenge) => {
    const { handlers, server } = authHandlers(http);
    let asked = 0;
    network.use(
      ...handlers,
      http.all(
        `${API}/*`,
        protectedApi(server, () => HttpResponse.json(++asked)),
      ),
    );
    const response = await fetch(`${API}/me`, {
      headers: authorization === undefined ? {} : { authorization },
    });
    expect([response.status, response.headers.get('www-authenticate'), asked]).toEqual([401, challenge, 0]);
  },
);

test('a protected API takes a key, or what a function says', async () => {
  network.use(
    http.get(
      `${API}/key`,
      protectedApi('a-key-for-tests', () => HttpResponse.json('in')),
    ),
    http.get(
      `${API}/own`,
      protectedApi(
        ({ headers }) => headers.get('x-tenant') === 'seven',
        () => HttpResponse.json('in'),
      ),
    ),
  );
  const status = async (path: string, headers: Record<string, string>): Promise<number> =>
    (await fetch(`${API}/${path}`, { headers })).status;
  expect(await status('key', { 'x-api-key': 'a-key-for-tests' })).toBe(200);
  expect(await status('key', { 'x-api-key': 'another' })).toBe(401);
  expect(await status('own', { 'x-tenant': 'seven' })).toBe(200);
  expect(await status('own', {})).toBe(401);
});

test('params and cookies of msw reach the resolver', async () => {
  network.use(
    http.get<{ id: string }>(
      `${API}/orders/:id`,
      protectedApi('a-key-for-tests', ({ params }: { params: { id: string }; request: Request }) =>
        HttpResponse.json(params.id),
      ),
    ),
  );
  const api = new Client('a-key-for-tests', { baseUrl: API });
  expect(await api.get('orders/7').json()).toBe('7');
});

test('what is missing is named', async () => {
  const withoutHttp = await valetErrorOf(() => authHandlers({ issuer: 'https://id.test' } as never));
  expect(withoutHttp.message).toContain("import { http } from 'msw'");
  const withoutServer = await valetErrorOf(() => protectedApi(undefined as never, () => 1));
  expect(withoutServer.message).toContain('server of authHandlers()');
  expect((await valetErrorOf(() => protectedApi('key-0123', undefined as never))).code).toBe(
    'INVALID_OPTION',
  );
});
