/** The generated part of the reference: a page per entry point of the package, from the docstrings of `src/`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Application, Converter, type TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What users import, and the file of the source behind it. */
interface Entry {
  readonly name: string;
  readonly file: string;
}

/** Every entry point that the `exports` of package.json name. */
export function entries(): readonly Entry[] {
  const { name, exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    name: string;
    exports: Record<string, string | { types: string }>;
  };
  return Object.entries(exports).flatMap(([path, target]) => {
    if (typeof target === 'string') return [];
    const file = target.types.replace('./dist/', 'src/').replace('.d.ts', '.ts');
    return [{ name: name + path.slice(1), file }];
  });
}

/** Writes the pages into `folder`. Throws where TypeDoc warns, as of a type that is public and not exported. */
export async function writeReference(folder: string): Promise<void> {
  const options: TypeDocOptions & Partial<PluginOptions> & { readonly docsRoot: string } = {
    plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
    entryPoints: entries().map(({ file }) => root + file),
    tsconfig: fileURLToPath(new URL('tsconfig.reference.json', import.meta.url)),
    readme: 'none',
    out: folder,
    docsRoot: fileURLToPath(new URL('.pages', import.meta.url)),
    router: 'member',
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    disableSources: true,
    indexFormat: 'table',
    membersWithOwnFile: ['Class', 'Interface', 'Function', 'TypeAlias', 'Variable'],
    hidePageHeader: true,
    hideBreadcrumbs: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    tableColumnSettings: { hideModifiers: true },
    useCodeBlocks: true,
    expandObjects: true,
    // The types are checked by `npm run check`.
    skipErrorChecking: true,
    logLevel: 'Warn',
  };
  const app = await Application.bootstrapWithPlugins(options);
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const entry of project.children ?? []) {
      const { name } = entries().find(({ file }) => file === `src/${entry.name}.ts`) ?? entry;
      entry.name = name;
    }
  });
  const project = await app.convert();
  if (!project) throw new Error('The reference could not be read from the source: see above.');
  app.validate(project);
  await app.generateOutputs(project);
  const problems = app.logger.warningCount + app.logger.errorCount;
  if (problems > 0) throw new Error(`The reference has ${problems} problems: see above.`);
}
