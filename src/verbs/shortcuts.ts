import type { ResponsePromise } from 'ky';
import { parseJson, validate } from './read-body.ts';
import type { VerbOptions } from './verb-options.ts';

const JSON_TYPE = 'application/json';

/** A verb that failed before ky saw it. */
export function rejectedVerb<T>(error: unknown): ResponsePromise<T> {
  const answer = Promise.reject<Response>(error as Error);
  return withShortcuts(answer, () => answer, {}) as unknown as ResponsePromise<T>;
}

/** Waits for the response, takes its body, and makes something of it. */
export type Read = <T>(
  accept: string,
  take: (response: Response) => Promise<T>,
  then?: Then<T>,
) => Promise<unknown>;
export type Then<T> = (body: T, response: Response) => unknown;

/** ky's shortcuts: each waits for the response, so that whoever takes one has the error from there. */
export function withShortcuts(answer: Promise<Response>, read: Read, options: VerbOptions): object {
  return Object.assign(answer, {
    json: (schema?: unknown) =>
      options.parseJson === undefined
        ? read(
            JSON_TYPE,
            (response) => response.text(),
            (text, response) => parseJson(text, response, schema),
          )
        : // ky puts the caller's parser into the response.
          read(
            JSON_TYPE,
            (response) => response.json(),
            (value) => (schema === undefined ? value : validate(value, schema)),
          ),
    text: () => read('text/*', (response) => response.text()),
    arrayBuffer: () => read('*/*', (response) => response.arrayBuffer()),
    blob: () => read('*/*', (response) => response.blob()),
    formData: () =>
      read(
        'multipart/form-data',
        (response) => response.arrayBuffer(),
        (bytes, { headers }) => new Response(bytes, { headers }).formData(),
      ),
    bytes: () => read('*/*', (response) => response.bytes()),
  });
}
