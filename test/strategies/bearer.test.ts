import { expect, test } from 'vitest';
import { bearer, createFetch } from '../../src/fetch.ts';
import { describeAuthStrategy } from '../contracts/auth-strategy.ts';
import { createJwt } from '../support/jwt.ts';
import { createRecordingFetch } from '../support/recording-fetch.ts';
import { valetErrorOf } from '../support/thrown.ts';

const TOKEN = 'ghp_tests0123456789abcdef';
const NEXT = 'ghp_next9876543210fedcba';

describeAuthStrategy('bearer', () => ({ strategy: bearer(TOKEN), secrets: [TOKEN] }));
describeAuthStrategy('bearer function', () => ({
  strategy: bearer(({ rejectedKey }) => (rejectedKey === undefined ? TOKEN : NEXT)),
  secrets: [TOKEN, NEXT],
}));

test('a bearer key is Authorization: Bearer', async () => {
  const { fetch, sent } = createRecordingFetch();
  await createFetch(bearer(TOKEN), { baseUrl: 'https://api.example.com', runtime: { fetch } })('x');
  expect(sent[0]?.headers.get('authorization')).toBe(`Bearer ${TOKEN}`);
  expect(sent[0]?.headers.has('x-api-key')).toBe(false);
});

test('a bearer key may be a JWT', async () => {
  const jwt = createJwt({ sub: 'ada' });
  const { fetch, sent } = createRecordingFetch();
  await createFetch(bearer(jwt), { baseUrl: 'https://api.example.com', runtime: { fetch } })('x');
  expect(sent[0]?.headers.get('authorization')).toBe(`Bearer ${jwt}`);
});

test('a bearer key replaces the Authorization that a host SDK wrote', async () => {
  const { fetch, sent } = createRecordingFetch();
  const send = createFetch(bearer(TOKEN), { baseUrl: 'https://api.example.com', runtime: { fetch } });
  await send('x', { headers: { Authorization: 'Bearer unused' } });
  expect(sent[0]?.headers.get('authorization')).toBe(`Bearer ${TOKEN}`);
});

test.each([undefined, '', 'null', 'undefined'])('a bearer key that is %j is missing', async (value) => {
  const error = await valetErrorOf(() => bearer(value));
  expect(error.code).toBe('MISSING_API_KEY');
  expect(error.message).toContain('bearer()');
});

test('a bearer key that brings its own scheme is refused', async () => {
  expect(await valetErrorOf(() => bearer(`Bearer ${TOKEN}`))).toMatchObject({ code: 'INVALID_API_KEY' });
});

test('bearer takes no placement: it has one', async () => {
  const options = { in: 'query' } as Parameters<typeof bearer>[1];
  expect(await valetErrorOf(() => bearer(TOKEN, options))).toMatchObject({ code: 'INVALID_OPTION' });
});
