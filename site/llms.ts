/** The site for language models (https://llmstxt.org): a list of the pages, and each page as the Markdown it is made of. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addressOf, SECTIONS } from './navigation.ts';
import { STAGE, summaryOf, textOf, titleOf } from './stage.ts';

const root = new URL('../', import.meta.url);

/** Writes `llms.txt` and the Markdown of all pages into the built site in `folder`. */
export function writeForModels(folder: string): void {
  const pages = readdirSync(STAGE, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.md'),
  );
  for (const page of pages) cpSync(join(STAGE, page), join(folder, page));
  writeFileSync(join(folder, 'llms.txt'), llmsText());
}

/** The list: what it is, and one line for each page. */
export function llmsText(): string {
  const { name, homepage, description } = JSON.parse(
    readFileSync(new URL('package.json', root), 'utf8'),
  ) as Record<'name' | 'homepage' | 'description', string>;
  const line = (page: string): string => {
    const address = addressOf(page);
    const file = address.endsWith('/') ? `${address}index.md` : `${address}.md`;
    const [sentence = ''] = summaryOf(textOf(page)).split(/(?<=[.?]) (?=\p{Lu})/u);
    return `- [${titleOf(page)}](${homepage}${file})${sentence === '' ? '' : `: ${sentence}`}`;
  };
  const sections = SECTIONS.map(({ title, groups }) => {
    return `## ${title}\n\n${groups.flatMap(({ pages }) => pages.map(line)).join('\n')}\n`;
  });
  const api = `## Generated reference\n\n- [Every entry point](${homepage}/api/index.md): from the docstrings.\n`;
  return `# ${name}\n\n> ${description}\n\n${[...sections, api].join('\n')}`;
}
