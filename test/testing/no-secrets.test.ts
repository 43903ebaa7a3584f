import { expect, test } from 'vitest';
import { Client } from '../../src/index.ts';
import { createTestClient, expectNoSecrets } from '../../src/testing.ts';
import { LEAKY_ERRORS } from '../support/leaky-errors.ts';
import { thrownBy, valetErrorOf } from '../support/thrown.ts';

const SECRET = 'kF9é/q+Z"e\\x\'=&%7~!(t)-and-some-more';

test.each(Object.entries(LEAKY_ERRORS))('an error that holds a secret %s is found out', (_, make) => {
  expect(() => expectNoSecrets([SECRET], [make(SECRET)])).toThrow('secret');
});

test('the message says where, and does not say the secret itself', async () => {
  const log = { lines: ['fine', `sent ${SECRET}`] };
  const error = (await thrownBy(() => expectNoSecrets([SECRET], log))) as Error;
  expect(error.message).toContain('captured.lines.1');
  expect(error.message).not.toContain(SECRET.slice(0, 8));
});

test('what a client of ours hands out holds none of its tokens', async () => {
  const lines: string[] = [];
  const logger = {
    debug: (line: string) => void lines.push(line),
    warn: (line: string) => void lines.push(line),
  };
  const client = createTestClient({
    debug: 'curl',
    logger,
    responses: () => new Response(null, { status: 403 }),
  });
  const error = await thrownBy(() => client.get('orders'));
  client.expireToken();
  await client.fetch('orders');
  expect(lines.length).toBeGreaterThan(2);
  expect(client.secrets.length).toBeGreaterThan(3);
  expectNoSecrets(client, [lines, error, client.session.snapshot]);
  expect(() => expectNoSecrets(client, client.requests[1]?.headers)).toThrow('authorization');
});

test('a part of sixteen characters is found, and ordinary words that a secret shares are not', () => {
  const secret = 'access-token-of-ada-0123456789';
  expect(() => expectNoSecrets([secret], `begins with ${secret.slice(3, 19)}`)).toThrow('secret');
  expectNoSecrets([secret], 'an access-token was sent');
});

test('a short secret is found whole', () => {
  expect(() => expectNoSecrets(['s3cr3t'], { a: 'it is s3cr3t.' })).toThrow('captured.a');
});

test('with no secrets to look for nothing would be proven: that is refused', async () => {
  expect((await valetErrorOf(() => expectNoSecrets([], 'log'))).code).toBe('INVALID_OPTION');
});

test.each([
  ['a client that tells none', new Client('key-0123456789', { baseUrl: 'https://api.test' })],
  ['nobody', null],
  ['a text', SECRET],
  ['a list with something missing', [SECRET, undefined]],
  ['a list with an empty text', [SECRET, '']],
])('%s knows no secrets to look for: that is refused', async (_, from) => {
  const error = await valetErrorOf(() => expectNoSecrets(from as readonly string[], 'log'));
  expect(error.code).toBe('INVALID_OPTION');
  expect(error.message).toContain('createTestClient()');
});
