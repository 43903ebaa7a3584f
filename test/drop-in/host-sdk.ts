import type { Client } from '../../src/index.ts';

/** A published SDK that takes a `fetch`, and a server in its own tongue. */
export interface HostSdk {
  /** Its name on npm. */
  readonly name: string;
  /** What its users read a stream with; `undefined`: it has none over `fetch`. */
  readonly streams: string;
  /** The error it has for a refused request, and where it keeps the status. */
  readonly failure: string;
  /** Where it shows an error that `fetch` rejects with. */
  readonly refusal: string;
  /** Answers like the server that it is made for, once the credential is good. `next` is what a stream waits for. */
  answer(request: Request, next: Promise<void>): Response | Promise<Response>;
  connect(client: Client, baseUrl: string): Promise<Connected> | Connected;
  /** The status in an error of its own, read as its documentation says. */
  statusOf(error: unknown): unknown;
  /** The code of our error in what it shows. */
  codeOf(error: unknown): unknown;
}

/** That SDK, given the `fetch` of a client. */
export interface Connected {
  /** Sends `text` in a body, and returns what came back. */
  echo(text: string): Promise<string>;
  /** The parts of a streamed answer, each as soon as it is there. */
  stream(): AsyncIterable<string>;
  /** Sends what the server refuses with 422, and returns what its user has of it. */
  fail(): Promise<unknown>;
  close?(): Promise<void>;
}

/** What a stream is made of. */
export const PARTS = ['first ', 'last'] as const;

/** What the servers refuse with 422. */
export const UNFIT = 'unfit';

/** A body in parts; each but the first waits for `next`. */
export function partsOf(type: string, parts: readonly string[], next: Promise<void>): Response {
  const encoder = new TextEncoder();
  const left = [...parts];
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (left.length < parts.length) await next;
      const part = left.shift();
      if (part === undefined) return controller.close();
      controller.enqueue(encoder.encode(part));
    },
  });
  return new Response(body, { headers: { 'content-type': type } });
}

/** The text of a stream, as it comes. */
export async function* textOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const bytes of stream) yield decoder.decode(bytes, { stream: true });
}

/** What a promise rejects with. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

/** Follows `path` into a value of any shape. */
export function memberOf(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((found, key) => (Object(found) as Record<string, unknown>)[key], value);
}
