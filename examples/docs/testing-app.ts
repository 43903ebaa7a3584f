/** The app that docs/guide/testing.md tests. */
import type { Client, SessionUser } from 'fetch-valet';
import { HttpError, SessionError } from 'fetch-valet';

interface Order {
  readonly id: number;
  readonly item: string;
}

// #region app
export async function listOrders(api: Client): Promise<string> {
  try {
    const orders = await api.get<Order[]>('orders').json();
    return `${nameIn(api)}: ${orders.map(({ item }) => item).join(', ')}`;
  } catch (error) {
    if (error instanceof SessionError) {
      return error.code === 'SESSION_ENDED' ? `Please log in again, ${nameIn(api)}.` : 'Please log in.';
    }
    if (error instanceof HttpError && error.status === 401) return 'Please ask for access.';
    throw error;
  }
}

export async function placeOrder(api: Client, item: string): Promise<number> {
  const { id } = await api.post<Order>('orders', { json: { item } }).json();
  return id;
}
// #endregion

function nameIn({ session }: Client): string {
  const { snapshot } = session;
  const { name = 'Somebody' } = 'user' in snapshot ? (snapshot.user as SessionUser & { name?: string }) : {};
  return name;
}
