/** What every user may write, in a page or on a server, from the package as it is published. */
import {
  accessToken,
  apiKey,
  bearer,
  Client,
  combine,
  HttpError,
  type SessionUser,
  type TokenProvider,
  ValetError,
} from 'fetch-valet';
import { createFetch, accessToken as token } from 'fetch-valet/fetch';

interface Orders {
  readonly orders: readonly { readonly id: string }[];
}

interface Member extends SessionUser {
  readonly name: string;
}

const renew: TokenProvider = ({ refreshToken, signal }) =>
  refreshToken ? fetch('/token', { method: 'POST', body: refreshToken, signal }) : null;

export async function verbs(baseUrl: string): Promise<number> {
  using client = new Client(apiKey('key', { in: 'query', name: 'appid' }), { baseUrl, timeout: 5000 });
  const off = client.on('response', ({ status, ms }) => void [status, ms]);
  const { orders } = await client.get('orders', { searchParams: { page: 2 } }).json<Orders>();
  await client.post('orders', { json: { item: 'bolt' }, auth: false, retry: 0 });
  off();
  return orders.length;
}

export async function session(): Promise<string> {
  const user = (claims: Readonly<Record<string, unknown>>): Member => ({
    id: String(claims.sub),
    name: String(claims.name),
  });
  const client = new Client(combine([bearer('key'), accessToken(renew, { user })]));
  const members = new Client(accessToken(renew, { user }));
  await client.session.signIn({ access_token: 'token', expires_in: 60 });
  const snapshot = await members.session.ready;
  return snapshot.status === 'signed-in' ? snapshot.user.name : snapshot.status;
}

export async function dropIn(open: () => ReadableStream<Uint8Array>): Promise<void> {
  const client = new Client(renew, { baseUrl: '/api' });
  const platform: typeof globalThis.fetch = client.fetch;
  await platform('orders', { headers: new Headers({ accept: 'application/json' }) });
  await client.fetch(new Request('https://api.example.com/orders'), { auth: 'optional' });
  await createFetch(token(renew))('files', { method: 'PUT', body: open, signal: AbortSignal.timeout(100) });
}

export function explain(error: unknown): string {
  if (error instanceof HttpError)
    return `${error.status} ${error.headers.get('date')} ${error.problem?.title}`;
  return ValetError.is(error) ? `${error.code} ${error.docs}` : String(error);
}

/** What `Client` and `createFetch` share is nobody's API. */
// @ts-expect-error it is not in the declarations
export type Internal = typeof import('fetch-valet/fetch').pipeline;

/** Types that had become `any` on their way into the package would let these pass. */
export function refused(client: Client): void {
  // @ts-expect-error no such option
  new Client('key', { baseURL: '/api' });
  // @ts-expect-error no such event
  client.on('nothing', () => {});
  // @ts-expect-error a function is no key
  createFetch(renew);
}
