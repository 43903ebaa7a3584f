import process from 'node:process';
import { createInterface } from 'node:readline';
import { startPublicDataApi } from '../servers/public-data-api.ts';
import { startUserApi } from '../servers/user-api.ts';
import { placeOrder } from './place-order.ts';

const user = { id: 'u-1815', name: 'Ada' };

/** Starts the two servers for good and prints what the example programs need. Enter places an order. */
export async function serve(): Promise<void> {
  const key = 'tz_demo_0123456789abcdef';
  const zones = await startPublicDataApi({ keys: [key] });
  const orders = await startUserApi({ tokenLifetime: 30 });
  const printLogin = async (): Promise<void> =>
    console.log(`export ORDERS_LOGIN='${JSON.stringify(await orders.signIn(user))}'`);

  console.log('# The servers run until Ctrl-C. Paste these lines into another shell:');
  console.log(`export TIME_ZONES_URL='${zones.url}' TIME_ZONES_KEY='${key}'`);
  console.log(`export ORDERS_URL='${orders.origin}' TOKEN_URL='${orders.tokenUrl}'`);
  await printLogin();
  console.log('# and then, with Node 22.18 or newer:');
  console.log('#   node examples/server-script.ts');
  console.log('#   node examples/user-data.ts');
  console.log('# Enter here places an order and prints a new login: a refresh token works once.');
  for await (const _ of createInterface({ input: process.stdin })) {
    await placeOrder(orders, user);
    await printLogin();
  }
}
