import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../.github/workflows/', import.meta.url));
const workflows = readdirSync(folder).map(
  (name) => [name, readFileSync(`${folder}${name}`, 'utf8')] as const,
);

test.each(workflows)('%s runs only actions that are pinned by their commit', (_, text) => {
  const used = [...text.matchAll(/\buses: (\S+)(.*)$/gm)];
  expect(used.length).toBeGreaterThan(0);
  const loose = used.filter(
    ([, action = '', comment]) => !/@[\da-f]{40}$/.test(action) || !/# v\d/.test(comment ?? ''),
  );
  expect(loose).toEqual([]);
});

test.each(workflows)('%s has no permission but those that a job asks for', (_, text) => {
  expect(text).toMatch(/^permissions: \{\}$/m);
  const jobs =
    text
      .split(/^jobs:$/m)[1]
      ?.split(/^ {2}(?=\w+:$)/m)
      .slice(1) ?? [];
  expect(jobs.length).toBeGreaterThan(0);
  expect(jobs.filter((job) => !/^ {4}permissions:$/m.test(job))).toEqual([]);
});

test('nothing is published with a token that could be stolen', () => {
  const all = workflows.map(([, text]) => text).join('\n');
  expect(all).not.toMatch(/secrets\.|NODE_AUTH_TOKEN|NPM_TOKEN/);
  expect(all.match(/id-token: write/g)).toHaveLength(1);
});
