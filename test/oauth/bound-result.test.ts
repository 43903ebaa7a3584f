import { expect, test } from 'vitest';
import { bindRefreshToken } from '../../src/bound-refresh-token.ts';
import type { TokenResponse, TokenResult } from '../../src/contracts.ts';
import { bindResult } from '../../src/oauth/bound-result.ts';

const FOUND = { issuer: 'https://id.example', resource: 'https://api.example/mcp' };
const BOUND = bindRefreshToken('r', FOUND);
const ACCESS = { access_token: 'a', expires_in: 60 };

test.each<[TokenResponse, object]>([
  [{ refresh_token: 'r' }, { refresh_token: BOUND }],
  [{ refreshToken: 'r' }, { refresh_token: BOUND }],
  [{ refreshToken: null, refresh_token: 'r' }, { refresh_token: BOUND }],
  [{ refreshToken: 'old', refresh_token: 'r' }, { refresh_token: BOUND }],
  [{ refreshToken: 'r', refresh_token: null }, { refresh_token: BOUND }],
  [{}, {}],
  [{ refresh_token: '' }, { refresh_token: '' }],
  [{ refresh_token: null }, { refresh_token: null }],
  [{ refresh_token: 5 } as unknown as TokenResponse, { refresh_token: 5 }],
])('of %j the refresh token is bound, and nothing else is changed', async (tokens, expected) => {
  expect(await bindResult({ ...ACCESS, ...tokens }, FOUND)).toEqual({ ...ACCESS, ...expected });
  const answer = (await bindResult(Response.json({ ...ACCESS, ...tokens }), FOUND)) as Response;
  expect(await answer.json()).toEqual({ ...ACCESS, ...expected });
});

test('the answer of an endpoint keeps its status and its headers', async () => {
  const headers = { date: 'Sun, 01 Feb 2026 00:00:00 GMT', 'retry-after': '7' };
  const sent = Response.json({ refresh_token: 'r' }, { status: 201, headers });
  const answer = (await bindResult(sent, FOUND)) as Response;
  expect(answer.status).toBe(201);
  expect(Object.fromEntries(answer.headers)).toMatchObject(headers);
});

test.each<TokenResult>([
  null,
  'a-token',
  new Response('no JSON'),
  Response.json(null),
  Response.json('a text'),
  Response.json({ error: 'invalid_grant', refresh_token: 'r' }, { status: 400 }),
])('what holds no tokens is handed on as it is', async (result) => {
  expect(await bindResult(result, FOUND)).toBe(result);
});
