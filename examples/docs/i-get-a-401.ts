/** The snippet of docs/guide/i-get-a-401.md, and the messages that the page quotes. */
import { Client, HttpError, ValetError } from 'fetch-valet';

const baseUrl = 'https://api.shop.example';

// #region explain
async function explain(client: Client, path: string): Promise<string> {
  try {
    await client.get(path, { retry: 0 });
    return 'It works.';
  } catch (error) {
    if (!ValetError.is(error)) throw error;
    const reasons = error instanceof HttpError ? error.challenges.map(({ scheme }) => scheme) : [];
    return `${error.message}${reasons.length > 0 ? ` The server wants: ${reasons.join(', ')}.` : ''}`;
  }
}
// #endregion

let issued = 0;
const refused = new Client(() => `token-revoked-${++issued}`, { baseUrl });
const clients: readonly Client[] = [
  new Client('weather-key-1', { baseUrl }),
  new Client('weather-key-retired', { baseUrl }),
  new Client(() => 'token-revoked', { baseUrl }),
  refused,
  refused,
  refused,
  new Client(() => null, { baseUrl }),
];
for (const client of clients) console.log(await explain(client, 'orders'));
