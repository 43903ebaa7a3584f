/** The second and the third snippet of README.md. */
import { Client } from 'fetch-valet';
import OpenAI from 'openai';
import { auth } from './identity-providers.ts';

interface Orders {
  readonly orders: readonly { readonly id: number }[];
}

// #region token
const baseUrl = 'https://api.shop.example';
const shop = new Client(({ forceRefresh }) => auth.getToken({ fresh: forceRefresh }), { baseUrl });
const { orders } = await shop.get('orders').json<Orders>();
// #endregion
console.log(`${orders.length} order`);

const messages = [{ role: 'user' as const, content: 'Hello?' }];

// #region fetch
const llm = shop.extend({ baseUrl: 'https://llm.shop.example/v1' });
const openai = new OpenAI({ apiKey: 'unused', baseURL: 'https://llm.shop.example/v1', fetch: llm.fetch });
const answer = await openai.chat.completions.create({ model: 'parrot', messages });
// #endregion
console.log(answer.choices[0]?.message.content);
