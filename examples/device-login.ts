/**
 * A command-line program that signs its user in on another device (RFC 8628) and keeps the login in a file. The
 * second run needs no login, and neither do other programs on the same file: they refresh one after another.
 *
 *   ISSUER        the authorization server; it has a device authorization endpoint
 *   CLIENT_ID     the client that is registered there, without a secret
 *   ORDERS_URL    an API that takes its tokens
 *   ORDERS_LOGIN  where the login is kept: ~/.config/orders/login.json unless said otherwise
 *
 *   node examples/device-login.ts          prints the orders
 *   node examples/device-login.ts logout   forgets the login and revokes its refresh token
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import process, { argv, env } from 'node:process';
import { accessToken, Client, SessionError, ValetError } from 'fetch-valet';
import { deviceCode } from 'fetch-valet/oauth';
import { fileStore } from 'fetch-valet/stores/node';

const { ISSUER, CLIENT_ID = '', ORDERS_URL, ORDERS_LOGIN } = env;

interface Orders {
  readonly orders: readonly string[];
}

async function main(command: string | undefined): Promise<void> {
  // #region login
  const login = deviceCode({
    issuer: ISSUER,
    clientId: CLIENT_ID,
    scopes: ['openid', 'offline_access', 'read'],
    // The API that the tokens are for, where the server has to be told; for Auth0 with audienceParameter: 'audience'.
    // audience: 'https://api.shop.example',
    onCode({ userCode, verificationUri, verificationUriComplete }) {
      console.log(`Open ${verificationUriComplete ?? verificationUri} and confirm the code ${userCode}.`);
    },
  });
  const store = fileStore(ORDERS_LOGIN ?? join(homedir(), '.config', 'orders', 'login.json'));
  using api = new Client(accessToken(login, { store }), { baseUrl: ORDERS_URL });
  api.on('warning', ({ message }) => console.error(message));
  // #endregion
  if (command === 'logout') {
    // #region sign-out
    await api.signOut();
    // #endregion
    console.log('Signed out.');
    return;
  }
  // #region sign-in
  const read = (): Promise<Orders> => api.get('orders').json<Orders>();
  const { orders } = await read().catch(async (error: unknown) => {
    const isOver = error instanceof SessionError && ['SIGNED_OUT', 'SESSION_ENDED'].includes(error.code);
    if (!isOver) throw error;
    await login.signIn();
    return read();
  });
  // #endregion
  console.log(`${orders.length} orders: ${orders.join(', ')}.`);
}

try {
  await main(argv[2]);
} catch (error) {
  if (!ValetError.is(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
