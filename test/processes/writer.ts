/** A program that stores one document after another, as fast as it can. */
import process from 'node:process';
import { createFileStore } from '../../src/stores/file.ts';
import { following, readDocument } from '../../src/token/document.ts';

const store = createFileStore(process.argv[2] ?? '');
for (;;) {
  const document = readDocument(await store.read());
  const next = following(document, { idToken: 'x'.repeat(200_000) }, 0);
  if (await store.swap(document, next)) process.send?.(next.version);
}
