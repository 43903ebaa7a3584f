import type { Options } from 'ky';

type HeadersOption = Options['headers'] | undefined;

/** A client's headers with those of a call on top; `undefined` takes a header away, as in ky. */
export function mergeHeaders(defaults: HeadersOption, own: HeadersOption): HeadersOption {
  if (defaults === undefined || own === undefined) return own ?? defaults;
  return headersOf(defaults, own);
}

/**
 * Later sources on top of earlier ones, each read as `fetch` reads it: a name that it has twice has both values.
 * `undefined` takes a header away.
 */
export function headersOf(...sources: NonNullable<HeadersOption>[]): Headers {
  const headers = new Headers();
  for (const source of sources) {
    const own = new Headers();
    const entries = Symbol.iterator in source ? source : Object.entries(source);
    for (const [name, value] of entries as Iterable<[string, string | undefined]>) {
      if (value === undefined) headers.delete(name);
      else own.append(name, value);
    }
    own.forEach((value, name) => {
      headers.set(name, value);
    });
  }
  return headers;
}
