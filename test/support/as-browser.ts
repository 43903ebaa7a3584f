/** Runs `run` on what `detectPlatform()` takes for a browser: a window of Electron, which has a document. */
export async function asBrowser<T>(run: () => T): Promise<Awaited<T>> {
  const globals = globalThis as { document?: unknown };
  const { process } = globalThis as unknown as { process: { type?: string } };
  const { document } = globals;
  globals.document = {};
  process.type = 'renderer';
  try {
    return await run();
  } finally {
    if (document === undefined) delete globals.document;
    else globals.document = document;
    delete process.type;
  }
}
