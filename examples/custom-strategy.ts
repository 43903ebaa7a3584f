/**
 * A strategy of one's own: each request is signed with HMAC-SHA256, as many storage and payment APIs want it.
 * Runs on a server of its own, which checks the signature: `node examples/custom-strategy.ts`.
 */
import { createHash, createHmac } from 'node:crypto';
import { type AuthStrategy, Client } from 'fetch-valet';
import { json, listen, problem } from './servers/http.ts';

// #region strategy
/** Signs method, path, time and the caller's digest of the body with a secret that never leaves this process. */
function signed(keyId: string, secret: string): AuthStrategy<string> {
  return {
    name: 'signed',
    placement: 'header',
    writes: 'header x-signature',
    connect: ({ redactor }) => redactor.add('hmac_secret', secret),
    credential: () => secret,
    apply({ method, url, headers }, key) {
      const time = new Date().toISOString();
      headers.set('x-key-id', keyId);
      headers.set('x-time', time);
      const digest = headers.get('content-digest') ?? '';
      headers.set('x-signature', sign(key, [method, url.pathname + url.search, time, digest]));
    },
    describe: () => keyId,
    explain: () => `It was signed with ${keyId}. Check its secret, and the clock of this machine.`,
  };
}

function sign(key: string, parts: readonly string[]): string {
  return createHmac('sha256', key).update(parts.join('\n')).digest('base64');
}
// #endregion

const secret = 'a secret that both sides know';

const digestOf = (bytes: ArrayBuffer): string =>
  `sha-256=:${createHash('sha256').update(new Uint8Array(bytes)).digest('base64')}:`;

const server = await listen(0, async (request) => {
  const { method, url, headers } = request;
  const { pathname, search } = new URL(url);
  const digest = headers.get('content-digest') ?? '';
  if (method === 'POST' && digest !== digestOf(await request.arrayBuffer()))
    return problem(400, 'Bad Request', 'The digest is of another body.');
  const expected = sign(secret, [method, pathname + search, headers.get('x-time') ?? '', digest]);
  if (headers.get('x-signature') !== expected) return problem(401, 'Unauthorized', 'The signature is wrong.');
  return json({ caller: headers.get('x-key-id') });
});

// #region use
const api = new Client(signed('key-1', secret), { baseUrl: server.origin });
const { caller } = await api.get('hello', { searchParams: { lang: 'en' } }).json<{ caller: string }>();
// #endregion
console.log(`The server knows the caller: ${caller}.`);

// #region digest
const body = JSON.stringify({ item: 'coffee' });
const digest = createHash('sha256').update(body).digest('base64');
await api.post('orders', {
  body,
  headers: { 'content-type': 'application/json', 'content-digest': `sha-256=:${digest}:` },
});
// #endregion
console.log('The server has the body that was signed.');

const impostor = new Client(signed('key-1', 'another secret'), { baseUrl: server.origin });
const { status } = await impostor.fetch('hello');
console.log(`With another secret it answers ${status}.`);
await impostor
  .get('hello')
  .catch((error: Error) => console.log(/It was signed with .*?\./.exec(error.message)?.[0]));
await server.close();
