import { expect, test } from 'vitest';
import { expectNoSecrets } from '../../src/testing.ts';

const SECRETS = ['access-token-of-ada-0123456789'];

test('a page is searched for what it shows, not for what a framework keeps behind it', () => {
  const page = document.createElement('div');
  page.innerHTML = '<p>Hello, Ada.</p><input>';
  // As React does with its own tree.
  Object.assign(page, { __reactFiber$1: { client: { token: SECRETS[0] } } });
  expect(() => expectNoSecrets(SECRETS, page)).not.toThrow();
});

test.each([
  ['text', (page: HTMLElement) => page.append(`token: ${SECRETS[0]}`)],
  ['an attribute', (page: HTMLElement) => page.setAttribute('data-token', SECRETS[0] ?? '')],
  [
    'a field',
    (page: HTMLElement) => {
      const field = document.createElement('input');
      field.value = SECRETS[0] ?? '';
      page.append(field);
    },
  ],
])('a secret that a page shows as %s is found', (_, show) => {
  const page = document.createElement('div');
  show(page);
  expect(() => expectNoSecrets(SECRETS, page)).toThrow(/captured/);
});
