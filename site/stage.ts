/**
 * Copies the pages of the repository to where the site is built from. They are written to be read on GitHub, so on
 * the way links to other files become links to the repository, and each page learns its address there.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addressOf, PAGES } from './navigation.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Where the site is built from. */
export const STAGE: string = fileURLToPath(new URL('.pages', import.meta.url));

/** The repository on the web, as package.json has it. */
export const REPOSITORY: string = (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { repository: { url: string } }
).repository.url.replace(/^git\+|\.git$/g, '');

/** Forgets what was copied and made before. */
export function clean(): void {
  rmSync(STAGE, { recursive: true, force: true });
}

/** Copies everything that is written by hand. Throws where a link leads nowhere. */
export function stage(): void {
  for (const page of PAGES) {
    const text = textOf(page);
    const head = { edit: `${REPOSITORY}/edit/main/${page}`, description: summaryOf(text) };
    write(fileOf(page), `${frontMatter(head)}${withLinksOfTheSite(text, page)}`);
  }
  const home = readFileSync(new URL('home.md', import.meta.url), 'utf8').replace('<!-- facts -->', facts());
  write('index.md', withLinksOfTheSite(home, 'site/home.md'));
  cpSync(fileURLToPath(new URL('public', import.meta.url)), join(STAGE, 'public'), { recursive: true });
  const pictures = filesIn('docs').filter((file) => !file.endsWith('.md'));
  for (const file of pictures) cpSync(join(root, file), join(STAGE, relative('docs', file)));
}

/** The text of a page of the repository. */
export function textOf(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

/** The first paragraph of a page as plain text. */
export function summaryOf(text: string): string {
  const paragraphs = text.split(/\n{2,}/).filter((part) => /^[\p{L}`[*]/u.test(part));
  return (paragraphs[0] ?? '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^\*\*Decision\.\*\* /, '')
    .replace(/[`*]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The title of a page, as its section shows it. */
export function titleOf(page: string): string {
  const [, title = page] = /^# (.+)$/m.exec(textOf(page)) ?? [];
  const plain = title.replaceAll('`', '').replace(/^Tutorial: /, '');
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** The links of `text`, which is the file `page` of the repository, as the site needs them. */
export function withLinksOfTheSite(text: string, page: string): string {
  // Every second part is code, where brackets are no links.
  const parts = text.split(/(^```[\s\S]*?^```$|`[^`\n]*`)/m);
  return parts.map((part, at) => (at % 2 === 1 ? part : part.replace(/(\]\()([^)\s]+)/g, rewrite))).join('');

  function rewrite(_: string, before: string, target: string): string {
    return before + linkOfTheSite(target, page);
  }
}

function linkOfTheSite(target: string, page: string): string {
  if (/^(?:[a-z]+:|#)/.test(target)) return target;
  const [path = '', hash] = target.split('#', 2);
  const anchor = hash === undefined ? '' : `#${hash}`;
  const file = posix.join(posix.dirname(page), decodeURI(path)).replace(/\/$/, '');
  if (!existsSync(join(root, file))) throw new Error(`${page}: the link ${target} leads nowhere.`);
  if (PAGES.includes(file)) return `/${fileOf(file)}${anchor}`;
  const index = PAGES.find((each) => each === `${file}/index.md` || each === `${file}/README.md`);
  if (index !== undefined) return `/${fileOf(index)}${anchor}`;
  if (file.startsWith('docs/') && !file.endsWith('.md') && statSync(join(root, file)).isFile()) return target;
  const kind = statSync(join(root, file)).isDirectory() ? 'tree' : 'blob';
  return `${REPOSITORY}/${kind}/main/${file}${anchor}`;
}

/** The table of what is measured, from the README. */
function facts(): string {
  const table = textOf('README.md').split(/<!-- \/?facts -->/)[1];
  if (table === undefined)
    throw new Error('README.md has no table between <!-- facts --> and <!-- /facts -->.');
  return table.trim();
}

/** The file of a page below the folder that the site is built from. */
function fileOf(page: string): string {
  const address = addressOf(page).slice(1);
  return address === '' || address.endsWith('/') ? `${address}index.md` : `${address}.md`;
}

function frontMatter(head: Readonly<Record<string, string>>): string {
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `---\n${lines.join('\n')}\n---\n\n`;
}

function write(file: string, text: string): void {
  const target = join(STAGE, file);
  mkdirSync(dirname(target), { recursive: true });
  // What is the same is left alone: a server that watches would show it anew.
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);
}

/** Every file of a folder of the repository, from its root. */
export function filesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted();
}
