import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { run } from './command.ts';

const project = inject('project');
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** The aliases of TypeScript in package.json, and what they stand for. */
const compilers = [
  { alias: 'ts59', version: '5.9' },
  { alias: 'typescript', version: '6.0' },
  { alias: 'ts7', version: '7.0' },
];

interface Options {
  readonly lib: readonly string[];
  readonly types: readonly string[];
  readonly module: string;
  readonly moduleResolution: string;
}

/** `absent` must not be known, or the case is not what it says. */
const platforms = [
  { platform: 'the DOM', lib: ['es2022', 'dom'], types: [], file: 'page.ts', absent: 'process' },
  { platform: 'Node', lib: ['es2022'], types: ['node'], file: 'server.ts', absent: 'document' },
  { platform: 'React', lib: ['es2022', 'dom'], types: [], file: 'app.tsx', absent: 'process' },
];

const resolutions = [
  { moduleResolution: 'nodenext', module: 'nodenext' },
  { moduleResolution: 'bundler', module: 'esnext' },
];

const cases = compilers.flatMap((compiler) =>
  platforms.flatMap((platform) =>
    resolutions.map((resolution) => ({ ...compiler, ...platform, ...resolution })),
  ),
);

test.for(compilers)('$alias is TypeScript $version', async ({ alias, version }) => {
  const { stdout } = await run(project, process.execPath, compilerOf(alias), '--version');
  expect(stdout).toMatch(new RegExp(`^Version ${version.replace('.', '\\.')}\\.`));
});

test.for(cases)(
  'programs compile with TypeScript $version, the types of $platform and $moduleResolution',
  async ({ alias, file, absent, ...options }) => {
    const folder = join(project, [alias, file, options.moduleResolution].join('-'));
    const config = { compilerOptions: compilerOptions(options), files: filesFor(file, options.module) };
    await mkdir(folder);
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    await writeFile(join(folder, 'guard.ts'), `// @ts-expect-error it is not known here\nvoid ${absent};\n`);
    const { code, stdout } = await run(folder, process.execPath, compilerOf(alias));
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  },
);

/** Strict, and with the declarations of the package and of its dependencies checked. */
function compilerOptions({ lib, types, module, moduleResolution }: Options): Record<string, unknown> {
  return {
    target: 'es2022',
    lib,
    types,
    module,
    moduleResolution,
    typeRoots: [join(modules, '@types')],
    jsx: 'react-jsx',
    // Peers, which a user has installed beside the package.
    paths: {
      react: [join(modules, '@types/react/index.d.ts')],
      'react/*': [join(modules, '@types/react/*.d.ts')],
      '@tanstack/react-query': [join(modules, '@tanstack/react-query/build/modern/index.d.ts')],
    },
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
  };
}

/** CommonJS can require an ES module where Node resolves modules, and has a `require` where there are Node's types. */
function filesFor(file: string, module: string): string[] {
  const legacy = module === 'nodenext' && file === 'server.ts' ? ['../legacy.cts'] : [];
  return ['guard.ts', '../program.ts', `../${file}`, ...legacy];
}

/** By path: the three have one name for their command. */
function compilerOf(alias: string): string {
  return join(modules, alias, 'bin/tsc');
}
