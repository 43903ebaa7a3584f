import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { createServer, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, createServer as createVite, type InlineConfig } from 'vite';
import type { Files } from './dashboard-server.ts';

export interface AppOptions {
  /** The folder of the app. */
  readonly root: string;
  /** What the app finds in `import.meta.env`. */
  readonly settings: Readonly<Record<string, string>>;
}

/** The files of an app, and what ends their serving. */
export interface ServedFiles {
  readonly files: Files;
  close(): Promise<void>;
}

/** Found late, a dependency makes Vite load the page anew. */
const DEPENDENCIES = [
  'react/jsx-dev-runtime',
  'react-dom/client',
  '@tanstack/react-query',
  'ky',
  'eventemitter3',
  'oauth4webapi',
];

/** The sources as they are, with React's StrictMode at work. */
export async function sources(
  app: AppOptions,
  server: ReturnType<typeof createServer>,
): Promise<ServedFiles> {
  const vite = await createVite({
    ...configOf(app),
    server: { middlewareMode: { server }, hmr: { server }, watch: null },
    optimizeDeps: { include: DEPENDENCIES },
  });
  return { files: vite.middlewares, close: () => vite.close() };
}

/** One file of each kind, as it would be deployed. Where NODE_ENV is `test`, StrictMode is at work there, too. */
export async function bundle(app: AppOptions): Promise<ServedFiles> {
  const outDir = await mkdtemp(join(tmpdir(), 'react-dashboard-'));
  await build({ ...configOf(app), build: { outDir } });
  const page = await readFile(join(outDir, 'index.html'));
  return {
    files(request, response) {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      const type = TYPES[extname(pathname)];
      // Every other path is one of the app's own.
      if (type === undefined) return send(response, 200, 'text/html', page);
      readFile(join(outDir, 'assets', pathname.split('/').at(-1) ?? '')).then(
        (file) => send(response, 200, type, file),
        () => send(response, 404, 'text/plain', ''),
      );
    },
    close: () => rm(outDir, { recursive: true, force: true }),
  };
}

const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.css': 'text/css' };

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body);
}

function configOf({ root, settings }: AppOptions): InlineConfig {
  return {
    root,
    configFile: fileURLToPath(new URL('../vite.config.ts', import.meta.url)),
    logLevel: 'error',
    cacheDir: fileURLToPath(new URL('../../../node_modules/.vite/react-dashboard', import.meta.url)),
    define: Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [`import.meta.env.${name}`, JSON.stringify(value)]),
    ),
  };
}
