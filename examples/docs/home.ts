/** The snippet of the site's home page. */
import { auth } from './identity-providers.ts';

interface Orders {
  readonly orders: readonly { readonly id: number }[];
}

// #region home
import { Client } from 'fetch-valet';

const baseUrl = 'https://api.shop.example';
const shop = new Client(({ forceRefresh }) => auth.getToken({ fresh: forceRefresh }), { baseUrl });
const { orders } = await shop.get('orders').json<Orders>();
// #endregion
console.log(`home: ${orders.length} order`);
