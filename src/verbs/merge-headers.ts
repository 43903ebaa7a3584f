import type { Options } from 'ky';

type HeadersOption = Options['headers'] | undefined;

/** A client's headers with those of a call on top; `undefined` takes a header away, as in ky. */
export function mergeHeaders(defaults: HeadersOption, own: HeadersOption): HeadersOption {
  if (defaults === undefined || own === undefined) return own ?? defaults;
  return headersOf(defaults, own);
}

/** As ky reads them: `undefined` takes a header away, also as a text. */
export function headersOf(...sources: NonNullable<HeadersOption>[]): Headers {
  const headers = new Headers();
  for (const source of sources) {
    const entries = source instanceof Headers || Array.isArray(source) ? [...source] : Object.entries(source);
    for (const [name, value] of entries as [string, string | undefined][]) {
      if (String(value) === 'undefined') headers.delete(name);
      else headers.set(name, value as string);
    }
  }
  return headers;
}
