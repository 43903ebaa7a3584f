/**
 * A program that works with one user's data: it waits for a new order. Its access token lives for seconds. The
 * client renews it before its end, and sends a request again when the token was refused early.
 * `npm run demo -- servers` starts the API and prints the variables.
 *
 *   ORDERS_URL    where the API is
 *   TOKEN_URL     where a refresh token buys the next access token, and the next refresh token
 *   ORDERS_LOGIN  what the login page brought home: the token endpoint's answer, as JSON
 */
import process, { env } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type TokenProvider, ValetError } from 'fetch-valet';

interface Orders {
  readonly orders: readonly { readonly id: number; readonly item: string }[];
}

/** The whole of it: no lock, no expiry, no memory of the newest refresh token. The client has them. */
const getToken: TokenProvider = ({ refreshToken, signal }) => {
  if (refreshToken === undefined) return null;
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
  return fetch(env.TOKEN_URL ?? '', { method: 'POST', body, signal });
};

async function main(): Promise<void> {
  const api = new Client(getToken, { baseUrl: env.ORDERS_URL, debug: env.DEBUG !== undefined });
  if (env.ORDERS_LOGIN !== undefined) await api.session.signIn(JSON.parse(env.ORDERS_LOGIN));

  const { name } = await api.get('me').json<{ name: string }>();
  let { orders } = await api.get('orders').json<Orders>();
  const known = orders.length;
  console.log(`${name} has ${known} order. Waiting for the next one.`);
  while (orders.length === known) {
    await sleep(30);
    ({ orders } = await api.get('orders').json<Orders>());
  }
  console.log(`A new order has come: ${orders.at(-1)?.item}.`);
}

try {
  await main();
} catch (error) {
  if (!ValetError.is(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
