import type { Options } from 'ky';

type HeadersOption = Options['headers'] | undefined;

/** A client's headers with those of a call on top; `type` is the content type where neither says one. */
export function mergeHeaders(
  defaults: HeadersOption,
  own: HeadersOption,
  type: string | undefined,
): NonNullable<Options['headers']> {
  if (defaults === undefined && type === undefined) return own ?? {};
  const headers = new Headers();
  if (type !== undefined) headers.set('content-type', type);
  for (const source of [defaults, own]) {
    const entries =
      source instanceof Headers || Array.isArray(source) ? [...source] : Object.entries(source ?? {});
    for (const [name, value] of entries as [string, string | undefined][]) {
      // `undefined` takes a default away, as in ky.
      if (value === undefined) headers.delete(name);
      else headers.set(name, value);
    }
  }
  return headers;
}
