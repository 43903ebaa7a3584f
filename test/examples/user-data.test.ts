import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { placeOrder } from '../../examples/demo/place-order.ts';
import { type ProgramEnd, runProgram } from '../../examples/demo/run-program.ts';
import type { DemoTokens } from '../../examples/servers/token-endpoint.ts';
import { startUserApi, type UserApi } from '../../examples/servers/user-api.ts';

// Each program is a process of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const user = { id: 'u-1', name: 'Ada' };
let api: UserApi;

beforeEach(async () => {
  api = await startUserApi({ tokenLifetime: 600 });
});
afterEach(() => api.close());

test('the program waits for an order and tells of it, with the token of its login', async () => {
  const login = await signIn();
  const { code, lines } = await run({ ORDERS_LOGIN: JSON.stringify(login) }, orderWhenWaiting);
  expect(lines).toEqual(['Ada has 1 order. Waiting for the next one.', 'A new order has come: green tea.']);
  expect(code).toBe(0);
  expect(api.refreshes).toBe(0);
});

test('a token that was revoked before the program starts is renewed once, and no order is missed', async () => {
  const login = await signIn();
  api.revokeAccessTokens();
  const { code, lines } = await run({ ORDERS_LOGIN: JSON.stringify(login), DEBUG: '1' }, orderWhenWaiting);
  expect(code).toBe(0);
  expect(lines.at(-1)).toBe('A new order has come: green tea.');
  expect(lines.filter((line) => line.includes('↻ 401'))).toHaveLength(1);
  expect(api.refreshes).toBe(1);
  expect(lines.join('\n')).not.toContain(login.access_token);
  expect(lines.join('\n')).not.toContain(login.refresh_token);
});

test('without a login nothing is sent, and the message says that nobody is signed in', async () => {
  const { code, lines } = await run({ ORDERS_LOGIN: undefined });
  expect(code).toBe(1);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('SIGNED_OUT');
  expect(api.requests).toEqual([]);
});

test('a refresh token that was used before ends the session, and the message says so', async () => {
  const login = await signIn();
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: login.refresh_token });
  await fetch(api.tokenUrl, { method: 'POST', body });
  api.revokeAccessTokens();
  const { code, lines } = await run({ ORDERS_LOGIN: JSON.stringify(login) });
  expect(code).toBe(1);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('SESSION_ENDED');
  expect(lines[0]).toContain('used before');
});

function signIn(): Promise<DemoTokens> {
  return api.signIn(user);
}

/** Another device orders, as soon as the program waits. */
async function orderWhenWaiting(line: string): Promise<void> {
  if (line.startsWith('Ada has 1 order')) await placeOrder(api, user);
}

function run(
  env: Record<string, string | undefined>,
  onLine?: (line: string) => Promise<void>,
): Promise<ProgramEnd> {
  return runProgram(
    'user-data.ts',
    { DEBUG: undefined, ...env, ORDERS_URL: api.origin, TOKEN_URL: api.tokenUrl },
    (line) => void onLine?.(line),
  );
}
