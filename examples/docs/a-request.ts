/** The snippets of docs/explain/a-request.md and of docs/guide/which-one.md. */
import { bearer, Client } from 'fetch-valet';
import { apiKey, createFetch } from 'fetch-valet/fetch';
import { auth } from './identity-providers.ts';

const baseUrl = 'https://api.shop.example';

const api = new Client('orders-key-1', { baseUrl });

// #region events
api.on('request', ({ id, method, url }) => console.log(id, method, url));
api.on('response', ({ id, status, replayed }) => console.log(id, status, replayed));
// #endregion
await api.get('orders', { searchParams: { page: 1 } });

// #region which-one
const withKey = new Client(process.env.WEATHER_API_KEY, { baseUrl });
const withLastingToken = new Client(bearer(process.env.GITHUB_TOKEN), { baseUrl });
const withUsersToken = new Client(({ forceRefresh }) => auth.getToken({ fresh: forceRefresh }), { baseUrl });
// #endregion
for (const client of [withKey, withLastingToken, withUsersToken]) await client.get('orders');

// #region bare
await withUsersToken.get('status', { auth: false });
await withUsersToken.get('catalogue', { auth: 'optional' });
// #endregion

// #region create-fetch
const fetchWithKey = createFetch(apiKey(process.env.WEATHER_API_KEY), { baseUrl });
const response = await fetchWithKey('orders');
// #endregion
console.log(response.status);
