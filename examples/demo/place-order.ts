import type { DemoUser } from '../servers/token-endpoint.ts';
import type { UserApi } from '../servers/user-api.ts';

/** Another device of the same user, with a login of its own. */
export async function placeOrder(api: UserApi, user: DemoUser): Promise<void> {
  const { access_token } = await api.signIn(user);
  await fetch(`${api.origin}/orders`, {
    method: 'POST',
    headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ item: 'green tea', quantity: 1 }),
  });
}
