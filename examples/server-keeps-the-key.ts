/**
 * A server that keeps an API key, and a page that shows what the key buys. The page asks this server, and only
 * this server knows the key. `npm run demo -- servers` starts the API and prints the two variables.
 *
 *   TIME_ZONES_URL=http://127.0.0.1:… TIME_ZONES_KEY=… node examples/server-keeps-the-key.ts
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import process, { env } from 'node:process';
import { apiKey, Client, ValetError } from 'fetch-valet';

interface Zones {
  readonly zones: readonly { readonly zone: string; readonly comment: string }[];
}

const html = `<!doctype html>
<html lang="en">
<title>Time zones</title>
<script type="module" src="/page.js"></script>
<form><label>Country <input name="country" value="KZ" size="2"></label> <button>Show</button></form>
<ul></ul>
</html>
`;

const script = `const list = document.querySelector('ul');
async function show(country) {
  const response = await fetch('/zones?' + new URLSearchParams({ country }));
  const zones = response.ok ? await response.json() : [{ zone: 'Nothing found', comment: '' }];
  list.replaceChildren(...zones.map(({ zone, comment }) => {
    const item = document.createElement('li');
    item.textContent = zone + ' ' + comment;
    return item;
  }));
}
const form = document.querySelector('form');
form.onsubmit = (event) => {
  event.preventDefault();
  show(form.country.value);
};
show(form.country.value);
`;

/** The one question that the page may ask. */
async function zonesOf(api: Client, country: string, response: ServerResponse): Promise<void> {
  // Not whatever path, query and headers the page sends: a relay of those would hand out all that the key can do.
  if (!/^[A-Z]{2}$/.test(country))
    return send(response, 400, 'text/plain', 'A country is two capital letters.');
  try {
    const { zones } = await api.get('zones', { searchParams: { country } }).json<Zones>();
    // And not whatever the API answers: its headers and errors are for us.
    const shown = zones.map(({ zone, comment }) => ({ zone, comment }));
    send(response, 200, 'application/json', JSON.stringify(shown));
  } catch (error) {
    console.error(error);
    send(response, 502, 'text/plain', 'The time zones cannot be had at the moment.');
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response
    .writeHead(status, {
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy': "default-src 'none'; script-src 'self'; connect-src 'self'",
      'x-content-type-options': 'nosniff',
    })
    .end(body);
}

function main(): void {
  // `secret`: should this ever be bundled into a page, it throws there.
  const key = apiKey(env.TIME_ZONES_KEY, { secret: true });
  const api = new Client(key, { baseUrl: env.TIME_ZONES_URL });

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(`http://localhost${request.url ?? '/'}`);
    if (request.method !== 'GET') send(response, 405, 'text/plain', 'This server is for reading.');
    else if (pathname === '/') send(response, 200, 'text/html', html);
    else if (pathname === '/page.js') send(response, 200, 'text/javascript', script);
    else if (pathname === '/zones') void zonesOf(api, searchParams.get('country') ?? '', response);
    else send(response, 404, 'text/plain', 'There is no such page.');
  });
  server.listen(Number(env.PORT ?? 0), '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    console.log(`Open http://127.0.0.1:${port} in a browser. Ctrl-C ends it.`);
  });
}

try {
  main();
} catch (error) {
  if (!ValetError.is(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
