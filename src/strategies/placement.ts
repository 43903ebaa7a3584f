import type { Outgoing, Placement } from '../contracts.ts';
import { ConfigError } from '../errors.ts';
import { ownOf } from '../options.ts';

/** Where a credential is written. */
export interface PlacementOptions {
  /** `'header'` unless said otherwise. Query values end up in logs and histories: prefer the header. */
  readonly in?: 'header' | 'query' | undefined;
  /** The name of the header or of the query parameter. */
  readonly name?: string | undefined;
  /** What stands before the credential in a header, such as `Token`. The header is then `authorization`. */
  readonly scheme?: string | undefined;
}

/** A placement that is read, checked and ready for use. */
export interface Writer {
  readonly placement: Placement;
  readonly place: 'header' | 'query';
  /** How people know it: `header x-api-key`. */
  readonly label: string;
  write(outgoing: Outgoing, value: string): void;
}

/** `tchar` of RFC 9110 §5.6.2: what header names and schemes are made of. */
const TOKEN = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

/** Checks a placement and makes the function that writes it. */
export function writerFor(
  options: PlacementOptions,
  defaults: { readonly header: string; readonly scheme?: string; readonly query?: string },
): Writer {
  const { in: place = 'header', name: given, scheme } = ownOf(options);
  if (place !== 'header' && place !== 'query') throw invalid("in is 'header' or 'query'");
  if (typeof (given ?? '') !== 'string') throw invalid('name is no text');
  if (typeof (scheme ?? '') !== 'string') throw invalid('scheme is one word, such as Bearer');
  if (place === 'query') return queryWriter(given ?? defaults.query ?? 'api_key', scheme);
  const name = (given ?? (scheme === undefined ? defaults.header : 'authorization')).toLowerCase();
  if (!TOKEN.test(name)) throw invalid('name is no header name');
  const prefix = scheme ?? (name === 'authorization' ? defaults.scheme : undefined);
  if (prefix !== undefined && !TOKEN.test(prefix)) throw invalid('scheme is one word, such as Bearer');
  return {
    placement: name === 'authorization' ? 'authorization' : 'header',
    place: 'header',
    label: `header ${name}`,
    write(outgoing, value) {
      outgoing.headers.set(name, prefix === undefined ? value : `${prefix} ${value}`);
    },
  };
}

function queryWriter(name: string, scheme: string | undefined): Writer {
  if (scheme !== undefined) throw invalid('scheme belongs to a header, not to a query');
  if (name === '' || /[\s\p{Cc}\p{Surrogate}]/u.test(name))
    throw invalid('name is no name of a query parameter');
  const key = encodeURIComponent(name);
  return {
    placement: 'query',
    place: 'query',
    label: `query parameter ${name}`,
    write({ url }, value) {
      // By hand: URLSearchParams would write the caller's part of the query anew (rule S5).
      const parts = url.search === '' ? [] : url.search.slice(1).split('&');
      const others = parts.filter((part) => nameOfPart(part) !== name);
      // With its question mark: without one, URL would drop that of a query which begins with another.
      url.search = `?${[...others, `${key}=${encodeURIComponent(value)}`].join('&')}`;
    },
  };
}

function nameOfPart(part: string): string | undefined {
  return new URLSearchParams(`?${part}`).keys().next().value;
}

function invalid(reason: string): ConfigError {
  return new ConfigError('INVALID_OPTION', {
    message: `The placement of the credential cannot be used: ${reason}.`,
  });
}
