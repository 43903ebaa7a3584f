import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { apiKey, bearer, Client, combine } from '../../src/index.ts';
import { createFakeFetch, ok, redirect } from '../support/fake-fetch.ts';

const KEY = 'kF9-secret+value/0123456789';

/** The commands that `debug: 'curl'` prints for what `run` does. */
async function traced(
  strategy: ConstructorParameters<typeof Client>[0],
  run: (client: Client) => Promise<unknown>,
): Promise<{ commands: string[]; requests: Request[] }> {
  const lines: string[] = [];
  const fetch = createFakeFetch(ok);
  const client = new Client(strategy, {
    baseUrl: 'https://api.test',
    debug: 'curl',
    logger: { debug: (line) => void lines.push(line), warn() {} },
    runtime: { fetch },
  });
  await run(client);
  const commands = lines.flatMap((line) => /^fetch-valet \S+ (curl .*)$/s.exec(line)?.[1] ?? []);
  return { commands, requests: fetch.calls.map(({ request }) => request) };
}

/** What a shell calls curl with, where `$CREDENTIAL` is `credential`. */
function argumentsOf(command: string, credential: string): string[] {
  const script = `curl() { for each; do printf '%s\\0' "$each"; done; }; ${command}`;
  const env = { ...process.env, CREDENTIAL: credential };
  return execFileSync('sh', ['-c', script], { env, encoding: 'utf8' }).split('\0').slice(0, -1);
}

test.each([
  ['a key in a header', () => apiKey(KEY)],
  ['a key in the query', () => apiKey(KEY, { in: 'query' })],
  ['a key with a name of its own', () => apiKey(KEY, { name: 'x-auth', scheme: 'Pass' })],
  ['a bearer key', () => bearer(KEY)],
  ['several credentials', () => combine([bearer(KEY), apiKey(KEY, { in: 'query' })])],
])('a line can be run in a shell, and holds a variable in place of %s', async (_, strategy) => {
  const body = `it's "quoted", $HOME, \`id\`, \\ and ${'\n'} more`;
  const { commands, requests } = await traced(strategy(), (client) =>
    client.fetch("/x/it's?q=%27$HOME&b=`id`", {
      method: 'PUT',
      body,
      headers: { 'x-mine': `it's $HOME "and" \`id\`` },
    }),
  );

  expect(commands).toHaveLength(1);
  const [command = ''] = commands;
  expect(command).toContain('$CREDENTIAL');
  expect(command).not.toContain('secret');
  const credential = command.includes('=\'"$CREDENTIAL') ? encodeURIComponent(KEY) : KEY;
  const [, method, url, ...rest] = argumentsOf(command, credential);
  const [sent] = requests;
  expect([method, url]).toEqual(['PUT', sent?.url]);
  const headers = rest.filter((_, index) => rest[index - 1] === '-H');
  expect(headers).toContain(`x-mine: it's $HOME "and" \`id\``);
  expect(rest.at(-1)).toBe(body);
});

test("a caller's own secrets are variables, too", async () => {
  const headers = { cookie: 'sid=mine-0123', 'x-api-key': 'mine-0123', 'x-csrf-token': 'mine-0123' };
  const { commands } = await traced(bearer(KEY), (client) => client.fetch('/x', { headers }));

  expect(commands[0]).not.toContain('mine');
  for (const name of Object.keys(headers)) expect(commands[0]).toContain(name);
});

test('text that begins with @ is a body, not the name of a file', async () => {
  const { commands } = await traced(bearer(KEY), (client) =>
    client.fetch('/x', { method: 'POST', body: '@/etc/passwd' }),
  );

  expect(argumentsOf(commands[0] ?? '', KEY)).toContain('--data-raw');
});

test('a body that is not text is named, not printed', async () => {
  const { commands } = await traced(bearer(KEY), (client) =>
    client.fetch('/x', { method: 'POST', body: new Uint8Array([1, 2, 3]) }),
  );

  expect(commands[0]).toContain('@body');
});

test('HEAD is asked for as curl wants it', async () => {
  const { commands } = await traced(bearer(KEY), (client) => client.head('x'));

  // With `-X HEAD` curl would wait for a body that never comes.
  expect(argumentsOf(commands[0] ?? '', KEY)[0]).toBe('--head');
});

test('each send is a line of its own: hops and replays, too', async () => {
  const lines: string[] = [];
  const fetch = createFakeFetch(() => new Response(null, { status: 401 }), redirect('/next'), ok);
  const client = new Client(
    apiKey(({ rejectedKey }) => (rejectedKey === undefined ? KEY : `${KEY}-new`)),
    {
      baseUrl: 'https://api.test',
      debug: 'curl',
      logger: { debug: (line) => void lines.push(line), warn() {} },
      runtime: { fetch },
    },
  );

  await client.fetch('/x');

  const commands = lines.filter((line) => line.includes(' curl '));
  expect(commands.map((line) => /'(https[^']*)'/.exec(line)?.[1])).toEqual([
    'https://api.test/x',
    'https://api.test/x',
    'https://api.test/next',
  ]);
  expect(lines.join('\n')).not.toContain('secret');
});
