import { startPublicDataApi } from '../servers/public-data-api.ts';
import { startUserApi } from '../servers/user-api.ts';

/** Starts the two servers for good and prints what the example programs need. */
export async function serve(): Promise<void> {
  const key = 'tz_demo_0123456789abcdef';
  const zones = await startPublicDataApi({ keys: [key] });
  const orders = await startUserApi({ tokenLifetime: 30 });
  const login = await orders.signIn({ id: 'u-1815', name: 'Ada' });
  console.log(`# The servers run until Ctrl-C. Paste these lines into another shell:
export TIME_ZONES_URL='${zones.url}' TIME_ZONES_KEY='${key}'
export ORDERS_URL='${orders.origin}' TOKEN_URL='${orders.tokenUrl}'
export ORDERS_LOGIN='${JSON.stringify(login)}'
# and then, with Node 22.18 or newer:
#   node examples/server-script.ts
#   node examples/user-data.ts`);
}
