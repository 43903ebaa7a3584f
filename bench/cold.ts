/** What a program pays before its first request: import and construction, in a fresh process each. */
import { runText } from './child.ts';
import { interleave, median, quantile } from './measure.ts';
import { printBudget, printTable } from './table.ts';

const ROUNDS = 41;
const LIMIT = 10_000;

const EMPTY = 'an empty process';
const OURS = 'fetch-valet/fetch, key';
const OURS_TOKEN = 'fetch-valet/fetch, token';

const PROGRAMS: Readonly<Record<string, string>> = {
  [EMPTY]: '',
  'new Request()': "new Request('https://api.example.com');",
  [OURS]: "import { createFetch } from 'fetch-valet/fetch'; createFetch('a-key-of-some-length');",
  [OURS_TOKEN]:
    "import { accessToken, createFetch } from 'fetch-valet/fetch'; createFetch(accessToken(() => 'a-token'));",
  'fetch-valet, token': "import { Client } from 'fetch-valet'; new Client(() => 'a-token');",
  wretch: "import wretch from 'wretch'; wretch('https://api.example.com').auth('Bearer a-token');",
  ofetch: "import { ofetch } from 'ofetch'; ofetch.create({ baseURL: 'https://api.example.com' });",
  '@badgateway/oauth2-client':
    "import { OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client'; new OAuth2Fetch({ " +
    "client: new OAuth2Client({ clientId: 'bench' }), getNewToken: () => null, scheduleRefresh: false });",
  ky: "import ky from 'ky'; ky.create({ headers: { authorization: 'Bearer a-token' } });",
  'fetch-extras':
    "import { pipeline, withTokenRefresh } from 'fetch-extras'; " +
    "pipeline(fetch, withTokenRefresh({ refreshToken: () => 'a-token' }));",
  'azure core-rest-pipeline':
    'import { bearerTokenAuthenticationPolicy, createDefaultHttpClient, createPipelineFromOptions } from ' +
    "'@azure/core-rest-pipeline'; createDefaultHttpClient(); createPipelineFromOptions({}).addPolicy(" +
    "bearerTokenAuthenticationPolicy({ scopes: 'orders', credential: { getToken: () => null } }));",
  axios: "import axios from 'axios'; axios.create({ baseURL: 'https://api.example.com' });",
};

/** The child tells the time since its own start: ending a process is not part of it. */
const TELL = 'process.stdout.write(String(performance.now()));';

export async function benchCold(): Promise<void> {
  const measure = async (name: string): Promise<number> =>
    Number(await runText(`${PROGRAMS[name]}\n${TELL}`, LIMIT));
  const names = Object.keys(PROGRAMS);
  await interleave(names, 1, measure);
  const samples = await interleave(names, ROUNDS, measure);
  const empty = samples.get(EMPTY) ?? [];
  const over = (name: string): number[] =>
    (samples.get(name) ?? []).map((ms, round) => ms - (empty[round] ?? 0));

  const rows = names.map((name) => {
    const added = over(name);
    const spread = `${quantile(added, 0.25).toFixed(1)}–${quantile(added, 0.75).toFixed(1)}`;
    return [name, median(samples.get(name) ?? []).toFixed(1), median(added).toFixed(1), spread];
  });
  printTable(
    `cold import and construction (${ROUNDS} interleaved rounds)`,
    ['', 'ms', 'ms over empty', 'half of rounds'],
    rows,
  );
  for (const name of [OURS, OURS_TOKEN]) printBudget(`${name}, cold`, median(over(name)), 10, ' ms', 1);
}
