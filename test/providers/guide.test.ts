import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };

test('the guide names the versions that are run here', () => {
  const guide = readFileSync(new URL('../../docs/guide/providers.md', import.meta.url), 'utf8');
  const rows = [...guide.matchAll(/^\| `([@\w/-]+)` (\S+) \|/gm)].map(([, name = '', version]) => [
    name,
    version,
  ]);
  const installed: Readonly<Record<string, string>> = manifest.devDependencies;

  expect(rows).toHaveLength(6);
  expect(rows).toEqual(rows.map(([name = '']) => [name, installed[name]]));
});
