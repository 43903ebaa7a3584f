import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { runProgram } from '../../examples/demo/run-program.ts';
import { type PublicDataApi, startPublicDataApi } from '../../examples/servers/public-data-api.ts';

// Each program is a process of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const key = "tz_live_it's a key?&=".replaceAll(' ', '_');
let api: PublicDataApi;
let before = 0;

beforeAll(async () => {
  api = await startPublicDataApi({ keys: [key] });
});
beforeEach(() => {
  before = api.requests.length;
});
afterAll(() => api.close());

test('the script sends its key in a header and in a query, and prints real data', async () => {
  const { code, lines } = await runProgram('server-script.ts', environment(key));
  expect(lines).toContain('KZ has 7 time zones:');
  expect(lines).toContain('  Asia/Almaty (most of Kazakhstan)');
  expect(lines.at(-1)).toBe('Of 247 countries, United States has the most: 29.');
  expect(code).toBe(0);
  expect(api.requests.slice(before)).toEqual([
    { method: 'GET', path: '/v1/zones?country=KZ', keyFrom: 'header', status: 200 },
    { method: 'GET', path: '/v1/countries', keyFrom: 'query', status: 200 },
  ]);
});

test('a missing key is told before anything is sent', async () => {
  const { code, lines } = await runProgram('server-script.ts', environment(undefined));
  expect(code).toBe(1);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('MISSING_API_KEY');
  expect(api.requests).toHaveLength(before);
});

test('a wrong key is sent once, and the message quotes the server', async () => {
  const { code, lines } = await runProgram('server-script.ts', environment('tz_test_0123456789abcdef'));
  expect(code).toBe(1);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('The API key in the header is not known');
  expect(lines[0]).not.toContain('tz_test_0123456789abcdef');
  expect(api.requests.slice(before).map(({ status }) => status)).toEqual([401]);
});

test('the curl lines hold no key, and run in a shell that knows it', async () => {
  const { lines } = await runProgram('server-script.ts', { ...environment(key), DEBUG: 'curl' });
  const commands = lines.flatMap((line) => line.split(/(?= curl -X )/)[1] ?? []);
  expect(commands).toHaveLength(2);
  expect(commands.join()).not.toContain(key);
  expect(commands.join()).not.toContain(encodeURIComponent(key));
  const [byHeader, byQuery] = commands.map((command) => argumentsOf(command, 'THE-KEY'));
  expect(byHeader).toContain('x-api-key: THE-KEY');
  expect(byQuery).toContain(`${api.url}/countries?appid=THE-KEY`);
});

function environment(value: string | undefined): Record<string, string | undefined> {
  return { TIME_ZONES_URL: api.url, TIME_ZONES_KEY: value, DEBUG: undefined };
}

/** What a shell would hand to curl. */
function argumentsOf(command: string, credential: string): string[] {
  const script = `curl() { printf '%s\\n' "$@"; };${command}`;
  const env = { ...process.env, CREDENTIAL: credential };
  return execFileSync('sh', ['-c', script], { env, encoding: 'utf8' }).trim().split('\n');
}
