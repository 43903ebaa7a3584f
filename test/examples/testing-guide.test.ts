/** The snippets of docs/guide/testing.md that are for vitest and msw. */

// #region vitest
import { createTestClient } from 'fetch-valet/testing';
import { expect, test } from 'vitest';
import { listOrders } from '../../examples/docs/testing-app.ts';

test('the orders of the user are listed', async () => {
  const api = createTestClient({
    user: { id: 'ada', name: 'Ada' },
    responses: { 'GET /orders': [{ id: 1, item: 'tea' }] },
  });

  expect(await listOrders(api)).toBe('Ada: tea');
  expect(api.requests).toMatchObject([{ method: 'GET', url: 'https://api.test/orders' }]);
});

// #endregion

import { accessToken, Client } from 'fetch-valet';
import { refreshToken } from 'fetch-valet/oauth';
import { authHandlers, createClock, protectedApi } from 'fetch-valet/testing';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, beforeAll } from 'vitest';

const orders = [{ id: 1, item: 'tea' }];

// #region msw
const clock = createClock();
const { handlers, server } = authHandlers(http, { issuer: 'https://id.shop.example', ttl: 60_000, clock });
const network = setupServer(
  ...handlers,
  http.get(
    'https://api.shop.example/orders',
    protectedApi(server, ({ user }) => HttpResponse.json(user?.id === 'ada' ? orders : [])),
  ),
);
// #endregion

beforeAll(() => network.listen({ onUnhandledFrame: 'error' }));
afterAll(() => network.close());

// #region msw-test
test('the refresh token of a login lasts for many tokens', async () => {
  const { refresh_token } = server.login({ id: 'ada' });
  const source = refreshToken({ issuer: 'https://id.shop.example', clientId: 'shop' });
  const api = new Client(accessToken(source, { initial: { refresh_token } }), {
    baseUrl: 'https://api.shop.example',
    runtime: { clock },
  });

  for (let minute = 0; minute < 3; minute++) {
    expect(await api.get('orders').json()).toEqual(orders);
    clock.sleep(60_000);
  }
  expect(server.refreshes).toBe(3);
  expect(server.reuses).toBe(0);
});
// #endregion
