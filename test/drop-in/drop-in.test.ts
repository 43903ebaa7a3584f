/** `client.fetch` inside published SDKs, each against a server on loopback that speaks its language. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, expect, test, vi } from 'vitest';
import { type Connected, type HostSdk, PARTS } from './host-sdk.ts';
import { type ProtectedApi, startProtectedApi } from './protected-api.ts';
import { anthropic } from './sdks/anthropic.ts';
import { apollo } from './sdks/apollo.ts';
import { axios } from './sdks/axios.ts';
import { mcp } from './sdks/mcp.ts';
import { octokit } from './sdks/octokit.ts';
import { ofetch } from './sdks/ofetch.ts';
import { openai } from './sdks/openai.ts';
import { openapiFetch } from './sdks/openapi-fetch.ts';
import { rtkQuery } from './sdks/rtk-query.ts';
import { supabase } from './sdks/supabase.ts';
import { trpc } from './sdks/trpc.ts';

// Eleven SDKs in one process, on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const sdks: readonly HostSdk[] = [
  openai,
  anthropic,
  octokit,
  openapiFetch,
  apollo,
  trpc,
  supabase,
  ofetch,
  axios,
  rtkQuery,
  mcp,
];

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** An SDK whose client holds a token that the server accepts. */
async function open(sdk: HostSdk): Promise<{ api: ProtectedApi; connected: Connected }> {
  const api = await startProtectedApi(sdk);
  opened.push(() => api[Symbol.asyncDispose]());
  const connected = await sdk.connect(api.client, api.origin);
  opened.push(async () => connected.close?.());
  await api.client.session.ready;
  return { api, connected };
}

test.each(sdks)(
  '$name: five calls on a stale token are one refresh, and each body goes out twice',
  async (sdk) => {
    const { api, connected } = await open(sdk);
    const before = api.sent.length;
    const texts = ['one', 'two', 'three', 'four', 'five'].map((word) => `call number ${word} – ü, "quoted"`);

    api.revoke(texts.length);
    const answers = await Promise.all(texts.map((text) => connected.echo(text)));

    expect(answers).toEqual(texts);
    expect(api.issued).toBe(2);
    const sent = api.sent.slice(before);
    const [refused, accepted] = [true, false].map((was) =>
      sent.filter(({ status }) => (status === 401) === was),
    );
    expect(refused).toHaveLength(texts.length);
    expect(accepted?.map(withoutToken)).toEqual(expect.arrayContaining(refused?.map(withoutToken) ?? []));
    expect(new Set(sent.map(({ body }) => body.toString('latin1'))).size).toBe(texts.length);
  },
);

test.each(sdks)('$name: a stream begins before it ends, also after a refusal', async (sdk) => {
  const { api, connected } = await open(sdk);
  api.revoke(1);
  const stream = connected.stream()[Symbol.asyncIterator]();

  const first = await stream.next();
  // Only now does the server send the rest.
  api.next.resolve();
  let rest = '';
  for (let part = await stream.next(); part.done !== true; part = await stream.next()) rest += part.value;

  expect([first.value, rest]).toEqual(PARTS);
  expect(api.issued).toBe(2);
});

test.each(sdks)('$name: a refused request is its own error', async (sdk) => {
  const { api, connected } = await open(sdk);
  const before = api.sent.length;

  expect(sdk.statusOf(await connected.fail())).toBe(422);
  expect(api.sent).toHaveLength(before + 1);
});

test.each(sdks)('$name: a 401 that stays is its own error, after one re-send', async (sdk) => {
  const { api, connected } = await open(sdk);
  const before = api.sent.length;
  api.refuseAll();

  expect(sdk.statusOf(await connected.fail())).toBe(401);
  expect(api.sent.slice(before).map(({ status }) => status)).toEqual([401, 401]);
});

test.each(sdks)('$name: the end of the session shows in its error', async (sdk) => {
  const { api, connected } = await open(sdk);
  api.endSession();
  api.revoke(1);

  const failed: unknown = await connected.echo('too late').catch((error: unknown) => error);

  expect(sdk.codeOf(failed)).toBe('SESSION_ENDED');
});

test('the table of the guide holds what is run here', () => {
  const guide = readFileSync(new URL('../../docs/guide/drop-in.md', import.meta.url), 'utf8');
  const table = guide.split('<!-- sdks -->')[1]?.split('<!-- /sdks -->')[0] ?? '';
  expect(table.trim().split('\n').slice(2)).toEqual(sdks.map(rowOf));
});

function rowOf({ name, streams, failure, refusal }: HostSdk): string {
  return `| \`${name}\` ${versionOf(name)} | ${streams} | ${failure} | ${refusal} |`;
}

/** The version that runs here. */
function versionOf(name: string): string {
  const places = createRequire(import.meta.url).resolve.paths(name) ?? [];
  for (const place of places) {
    try {
      const manifest = readFileSync(`${place}/${name}/package.json`, 'utf8');
      return (JSON.parse(manifest) as { version: string }).version;
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(`${name} is not installed`);
}

/** What must be the same twice. */
function withoutToken({ line, headers, body }: ProtectedApi['sent'][number]): unknown {
  return { line, body: body.toString('latin1'), headers: { ...headers, authorization: undefined } };
}
