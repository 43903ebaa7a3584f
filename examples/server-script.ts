/**
 * A server script that reads public data with an API key. `npm run demo -- servers` starts the API and prints
 * the two variables; the country is an argument.
 *
 *   TIME_ZONES_URL=http://127.0.0.1:… TIME_ZONES_KEY=… node examples/server-script.ts KZ
 */
import process, { argv, env } from 'node:process';
import { apiKey, Client, ValetError } from 'fetch-valet';

interface Zones {
  readonly zones: readonly { readonly zone: string; readonly comment: string }[];
}

interface Countries {
  readonly countries: readonly { readonly name: string; readonly zones: number }[];
}

async function main(country: string): Promise<void> {
  const options = { baseUrl: env.TIME_ZONES_URL, debug: env.DEBUG === 'curl' ? 'curl' : false } as const;

  // A plain string is an API key in the header x-api-key.
  const api = new Client(env.TIME_ZONES_KEY, options);
  const { zones } = await api.get('zones', { searchParams: { country } }).json<Zones>();
  console.log(`${country} has ${zones.length} time zones:`);
  for (const { zone, comment } of zones) console.log(`  ${zone}${comment && ` (${comment})`}`);

  // The same API takes its key in the query, as some do.
  const byQuery = new Client(apiKey(env.TIME_ZONES_KEY, { in: 'query', name: 'appid' }), options);
  const { countries } = await byQuery.get('countries').json<Countries>();
  const [first] = countries.toSorted((a, b) => b.zones - a.zones);
  console.log(`Of ${countries.length} countries, ${first?.name} has the most: ${first?.zones}.`);
}

try {
  await main(argv[2] ?? 'KZ');
} catch (error) {
  if (!ValetError.is(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
