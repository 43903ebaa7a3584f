/**
 * Other SDKs with a client's `fetch`: they send their requests, fetch-valet adds the credential, renews it and
 * sends a refused request again. Runs on servers of its own: `node examples/drop-in-fetch.ts`.
 */
import { Client, type TokenProvider } from 'fetch-valet';
import OpenAI from 'openai';
import createClient from 'openapi-fetch';
import { startChatApi } from './servers/chat-api.ts';
import { startPublicDataApi, type TimeZone } from './servers/public-data-api.ts';

/** What openapi-typescript would generate from the description of the time zone API. */
interface Paths {
  readonly '/zones': {
    readonly get: {
      readonly parameters: { readonly query?: { readonly country?: string } };
      readonly responses: {
        readonly 200: { readonly content: { readonly 'application/json': { readonly zones: TimeZone[] } } };
      };
    };
  };
}

/** Five calls of the OpenAI SDK at once, with a token that the server has ceased to accept. */
async function chat(): Promise<void> {
  const server = await startChatApi();
  const getToken: TokenProvider = ({ signal }) => fetch(server.tokenUrl, { method: 'POST', signal });
  const client = new Client(getToken, { baseUrl: server.origin });
  await client.session.ready;
  server.revokeTokens();

  const openai = new OpenAI({ apiKey: 'unused', baseURL: `${server.origin}/v1`, fetch: client.fetch });
  const questions = ['one', 'two', 'three', 'four', 'five'];
  const answers = await Promise.all(
    questions.map((content) =>
      openai.chat.completions.create({ model: 'parrot', messages: [{ role: 'user', content }] }),
    ),
  );
  const said = answers.map(({ choices }) => choices[0]?.message.content);
  console.log(`openai: ${said.join(', ')}`);
  console.log(
    `openai: ${server.refused} requests were refused, ${server.issued - 1} token was fetched for them`,
  );
  await server.close();
}

/** A typed client over an API key. */
async function zones(): Promise<void> {
  const server = await startPublicDataApi({ keys: ['tz_live_0123456789'] });
  const client = new Client('tz_live_0123456789', { baseUrl: server.url });

  const api = createClient<Paths>({ baseUrl: server.url, fetch: client.fetch });
  const { data } = await api.GET('/zones', { params: { query: { country: 'PT' } } });
  console.log(`openapi-fetch: ${data?.zones.map(({ zone }) => zone).join(', ')}`);
  await server.close();
}

await chat();
await zones();
