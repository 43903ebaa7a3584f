import { dirname, resolve } from 'node:path';
import { defineConfig, type Options } from 'tsup';

type EsbuildPlugin = NonNullable<Options['esbuildPlugins']>[number];

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    fetch: 'src/fetch.ts',
    stores: 'src/stores.ts',
    oauth: 'src/oauth.ts',
    'oauth-node': 'src/oauth-node.ts',
    'stores-node': 'src/stores-node.ts',
    'stores-redis': 'src/stores-redis.ts',
    react: 'src/react.ts',
    'tanstack-query': 'src/tanstack-query.ts',
    testing: 'src/testing.ts',
    'testing-react': 'src/testing-react.ts',
  },
  format: 'esm',
  target: 'es2023',
  tsconfig: 'tsconfig.src.json',
  // For [Symbol.dispose], so that `using client = new Client(…)` compiles whatever `lib` the user has. A
  // reference in a source file would end up in the middle of the bundled declarations, where it has no effect.
  dts: {
    banner: '/// <reference lib="esnext.disposable" />',
    // Only some of the stores know Node; no declaration does.
    compilerOptions: { types: ['node'] },
  },
  splitting: true,
  esbuildPlugins: [oneCore('src/fetch.ts')],
  sourcemap: true,
  clean: true,
});

/**
 * What `fetch` imports is one file, `core.js`, that all others import too. Left to itself esbuild makes a file for
 * each set of entries that share something: six for `fetch-valet/fetch`, and half of its cold start
 * (docs/decisions/0024-one-core-file.md).
 */
function oneCore(fetch: string): EsbuildPlugin {
  const NAME = 'core';
  return {
    name: 'one-core',
    async setup(build) {
      const { metafile } = await build.esbuild.build({
        entryPoints: [fetch],
        bundle: true,
        packages: 'external',
        metafile: true,
        write: false,
        logLevel: 'silent',
      });
      const files = Object.keys(metafile.inputs).filter((file) => file !== fetch);
      const core = new Set(files.map((file) => resolve(file)));

      build.initialOptions.entryPoints = { ...(build.initialOptions.entryPoints as object), [NAME]: NAME };
      build.onResolve({ filter: /^core$/ }, ({ kind }) =>
        kind === 'entry-point' ? { path: NAME, namespace: NAME } : undefined,
      );
      build.onLoad({ filter: /^/, namespace: NAME }, () => ({
        contents: files.map((file) => `export * from './${file}';`).join('\n'),
        resolveDir: process.cwd(),
      }));
      build.onResolve({ filter: /^\.{1,2}\// }, ({ path, importer, namespace, kind }) => {
        if (kind === 'entry-point' || namespace === NAME || core.has(importer)) return;
        const file = resolve(dirname(importer), path);
        if (core.has(file)) return { path: `./${NAME}.js`, external: true };
        return file === resolve(fetch) ? { path: './fetch.js', external: true } : undefined;
      });
    },
  };
}
