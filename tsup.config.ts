import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts', fetch: 'src/fetch.ts' },
  format: 'esm',
  target: 'es2023',
  tsconfig: 'tsconfig.src.json',
  dts: true,
  splitting: true,
  sourcemap: true,
  clean: true,
});
