import timeZones from '../data/time-zones.json' with { type: 'json' };
import { json, listen, problem } from './http.ts';

export interface TimeZone {
  readonly zone: string;
  readonly countries: readonly string[];
  readonly countryNames: readonly string[];
  readonly latitude: number;
  readonly longitude: number;
  readonly comment: string;
}

export interface Country {
  readonly code: string;
  readonly name: string;
  readonly zones: number;
}

/** What the server saw: enough for a trace, and never the key itself. */
export interface PublicDataRequest {
  readonly method: string;
  readonly path: string;
  readonly keyFrom: 'header' | 'query' | 'none';
  readonly status: number;
}

export interface PublicDataApi {
  readonly origin: string;
  /** The base URL for a client: the origin and the version. */
  readonly url: string;
  readonly requests: readonly PublicDataRequest[];
  readonly close: () => Promise<void>;
}

export interface PublicDataApiOptions {
  /** Read at each request, so that a demo can rotate a key by changing this very array. */
  readonly keys: readonly string[];
  readonly port?: number;
}

const zones: readonly TimeZone[] = timeZones;

/** An API with public data and API keys: the key comes as the header `x-api-key` or as `?appid=`. */
export async function startPublicDataApi({ keys, port = 0 }: PublicDataApiOptions): Promise<PublicDataApi> {
  const requests: PublicDataRequest[] = [];

  const { origin, close } = await listen(port, (request) => {
    const url = new URL(request.url);
    const { key, keyFrom } = presentedKey(request, url);
    // From here on nobody sees the key: not the routes, not the trace.
    url.searchParams.delete('appid');
    const response = key !== undefined && keys.includes(key) ? route(request, url) : refuse(keyFrom);
    const path = url.pathname + url.search;
    requests.push({ method: request.method, path, keyFrom, status: response.status });
    return response;
  });
  return { origin, url: `${origin}/v1`, requests, close };
}

function presentedKey(request: Request, url: URL): { key?: string; keyFrom: PublicDataRequest['keyFrom'] } {
  const fromHeader = request.headers.get('x-api-key');
  if (fromHeader !== null) return { key: fromHeader, keyFrom: 'header' };
  const fromQuery = url.searchParams.get('appid');
  if (fromQuery !== null) return { key: fromQuery, keyFrom: 'query' };
  return { keyFrom: 'none' };
}

function refuse(keyFrom: PublicDataRequest['keyFrom']): Response {
  const detail =
    keyFrom === 'none'
      ? 'Send your API key as the header x-api-key or as the query parameter appid.'
      : `The API key in the ${keyFrom} is not known.`;
  return problem(401, 'Unauthorized', detail, { 'www-authenticate': 'ApiKey realm="time zones"' });
}

function route(request: Request, url: URL): Response {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return problem(405, 'Method Not Allowed', 'This API is for reading.', { allow: 'GET, HEAD' });
  }
  if (url.pathname === '/v1/zones') return listZones(url.searchParams);
  if (url.pathname === '/v1/countries') {
    const countries = listCountries();
    return json({ total: countries.length, countries });
  }
  // Zone names contain a slash: `Europe/Paris` and `Europe%2FParis` are both understood.
  const name = url.pathname.startsWith('/v1/zones/') ? url.pathname.slice('/v1/zones/'.length) : undefined;
  const zone = zones.find((candidate) => candidate.zone === name?.replaceAll(/%2F/gi, '/'));
  return zone === undefined ? problem(404, 'Not Found', `There is no ${url.pathname} here.`) : json(zone);
}

function listZones(query: URLSearchParams): Response {
  const country = query.get('country')?.toUpperCase();
  const limit = Number(query.get('limit') ?? zones.length);
  if (!Number.isInteger(limit) || limit < 1) {
    return problem(400, 'Bad Request', 'The limit is a whole number from 1.');
  }
  const matching = country === undefined ? zones : zones.filter((zone) => zone.countries.includes(country));
  return json({ total: matching.length, zones: matching.slice(0, limit) });
}

function listCountries(): Country[] {
  const found = new Map<string, Country>();
  for (const { countries, countryNames } of zones) {
    for (const [index, code] of countries.entries()) {
      const name = countryNames[index] ?? code;
      found.set(code, { code, name, zones: (found.get(code)?.zones ?? 0) + 1 });
    }
  }
  return [...found.values()].toSorted((a, b) => a.code.localeCompare(b.code));
}
