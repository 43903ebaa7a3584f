/** The snippets of docs/guide/api-keys.md. */
import { accessToken, apiKey, bearer, Client, combine } from 'fetch-valet';
import { auth } from './identity-providers.ts';

const baseUrl = 'https://api.weather.example/v1';
const key = process.env.WEATHER_API_KEY;

// #region header
const byHeader = new Client(key, { baseUrl });
const byOtherHeader = new Client(apiKey(key, { name: 'x-app-key' }), { baseUrl });
// #endregion

// #region scheme
const byScheme = new Client(apiKey(key, { scheme: 'Token' }), { baseUrl });
const github = new Client(bearer(process.env.GITHUB_TOKEN), { baseUrl: 'https://api.github.example' });
// #endregion

// #region query
const byQuery = new Client(apiKey(key, { in: 'query', name: 'appid' }), { baseUrl });
// #endregion
for (const client of [byHeader, byOtherHeader, byScheme, github, byQuery]) await client.get('current');

const secrets = {
  // A vault that learns of the rotation when somebody asks again.
  read: (_name: string, { fresh }: { fresh: boolean }): Promise<string> =>
    Promise.resolve(fresh ? 'weather-key-2' : 'weather-key-retired'),
};

// #region rotation
const rotated = new Client(
  apiKey(({ rejectedKey }) => secrets.read('weather', { fresh: rejectedKey !== undefined }), {
    maxAge: 5 * 60_000,
  }),
  { baseUrl },
);
// #endregion
await rotated.get('current');

const primary = 'weather-key-retired';
const secondary = 'weather-key-2';

// #region two-keys
let inUse = primary;
const twoKeys = apiKey(({ rejectedKey }) => {
  if (rejectedKey === inUse) inUse = inUse === primary ? secondary : primary;
  return inUse;
});
// #endregion
const moved = new Client(twoKeys, { baseUrl });
let again = 0;
moved.on('replay', () => again++);
for (let request = 0; request < 10; request++) await moved.get('current');
console.log(`the primary key was revoked: of 10 requests ${again} was sent twice`);

// #region label
const watched = new Client(apiKey(key, { label: 'weather, billing team' }), { baseUrl });
watched.on('response', ({ credentialId, status, ms }) => console.log(credentialId, status, ms >= 0));
// #endregion
await watched.get('current');

const getToken = (): Promise<string> => auth.getToken({ fresh: false });

// #region combine
const both = new Client(combine([apiKey(key), accessToken(getToken)]), { baseUrl });
// #endregion
await both.get('current');

// #region secret
const onServersOnly = apiKey(key, { secret: true });
// #endregion
await new Client(onServersOnly, { baseUrl }).get('current');
