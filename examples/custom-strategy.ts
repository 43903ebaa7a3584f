/**
 * A strategy of one's own: each request is signed with HMAC-SHA256, as many storage and payment APIs want it.
 * Runs on a server of its own, which checks the signature: `node examples/custom-strategy.ts`.
 */
import { createHmac } from 'node:crypto';
import { type AuthStrategy, Client } from 'fetch-valet';
import { json, listen, problem } from './servers/http.ts';

// #region strategy
/** Signs method, path and time with a secret that never leaves this process. */
function signed(keyId: string, secret: string): AuthStrategy<string> {
  return {
    name: 'signed',
    placement: 'header',
    connect: ({ redactor }) => redactor.add('hmac_secret', secret),
    credential: () => secret,
    apply({ method, url, headers }, key) {
      const time = new Date().toISOString();
      headers.set('x-key-id', keyId);
      headers.set('x-time', time);
      headers.set('x-signature', sign(key, `${method} ${url.pathname}${url.search} ${time}`));
    },
    describe: () => keyId,
  };
}

function sign(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64');
}
// #endregion

const secret = 'a secret that both sides know';

const server = await listen(0, ({ method, url, headers }) => {
  const { pathname, search } = new URL(url);
  const expected = sign(secret, `${method} ${pathname}${search} ${headers.get('x-time')}`);
  if (headers.get('x-signature') !== expected) return problem(401, 'Unauthorized', 'The signature is wrong.');
  return json({ caller: headers.get('x-key-id') });
});

// #region use
const api = new Client(signed('key-1', secret), { baseUrl: server.origin });
const { caller } = await api.get('hello', { searchParams: { lang: 'en' } }).json<{ caller: string }>();
// #endregion
console.log(`The server knows the caller: ${caller}.`);

const impostor = new Client(signed('key-1', 'another secret'), { baseUrl: server.origin });
const { status } = await impostor.fetch('hello');
console.log(`With another secret it answers ${status}.`);
await server.close();
