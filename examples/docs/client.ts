/** The snippets of docs/guide/client.md. */
import { accessToken, apiKey, Client, createFetch, type TokenProvider } from 'fetch-valet';

interface Order {
  readonly id: number;
}

const stored = {
  access_token: 'access-token-of-yesterday',
  expires_at: 1_700_000_000,
  refresh_token: 'kept',
};
const loginAnswer = { access_token: 'access-token-of-ada', expires_in: 600, scope: 'orders:read' };
const refresh: TokenProvider = ({ reason, refreshToken }) => {
  console.log(`asked for: ${reason}, with the refresh token ${refreshToken}`);
  return { token: 'access-token-renewed', expiresIn: 600 };
};
const myCache = { clear: (): void => console.log('caches are empty') };
const view = { show: (text: string): void => console.log(text) };

// #region options
const api = new Client(accessToken(refresh, { initial: stored, deadline: 5_000 }), {
  baseUrl: 'https://api.shop.example/v1',
  allowedOrigins: ['https://files.shop.example'],
  headers: { 'accept-language': 'en' },
  timeout: 20_000,
  retry: { limit: 3, methods: ['get', 'put'] },
});
// #endregion

// #region events
const stop = api.on('response', ({ method, url, status, ms }) => {
  if (ms > 2_000) console.warn(`${method} ${url} took ${ms} ms (${status})`);
});
api.on('userchange', () => myCache.clear());
// #endregion

// #region request
const { orders } = await api.get('orders', { searchParams: { page: 2 } }).json<{ orders: Order[] }>();
const created = await api.post('orders', {
  json: { item: 'coffee' },
  timeout: false,
  throwHttpErrors: false,
});
const health = await api.get('https://status.shop.example/health', { auth: false }).text();
// #endregion
view.show(`${orders.length} order; ${created.status}; ${health.length > 0}`);

// #region session
const off = api.session.subscribe(() => view.show(api.session.snapshot.status));
await api.session.signIn(loginAnswer);
const now = await api.session.ready;
if (api.session.hasScope('orders:read')) view.show('the list of orders');
await api.session.refresh();
await api.signOut();
// #endregion
view.show(`it was ${now.status}`);
off();
stop();

// #region extend
const files = api.extend({ baseUrl: 'https://files.shop.example', headers: { accept: 'text/csv' } });
// #endregion
await api.session.signIn(loginAnswer);
await files.get('report.csv').text();

const photo = new Blob(['a photo']);
const backup = new Blob(['all of it']);
const disk = new WritableStream<Uint8Array>({
  write: ({ length }) => view.show(`written: ${length > 0}`),
});
// #region streams
const form = new FormData();
form.set('photo', photo);
await api.put('photos/7', { body: form, timeout: 60_000 });
await api.fetch('backups/today', { method: 'PUT', body: () => backup.stream() });
const report = await api.get('reports/2026.csv', { timeout: false });
await report.body?.pipeTo(disk);
// #endregion

// #region using
async function countOrders(): Promise<number> {
  using client = new Client(process.env.WEATHER_API_KEY, { baseUrl: 'https://api.shop.example/v1' });
  const answer = await client.get('orders').json<{ orders: Order[] }>();
  return answer.orders.length;
}
// #endregion
view.show(`counted: ${await countOrders()}`);

// #region create-fetch
const fetchOrders = createFetch(apiKey(process.env.WEATHER_API_KEY), {
  baseUrl: 'https://api.shop.example/v1',
});
const response = await fetchOrders('orders', { signal: AbortSignal.timeout(5_000) });
fetchOrders.close();
// #endregion
view.show(`fetched: ${response.status}`);
api.close();
await api.get('orders').catch((error: unknown) => view.show(String(error)));
