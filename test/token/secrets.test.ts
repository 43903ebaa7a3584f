import { expect, test } from 'vitest';
import { bindRefreshToken } from '../../src/bound-refresh-token.ts';
import { createRedactor, MASK } from '../../src/redact.ts';
import { redactGrant } from '../../src/token/secrets.ts';

const BOUND = bindRefreshToken('bare-0123456789', {
  issuer: 'https://issuer.test',
  resource: 'https://api.test/',
});

test.each([
  ['an access token', { value: 'access-0123456789' }, 'access-0123456789'],
  ['a refresh token', { refreshToken: 'refresh-0123456789' }, 'refresh-0123456789'],
  ['an id token', { idToken: 'id-0123456789' }, 'id-0123456789'],
  ['a bound refresh token', { refreshToken: BOUND }, BOUND],
  ['what goes to the issuer of a bound refresh token', { refreshToken: BOUND }, 'bare-0123456789'],
])('%s is masked once it is known (rule S4)', (_, grant, secret) => {
  const redactor = createRedactor();
  expect(redactor.text(`the issuer said ${secret}.`)).toContain(secret);

  redactGrant(redactor, grant);

  expect(redactor.text(`the issuer said ${secret}.`)).toBe(`the issuer said ${MASK}.`);
});

test('the predecessors of a token stay masked', () => {
  const redactor = createRedactor();
  redactGrant(redactor, { value: 'access-1-0123456789', refreshToken: 'refresh-1-0123456789' });
  redactGrant(redactor, { value: 'access-2-0123456789', refreshToken: 'refresh-2-0123456789' });
  expect(redactor.text('access-1-0123456789 refresh-1-0123456789')).toBe(`${MASK} ${MASK}`);
});
