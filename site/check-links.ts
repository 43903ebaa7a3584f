/** Looks whether every link inside the built site has a page, and every anchor an element with its id. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** What is wrong with the site in `folder`: one line for each dead link. */
export function deadLinks(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.html'),
  );
  const pages = new Map(files.map((file) => [posix.normalize(file.replaceAll('\\', '/')), file]));
  const texts = new Map([...pages].map(([page, file]) => [page, readFileSync(join(folder, file), 'utf8')]));
  const ids = new Map(
    [...texts].map(([page, html]) => [
      page,
      new Set([...html.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id)),
    ]),
  );
  const isDead = (from: string, link: string): boolean => {
    const { pathname, hash, origin } = new URL(link.replaceAll('&amp;', '&'), `https://site.invalid/${from}`);
    if (origin !== 'https://site.invalid') return false;
    const path = decodeURIComponent(pathname).slice(1);
    const page = [path, `${path}.html`, `${path}index.html`].find((name) => pages.has(name));
    if (page === undefined) return !existsSync(join(folder, path)) || path.endsWith('/');
    return hash !== '' && !ids.get(page)?.has(decodeURIComponent(hash.slice(1)));
  };
  return [...texts].flatMap(([from, html]) => {
    const links = new Set([...html.matchAll(/<a\b[^>]*\bhref="([^"]+)"/g)].map(([, link = '']) => link));
    return [...links].filter((link) => isDead(from, link)).map((link) => `${from}: ${link}`);
  });
}
