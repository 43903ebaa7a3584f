import { expect, inject, test } from 'vitest';

const { api, other } = inject('origins');

test('runs in a real browser, in a secure context', () => {
  expect(navigator.userAgent).toMatch(/Chrome|Firefox/);
  expect(isSecureContext).toBe(true);
});

test('sends a custom header to another origin', async () => {
  const response = await fetch(`${api}/smoke/echo?status=401`, { headers: { 'x-api-key': 'k' } });

  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ method: 'GET', headers: { 'x-api-key': 'k' } });
});

test('follows a redirect from one origin to the other', async () => {
  const to = encodeURIComponent(`${other}/smoke/echo`);
  const response = await fetch(`${api}/smoke/redirect?to=${to}&status=307`, {
    method: 'POST',
    body: 'hello',
  });

  expect(response.url).toBe(`${other}/smoke/echo`);
  expect(await response.json()).toMatchObject({ method: 'POST', body: 'hello' });
});
