import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const sources = fileURLToPath(new URL('../../src', import.meta.url));

export default defineConfig({
  plugins: [react()],
  // In an app of your own the package is installed, and this is not there.
  resolve: {
    alias: [
      { find: /^fetch-valet$/, replacement: `${sources}/index.ts` },
      { find: /^fetch-valet\/(.+)$/, replacement: `${sources}/$1.ts` },
    ],
  },
});
