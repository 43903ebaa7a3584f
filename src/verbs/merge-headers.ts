import type { Options } from 'ky';

type HeadersOption = Options['headers'] | undefined;

/** A client's headers with those of a call on top; `undefined` takes a header away, as in ky. */
export function mergeHeaders(defaults: HeadersOption, own: HeadersOption): HeadersOption {
  if (defaults === undefined || own === undefined) return own ?? defaults;
  const headers = new Headers();
  for (const source of [defaults, own]) {
    const entries = source instanceof Headers || Array.isArray(source) ? [...source] : Object.entries(source);
    for (const [name, value] of entries as [string, string | undefined][]) {
      if (value === undefined) headers.delete(name);
      else headers.set(name, value);
    }
  }
  return headers;
}
