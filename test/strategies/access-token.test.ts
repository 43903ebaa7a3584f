import { expect, test } from 'vitest';
import {
  type AccessTokenOptions,
  accessToken,
  createFetch,
  type PlacementOptions,
  type TokenProvider,
} from '../../src/fetch.ts';
import { describeAuthStrategy } from '../contracts/auth-strategy.ts';
import { createJwt } from '../support/jwt.ts';
import { createRecordingFetch } from '../support/recording-fetch.ts';
import { expectNoSecret, valetErrorOf } from '../support/thrown.ts';

const BASE = 'https://api.example.com';
const FIRST = createJwt({ sub: 'ada', n: 1 });
const SECOND = createJwt({ sub: 'ada', n: 2 });
const rotating: TokenProvider = ({ rejectedToken }) => (rejectedToken === undefined ? FIRST : SECOND);
const secrets = [FIRST, SECOND];

describeAuthStrategy('accessToken of a function', () => ({ strategy: accessToken(rotating), secrets }));
describeAuthStrategy('accessToken of a source', () => ({
  strategy: accessToken({
    getToken: async (context) => ({ access_token: (await rotating(context)) as string }),
  }),
  secrets,
}));
describeAuthStrategy('accessToken at hand', () => ({
  strategy: accessToken(rotating, { initial: { token: FIRST, expiresIn: 3600 } }),
  secrets,
}));
describeAuthStrategy('accessToken that never changes', () => ({
  strategy: accessToken(() => FIRST),
  secrets: [FIRST],
}));
describeAuthStrategy('accessToken in a header of its own', () => ({
  strategy: accessToken(rotating, { placement: { name: 'x-user-token' } }),
  secrets,
}));
describeAuthStrategy('accessToken in a query', () => ({
  strategy: accessToken(rotating, { placement: { in: 'query' } }),
  secrets,
}));

async function sentWith(options?: AccessTokenOptions): Promise<Request> {
  const { fetch, sent } = createRecordingFetch();
  await createFetch(
    accessToken(() => 'token-1', options),
    { baseUrl: BASE, runtime: { fetch } },
  )('x');
  const [request] = sent;
  if (request === undefined) throw new Error('nothing was sent');
  return request;
}

test('a token is Authorization: Bearer', async () => {
  expect((await sentWith()).headers.get('authorization')).toBe('Bearer token-1');
});

test.each<[PlacementOptions, string, string]>([
  [{ scheme: 'DPoP' }, 'authorization', 'DPoP token-1'],
  [{ name: 'Authorization' }, 'authorization', 'Bearer token-1'],
  [{ name: 'x-token' }, 'x-token', 'token-1'],
  [{ name: 'x-token', scheme: 'Bearer' }, 'x-token', 'Bearer token-1'],
])('with placement %j a token is the header %s: %s', async (placement, header, value) => {
  expect((await sentWith({ placement })).headers.get(header)).toBe(value);
});

test('a token in the query is access_token, or what name says', async () => {
  expect((await sentWith({ placement: { in: 'query' } })).url).toBe(`${BASE}/x?access_token=token-1`);
  expect((await sentWith({ placement: { in: 'query', name: 'auth' } })).url).toBe(`${BASE}/x?auth=token-1`);
});

test('with a header of its own, what the caller wrote as Authorization stays', async () => {
  const { fetch, sent } = createRecordingFetch();
  const strategy = accessToken(() => 'token-1', { placement: { name: 'x-token' } });
  const headers = { authorization: 'Bearer of-the-caller' };
  await createFetch(strategy, { baseUrl: BASE, runtime: { fetch } })('x', { headers });
  expect(sent[0]?.headers.get('authorization')).toBe('Bearer of-the-caller');
});

test.each([
  '',
  'undefined',
  'null',
  'Bearer secret-token-1',
  'secret-token-1\r\nx: y',
  'secret token 1',
  'secret-token-1\0',
  'secret-token-é',
  'secret-token-💶',
  42,
  ['secret-token-1'],
  { access_token: 'secret token 1' },
  { access_token: { secret: 'secret-token-1' } },
  { token: '' },
  { id: 7 },
])('a provider that answers %j gives TOKEN_INVALID, and nothing is sent', async (answer) => {
  const { fetch, sent } = createRecordingFetch();
  const provider = (() => answer) as unknown as TokenProvider;
  const send = createFetch(accessToken(provider), { baseUrl: BASE, runtime: { fetch } });
  const error = await valetErrorOf(() => send('x'));
  expect(error.code).toBe('TOKEN_INVALID');
  expectNoSecret(error, 'secret');
  expect(sent).toHaveLength(0);
});

test.each([
  ['stepup', { stepup: ['write'] }],
  ['refreshahead', { refreshahead: 1 }],
])('the option %s is refused: accessToken does not know it', async (name, options) => {
  const error = await valetErrorOf(() => accessToken(rotating, options as AccessTokenOptions));
  expect(error.code).toBe('INVALID_OPTION');
  expect(error.message).toContain(JSON.stringify(name));
});

test.each([{ nmae: 'x' }, { in: 'cookie' }, { in: 'query', scheme: 'Bearer' }, { name: 'x y' }])(
  'the placement %j is refused',
  async (placement) => {
    const options = { placement: placement as PlacementOptions };
    expect(await valetErrorOf(() => accessToken(rotating, options))).toMatchObject({
      code: 'INVALID_OPTION',
    });
  },
);

test.each([undefined, null, 'a-token', 42, {}, { getToken: 'a-token' }])(
  'accessToken(%j) is refused: it is no function and no source',
  async (source) => {
    const make = () => accessToken(source as unknown as TokenProvider);
    expect(await valetErrorOf(make)).toMatchObject({ code: 'INVALID_OPTION' });
  },
);

test('one strategy serves one client', async () => {
  const strategy = accessToken(rotating);
  createFetch(strategy, { baseUrl: BASE });
  const error = await valetErrorOf(() => createFetch(strategy, { baseUrl: BASE }));
  expect(error.code).toBe('INVALID_OPTION');
  expect(error.message).toContain('extend');
});

test.each([{}, null, { read() {}, swap() {}, now() {} }, 'local'])('the store %j is none', async (store) => {
  const options = { store } as unknown as AccessTokenOptions;
  expect(await valetErrorOf(() => accessToken(rotating, options))).toMatchObject({ code: 'INVALID_OPTION' });
});

test.each(['rt-secret-0123456789', ['rt-secret-0123456789'], null, 42])(
  'initial as %j is refused: nobody can tell which token it is',
  async (initial) => {
    const options = { initial } as unknown as AccessTokenOptions;
    const error = await valetErrorOf(() => accessToken(rotating, options));
    expect(error).toMatchObject({ code: 'INVALID_OPTION' });
    expect(error.message).toContain('{ accessToken, expiresIn, refreshToken }');
    expectNoSecret(error, 'rt-secret-0123456789');
  },
);

test('a text is no login: session.signIn() refuses it, and it is sent nowhere', async () => {
  const { fetch, sent } = createRecordingFetch();
  const send = createFetch(
    accessToken(() => null),
    { baseUrl: BASE, runtime: { fetch } },
  );
  const error = await valetErrorOf(() => send.session.signIn('rt-secret-0123456789' as unknown as object));
  expect(error).toMatchObject({ code: 'TOKEN_INVALID', retryable: false });
  expect(error.message).toContain('{ accessToken, expiresIn, refreshToken }');
  expectNoSecret(error, 'rt-secret-0123456789');
  expect(await valetErrorOf(() => send('x'))).toMatchObject({ code: 'SIGNED_OUT' });
  expect(sent).toHaveLength(0);
});

test.each([null, 'x', {}])('user: %j is refused when it is given, not at the first token', (user) => {
  const options = { user } as unknown as AccessTokenOptions;
  expect(() => accessToken(() => 'token-1', options)).toThrow('user is a function');
});
