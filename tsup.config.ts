import { defineConfig } from 'tsup';

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
  sourcemap: true,
  clean: true,
});
