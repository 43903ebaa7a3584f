import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DefaultTheme, defineConfig } from 'vitepress';
import { addressOf, SECTIONS, slugOf } from '../navigation.ts';
import { REPOSITORY, STAGE, titleOf } from '../stage.ts';
import { diagrams, plainBraces } from './markdown.ts';

const { name, description, homepage } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as Record<'name' | 'description' | 'homepage', string>;

/** The written pages of one kind, by their headings. */
function writtenSidebar(title: string): DefaultTheme.SidebarItem[] {
  const { groups = [] } = SECTIONS.find((section) => section.title === title) ?? {};
  return groups.map((group) => ({
    text: group.title,
    ...(group.folded && { collapsed: true }),
    items: group.pages.map((page) => ({ text: titleOf(page), link: addressOf(page) })),
  }));
}

/**
 * What TypeDoc made: for each entry point a sidebar with its members, and one that lists the entry points. TypeDoc nests
 * entry points by their names; here they stand side by side.
 */
function generatedSidebars(): Record<string, DefaultTheme.SidebarItem[]> {
  const file = join(STAGE, 'api/typedoc-sidebar.json');
  if (!existsSync(file)) return {};
  const isEntry = (item: DefaultTheme.SidebarItem): boolean => item.link?.endsWith('/') === true;
  const flat = (entry: DefaultTheme.SidebarItem): DefaultTheme.SidebarItem[] => [
    entry,
    ...(entry.items ?? []).filter(isEntry).flatMap(flat),
  ];
  const nameOf = ({ link = '' }: DefaultTheme.SidebarItem): string => link.replace(/^\/api\/|\/$/g, '');
  const found = (JSON.parse(readFileSync(file, 'utf8')) as DefaultTheme.SidebarItem[]).flatMap(flat);
  const list: DefaultTheme.SidebarItem = {
    text: 'Entry points',
    link: '/api/',
    items: found.map((entry) => ({ text: nameOf(entry), link: entry.link ?? '' })),
  };
  const sidebars = found.map((entry) => {
    const kinds = (entry.items ?? []).filter((item) => !isEntry(item));
    const members = kinds.toReversed().map((kind) => ({ ...kind, collapsed: false }));
    return [entry.link ?? '', [{ text: nameOf(entry), link: entry.link ?? '' }, ...members, list]] as const;
  });
  return { ...Object.fromEntries(sidebars), '/api/': [...writtenSidebar('Reference'), list] };
}

const start = [...writtenSidebar('Tutorial'), ...writtenSidebar('How-to guides')];
const explanation = writtenSidebar('Explanation');
const reference = [
  ...writtenSidebar('Reference'),
  { text: 'Entry points', items: [{ text: 'Generated from the source', link: '/api/' }] },
  { text: 'History', items: [{ text: 'Changes', link: '/changelog' }] },
];

export default defineConfig({
  title: name,
  description,
  lang: 'en-GB',
  srcDir: '.pages',
  cleanUrls: true,
  sitemap: { hostname: homepage },
  head: [
    ['link', { rel: 'icon', href: '/icon.svg', type: 'image/svg+xml' }],
    ['meta', { name: 'theme-color', content: '#0f766e' }],
  ],
  // Pages that nobody wrote cannot be edited.
  transformPageData(page) {
    if (page.frontmatter.edit === undefined) page.frontmatter.editLink = false;
  },
  vite: { build: { chunkSizeWarningLimit: 2_000 } },
  markdown: {
    anchor: { slugify: slugOf },
    theme: { light: 'github-light', dark: 'github-dark' },
    config(md) {
      diagrams(md);
      plainBraces(md);
    },
    // Braces behind code belong to the sentence.
    attrs: { disable: true },
  },
  themeConfig: {
    logo: '/icon.svg',
    nav: [
      { text: 'Tutorial', link: '/tutorial/first-session', activeMatch: '^/tutorial/' },
      { text: 'Guides', link: '/guide/which-one', activeMatch: '^/guide/(?!client|limits)' },
      {
        text: 'Explanation',
        link: '/explain/a-request',
        activeMatch: '^/(explain/(?!rules|words)|decisions)',
      },
      {
        text: 'Reference',
        link: '/guide/client',
        activeMatch: '^/(guide/(client|limits)|explain/(rules|words)|errors|api)',
      },
    ],
    sidebar: {
      // Of two that fit and are as deep, VitePress takes the first one.
      '/explain/rules': reference,
      '/explain/words': reference,
      '/explain/': explanation,
      '/decisions/': explanation,
      '/guide/client': reference,
      '/guide/limits': reference,
      '/errors/': reference,
      '/changelog': reference,
      '/': start,
      ...generatedSidebars(),
    },
    outline: { level: [2, 3] },
    search: {
      provider: 'local',
      options: {
        detailedView: true,
        // How to do it comes before what is generated, and before why it was decided.
        miniSearch: {
          searchOptions: {
            boostDocument: (page: string): number => {
              if (/^\/guide\/(?!testing)/.test(page)) return 2;
              return /^\/(?:api|decisions)\//.test(page) ? 0.4 : 1;
            },
          },
        },
      },
    },
    editLink: { pattern: ({ frontmatter }) => frontmatter.edit, text: 'Edit this page' },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    footer: { message: 'MIT licence', copyright: 'The code on these pages is run by the tests.' },
  },
});
