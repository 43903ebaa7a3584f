import { expect, test, vi } from 'vitest';
import { runProgram } from '../../examples/demo/run-program.ts';

// Each program is a process of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

test('the demo shows all that it promises, in plain text of at most 100 columns', async () => {
  const { code, lines } = await runProgram('demo.ts', {});
  expect(lines.filter((line) => line.includes('FAIL'))).toEqual([]);
  expect(lines.filter((line) => line.startsWith('  ok   '))).toHaveLength(17);
  expect(lines.at(-1)).toBe('All of it happened.');
  expect(code).toBe(0);
  // A single word, such as an address, cannot be broken.
  const long = lines.filter((line) => line.length > 100 && line.trim().split(' ').length > 2);
  expect(long).toEqual([]);
  expect(lines.join('\n')).not.toContain('\u001B[');
});
