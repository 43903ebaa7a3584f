/**
 * Where a reader finds which page: the four kinds of documentation (https://diataxis.fr), in the order in which they
 * are read. Every page of `docs/` is here once; a test compares. Titles are those of the pages.
 */
import { readdirSync } from 'node:fs';

/** Pages under one heading. */
export interface Group {
  readonly title: string;
  /** Files, from the root of the repository. */
  readonly pages: readonly string[];
  /** Whether only the heading is shown at first. */
  readonly folded?: true;
}

/** One of the kinds. */
export interface Section {
  readonly title: string;
  readonly groups: readonly Group[];
}

const docs = new URL('../docs/', import.meta.url);

/** All pages of a folder: for those whose names say enough. */
function all(folder: string): readonly string[] {
  const files = readdirSync(new URL(`${folder}/`, docs)).filter((file) => file.endsWith('.md'));
  return files.toSorted().map((file) => `docs/${folder}/${file}`);
}

const guide = (...names: readonly string[]): readonly string[] =>
  names.map((name) => `docs/guide/${name}.md`);
const explain = (...names: readonly string[]): readonly string[] =>
  names.map((name) => `docs/explain/${name}.md`);

export const SECTIONS: readonly Section[] = [
  {
    title: 'Tutorial',
    groups: [
      { title: 'Tutorial', pages: ['docs/tutorial/first-session.md', 'docs/guide/react-tutorial.md'] },
    ],
  },
  {
    title: 'How-to guides',
    groups: [
      {
        title: 'Get a credential',
        pages: guide('which-one', 'api-keys', 'token-providers', 'providers', 'oauth', 'own-strategies'),
      },
      {
        title: 'Keep a session',
        pages: guide('users-and-scopes', 'shared-sessions', 'bound-tokens', 'discovery'),
      },
      { title: 'Use it with', pages: guide('react', 'tanstack-query', 'drop-in', 'typed-apis') },
      { title: 'Run it', pages: guide('i-get-a-401', 'questions', 'errors', 'monitoring', 'testing') },
      { title: 'Move to it', pages: guide('migrating') },
    ],
  },
  {
    title: 'Explanation',
    groups: [
      {
        title: 'How it works',
        pages: explain(
          'a-request',
          'one-refresh-for-many',
          'late-401',
          'one-session-for-all',
          'session-states',
          'threat-model',
          'threats-to-a-login',
        ),
      },
      { title: 'Why', pages: explain('comparison') },
      { title: 'Decisions', pages: all('decisions'), folded: true },
    ],
  },
  {
    title: 'Reference',
    groups: [
      {
        title: 'By hand',
        pages: [...guide('client', 'limits'), ...explain('rules', 'words')],
      },
      { title: 'Error codes', pages: all('errors'), folded: true },
    ],
  },
];

/** Pages that are no documentation of their own, but belong on the site. */
export const ALSO: readonly string[] = ['CHANGELOG.md'];

export const PAGES: readonly string[] = [
  ...SECTIONS.flatMap(({ groups }) => groups.flatMap(({ pages }) => pages)),
  ...ALSO,
];

/** The address of a page on the site, without the domain: `docs/guide/client.md` is `/guide/client`. */
export function addressOf(page: string): string {
  const path = page
    .replace(/^docs\//, '')
    .replace(/\.md$/, '')
    .replace(/(^|\/)(?:README|index)$/, '$1');
  return `/${path === 'CHANGELOG' ? 'changelog' : path}`;
}

/** The id of a heading, as GitHub makes it: a link to it works in both places. */
export function slugOf(text: string): string {
  const known = text.trim().toLowerCase();
  return known.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
}
