import { expect, test } from 'vitest';
import { apiKey, Client } from '../../src/index.ts';
import { leaksIn } from '../support/leaks.ts';
import { LEAKY_ERRORS } from '../support/leaky-errors.ts';
import { thrownBy } from '../support/thrown.ts';

// What finds nothing proves nothing: first of all the search has to find.
const SECRET = 'kF9é/q+Z"e\\x\'=&%7~!(t)';

test.each(Object.entries(LEAKY_ERRORS))('the search finds a secret %s', (_, make) => {
  expect(leaksIn({ error: make(SECRET) }, [SECRET])).not.toEqual([]);
});

test.each(Object.entries(LEAKY_ERRORS))(
  'an error that holds a secret %s is handed on without',
  async (_, make) => {
    const fetch = (): never => {
      throw make(SECRET);
    };
    const client = new Client(apiKey(SECRET, { in: 'query' }), {
      baseUrl: 'https://api.example',
      runtime: { fetch },
    });
    const thrown = await thrownBy(() => client.fetch('x'));
    expect(leaksIn({ thrown }, [SECRET])).toEqual([]);
    expect(thrown).toBeInstanceOf(Error);
  },
);

test.each<[string, (secret: string) => unknown]>([
  ['half of it', (secret) => `it begins with ${secret.slice(0, 9)}…`],
  ['in base64url', (secret) => Buffer.from(`id:${secret}`).toString('base64url')],
  ['in base64 of Latin-1, as btoa makes it', (secret) => btoa(`ab:${secret}`)],
  ['in lower-case percent codes', (secret) => encodeURIComponent(secret).toLowerCase().replace('kf9', 'kF9')],
  ['between single quotes of a shell', (secret) => `'${secret.replaceAll("'", `'\\''`)}'`],
  [
    'in a getter of a class',
    (secret) =>
      new (class Holder {
        get it() {
          return secret;
        }
      })(),
  ],
  [
    'in the getter of a Response',
    (secret) => Object.defineProperty(new Response(), 'url', { get: () => secret }),
  ],
  ['in a function', (secret) => Object.assign(() => 1, { secret })],
  ['in what a function inherits', (secret) => Object.setPrototypeOf(() => 1, { secret }) as unknown],
  ['as the name of an event listener', (secret) => new Map([[secret, 1]])],
  ['in a resolved promise', (secret) => Promise.resolve(secret)],
])('the search finds a secret %s', (_, hold) => {
  expect(leaksIn({ held: hold(SECRET) }, [SECRET])).not.toEqual([]);
});

test('the search finds short secrets, too, and nothing where there is nothing', () => {
  expect(leaksIn({ text: 'it is ¡x¡' }, ['¡x¡'])).not.toEqual([]);
  expect(leaksIn({ error: new Error('no'), response: Response.json({ a: 1 }) }, [SECRET, '¡x¡'])).toEqual([]);
});
