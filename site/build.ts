/**
 * Builds the site: `node site/build.ts [build|dev|preview]`. `npm run docs` does this too, and installs what it needs.
 */
import { watch } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build, createServer, serve } from 'vitepress';
import { deadLinks } from './check-links.ts';
import { diagramsIn, draw } from './draw.ts';
import { writeForModels } from './llms.ts';
import { PAGES } from './navigation.ts';
import { writeReference } from './reference.ts';
import { clean, STAGE, stage, textOf } from './stage.ts';

const site = fileURLToPath(new URL('.', import.meta.url));
const dist = join(site, '.vitepress/dist');

/** Everything that the site is built from. */
async function prepare(): Promise<void> {
  clean();
  await prepareWritten();
  await writeReference(join(STAGE, 'api'));
}

async function prepareWritten(): Promise<void> {
  stage();
  await draw(PAGES.flatMap((page) => diagramsIn(textOf(page))));
}

const commands: Readonly<Record<string, () => Promise<number>>> = {
  async build() {
    await prepare();
    await build(site);
    writeForModels(dist);
    const dead = deadLinks(dist);
    for (const link of dead) console.error(`dead link in ${link}`);
    return dead.length === 0 ? 0 : 1;
  },

  async dev() {
    await prepare();
    const server = await createServer(site);
    await server.listen();
    server.printUrls();
    watch(join(site, '../docs'), { recursive: true }, () => {
      prepareWritten().catch((error: unknown) => console.error(error));
    });
    return await new Promise(() => {});
  },

  async preview() {
    await serve({ root: site, port: 4173 });
    return await new Promise(() => {});
  },
};

const [name = 'build'] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  console.error(`usage: node site/build.ts ${Object.keys(commands).join('|')}`);
  process.exitCode = 2;
} else {
  process.exitCode = await command();
}
