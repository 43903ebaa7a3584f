/** The snippets of docs/guide/errors.md. */
import { Client, HttpError, ValetError } from 'fetch-valet';

const login = { show: (): void => console.log('the login page') };
const toast = { show: (text: string): void => console.log(text) };
const log = { error: (error: ValetError): void => console.log(JSON.stringify(error)) };
const form = { explain: (detail: string | undefined): void => console.log(`the form says: ${detail}`) };

const baseUrl = 'https://api.shop.example';

// #region catch
async function showOrders(api: Client): Promise<void> {
  try {
    const { orders } = await api.get('orders').json<{ orders: unknown[] }>();
    console.log(`${orders.length} order`);
  } catch (error) {
    if (!ValetError.is(error)) throw error;
    if (error.code === 'SIGNED_OUT' || error.code === 'SESSION_ENDED') login.show();
    else if (error.retryable) toast.show('That did not work. Please try again.');
    else log.error(error);
  }
}
// #endregion
await showOrders(new Client('orders-key-1', { baseUrl }));
await showOrders(new Client(() => null, { baseUrl }));
await showOrders(new Client('orders-key-retired', { baseUrl }));
await showOrders(new Client('orders-key-1', { baseUrl: 'https://nobody.invalid', retry: 0 }));

const api = new Client('orders-key-1', { baseUrl });

// #region http-error
try {
  await api.post('orders', { json: { item: 'coffee' } });
} catch (error) {
  if (!(error instanceof HttpError) || error.status !== 422) throw error;
  form.explain(error.problem?.detail);
}
// #endregion

// #region fetch
const response = await api.fetch('orders', { method: 'POST', body: '{}' });
if (!response.ok) toast.show(`The server answered ${response.status}.`);
// #endregion
