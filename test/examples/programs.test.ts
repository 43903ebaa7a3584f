import { expect, test, vi } from 'vitest';
import { runProgram } from '../../examples/demo/run-program.ts';

// Each program is a process of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

test('five calls of the OpenAI SDK with one dead token cost one refresh, and openapi-fetch keeps its types', async () => {
  const { code, lines } = await runProgram('drop-in-fetch.ts', {});
  expect(lines).toEqual([
    'openai: one, two, three, four, five',
    'openai: 5 requests were refused, 1 token was fetched for them',
    'openapi-fetch: Europe/Lisbon, Atlantic/Madeira, Atlantic/Azores',
  ]);
  expect(code).toBe(0);
});

test('a strategy of one’s own signs requests that a server accepts, and only with the right secret', async () => {
  const { code, lines } = await runProgram('custom-strategy.ts', {});
  expect(lines).toEqual([
    'The server knows the caller: key-1.',
    'The server has the body that was signed.',
    'With another secret it answers 401.',
    'It was signed with key-1.',
  ]);
  expect(code).toBe(0);
});
