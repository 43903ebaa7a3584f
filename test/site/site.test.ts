import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { deadLinks } from '../../site/check-links.ts';
import { diagramsIn } from '../../site/draw.ts';
import { llmsText } from '../../site/llms.ts';
import { addressOf, PAGES, slugOf } from '../../site/navigation.ts';
import { filesIn, summaryOf, textOf, withLinksOfTheSite } from '../../site/stage.ts';

const written = filesIn('docs').filter((file) => file.endsWith('.md'));

test('the navigation of the site has every page of docs once, and no other', () => {
  expect(PAGES.toSorted()).toEqual(['CHANGELOG.md', ...written].toSorted());
});

test('no two pages have the same address', () => {
  expect(new Set(PAGES.map((page) => addressOf(page).toLowerCase())).size).toBe(PAGES.length);
});

test('an error page is where the messages of errors say', () => {
  expect(addressOf('docs/errors/TIMEOUT.md')).toBe('/errors/TIMEOUT');
});

test.each(written)('%s can be shown on the site: each of its links leads somewhere', (page) => {
  expect(withLinksOfTheSite(textOf(page), page)).not.toMatch(/\]\(\.\.?\//);
});

test('a link to a page leads to its address, and one to another file to the repository', () => {
  const on = (link: string): string => withLinksOfTheSite(`[a](${link})`, 'docs/guide/client.md');
  expect(on('oauth.md#what-runs')).toBe('[a](/guide/oauth.md#what-runs)');
  expect(on('../errors')).toBe('[a](/errors/index.md)');
  expect(on('../decisions')).toBe('[a](/decisions/index.md)');
  expect(on('../decisions/README.md')).toBe('[a](/decisions/index.md)');
  expect(on('../../src/client.ts')).toBe(
    '[a](https://github.com/fetch-valet/fetch-valet/blob/main/src/client.ts)',
  );
  expect(on('../../examples')).toBe('[a](https://github.com/fetch-valet/fetch-valet/tree/main/examples)');
  expect(on('https://example.com')).toBe('[a](https://example.com)');
  expect(on('#events')).toBe('[a](#events)');
  expect(() => on('../../src/nowhere.ts')).toThrow('docs/guide/client.md: the link ../../src/nowhere.ts');
});

test('brackets in code are no links', () => {
  const text = '`list[0](../x)` and\n\n```ts\nconst a = list[0](../x);\n```\n';
  expect(withLinksOfTheSite(text, 'docs/guide/client.md')).toBe(text);
});

test('a heading has the id that GitHub gives it', () => {
  expect(slugOf('Options of `accessToken()`')).toBe('options-of-accesstoken');
  expect(slugOf('A fleet, on Redis')).toBe('a-fleet-on-redis');
  expect(slugOf('`fetch-valet/oauth` & more')).toBe('fetch-valetoauth--more');
});

test('a page says in its first sentence what it is about, without marks', () => {
  expect(summaryOf('# Title\n\nWhat `a` does, by [b](c.md).\n\nMore.')).toBe('What a does, by b.');
});

test('the list for language models has every page, with its address as Markdown', () => {
  const text = llmsText();
  expect(text).toMatch(/^# fetch-valet\n\n> /);
  for (const page of written) {
    const address = addressOf(page);
    expect(text).toContain(
      `(https://fetch-valet.dev${address.endsWith('/') ? `${address}index` : address}.md)`,
    );
  }
});

test('a dead link and a dead anchor are found, a live one is not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fetch-valet-site-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const links = [
    '/b',
    '/b#there',
    '/b#gone',
    '/gone',
    '/c/',
    '/picture.png',
    'https://example.com/x',
    '#top',
  ];
  const write = (file: string, html: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), html);
  };
  write('a.html', `<h1 id="top">a</h1>${links.map((link) => `<a class="x" href="${link}">x</a>`).join('')}`);
  write('b.html', '<h2 id="there">b</h2>');
  write('c/index.html', '');
  write('picture.png', '');
  expect(deadLinks(folder)).toEqual(['a.html: /b#gone', 'a.html: /gone']);
});

test('every diagram of the pages is found', () => {
  const blocks = PAGES.map((page) => textOf(page).split('```mermaid').length - 1);
  expect(PAGES.map((page) => diagramsIn(textOf(page)).length)).toEqual(blocks);
  expect(Math.max(...blocks)).toBeGreaterThan(0);
});
