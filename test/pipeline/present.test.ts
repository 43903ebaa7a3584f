import { expect, test } from 'vitest';
import { present } from '../../src/pipeline/present.ts';

const urlOf = Object.getOwnPropertyDescriptor(Response.prototype, 'url')?.get;

test('a response whose URL is to be hidden is rebuilt', async () => {
  const response = new Response('ok', { status: 201, statusText: 'Made', headers: { 'x-mine': '1' } });

  const shown = present(response, { url: 'https://api.test/x#top', redirected: false });

  expect(shown).not.toBe(response);
  expect(shown).toMatchObject({
    url: 'https://api.test/x',
    status: 201,
    statusText: 'Made',
    redirected: false,
  });
  expect(urlOf?.call(shown)).toBe('');
  expect(shown.headers.get('x-mine')).toBe('1');
  expect(await shown.text()).toBe('ok');
});

test('a response whose URL may be seen stays the one it is', () => {
  const response = new Response('ok');

  expect(present(response, { url: undefined, redirected: true })).toBe(response);
  expect(response.redirected).toBe(true);
  expect(response.clone().redirected).toBe(true);
});

test('the redirect that a browser hides is handed on without its URL', () => {
  // Nothing but a browser can make one, so its traits are put on another.
  const response = Object.defineProperties(Response.error(), {
    type: { value: 'opaqueredirect' },
    url: { value: 'https://api.test/x?appid=key-0123456789' },
  });

  const shown = present(response, { url: 'https://api.test/x', redirected: false });

  expect(shown).toMatchObject({ type: 'opaqueredirect', status: 0, url: 'https://api.test/x' });
  expect(urlOf?.call(shown)).toBe('');
});

test('what is written on a response can be seen in its copies, and read again by nobody else', async () => {
  const shown = present(new Response('ok'), { url: 'https://api.test/x', redirected: true });

  const copy = shown.clone();

  expect(copy).toMatchObject({ url: 'https://api.test/x', redirected: true });
  expect([await copy.text(), await shown.text()]).toEqual(['ok', 'ok']);
  expect(Object.keys(shown)).toEqual([]);
  expect(() => shown.clone()).toThrow(TypeError);
});
