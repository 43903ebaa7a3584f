/** The program of docs/tutorial/first-session.md: a lesson, step by step. */
// #region server
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

let accepted = '';

const server = createServer((request, response) => {
  const { 'x-api-key': key, authorization } = request.headers;
  const isKnown = key === 'key-of-the-lesson' || authorization === `Bearer ${accepted}`;
  const answer = isKnown ? { orders: [{ id: 1, item: 'coffee' }] } : { message: 'Who are you?' };
  response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer));
  console.log(`  the server: ${response.statusCode}`);
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

// #endregion

// #region key
import { Client } from 'fetch-valet';

interface Answer {
  readonly orders: readonly { readonly id: number; readonly item: string }[];
}

const script = new Client('key-of-the-lesson', { baseUrl });
const { orders } = await script.get('orders').json<Answer>();
console.log(`With a key: ${orders[0]?.item}`);

// #endregion

// #region provider
import { SessionError, type TokenProvider } from 'fetch-valet';

let isLoggedIn = true;
let issued = 0;

const getToken: TokenProvider = ({ reason }) => {
  console.log(`  the provider is asked: ${reason}`);
  if (!isLoggedIn) throw new SessionError('SESSION_ENDED');
  issued += 1;
  accepted = `token-${issued}`;
  return { token: accepted, expiresIn: 60 };
};

const app = new Client(getToken, { baseUrl });
await Promise.all([app.get('orders'), app.get('orders'), app.get('orders')]);
console.log('With a token: three answers');
// #endregion

// #region revoked
accepted = '';
await Promise.all([app.get('orders'), app.get('orders'), app.get('orders')]);
console.log('After the token was revoked: three answers');

// #endregion

// #region ended
import { ValetError } from 'fetch-valet';

accepted = '';
isLoggedIn = false;
try {
  await app.get('orders');
} catch (error) {
  if (!ValetError.is(error)) throw error;
  console.log(`${error.code}, and the session is ${app.session.snapshot.status}`);
}
// #endregion

// #region back
isLoggedIn = true;
accepted = 'token-of-the-login';
await app.session.signIn({ token: accepted, expiresIn: 60 });
await app.get('orders');
console.log(`Back: the session is ${app.session.snapshot.status}`);
// #endregion

// #region fetch
const plain = app.fetch;
const response = await plain('orders');
console.log(`A plain fetch: ${response.status}`);

script.close();
app.close();
server.close();
// #endregion
