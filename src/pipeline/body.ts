import type { BodyInput } from '../contracts.ts';
import { gone, record } from './recorder.ts';

/** The body of one call, which may have to be sent more than once (rule P3). */
export interface Body {
  /** A stream cannot follow a redirect, and `redirect: 'error'` keeps the platform from copying it. */
  readonly isStream: boolean;
  /** Whether it is still in the caller's `Request`, which may go out as it is this time. */
  readonly inRequest: boolean;
  /** What to send this time, `null` for a `Request` `asIs`. Throws `BODY_NOT_REPLAYABLE` where it is gone. */
  take(asIs: boolean): BodyInput | null | Promise<BodyInput | null>;
  /** The call is over: lets go of what was kept for a replay. */
  release(): void;
}

type Source = BodyInput | null | (() => BodyInput);

/** The body of a call, or `undefined` where there is none. */
export function bodyOf(input: string | URL | Request, source: Source | undefined): Body | undefined {
  if (typeof source === 'function') return fromFunction(source);
  if (source !== undefined && source !== null) return isStreamLike(source) ? recorded(source) : known(source);
  // A body of null leaves a Request its own, as in Fetch.
  return !isRequest(input) || hasNoBody(input) ? undefined : fromRequest(input);
}

export function isRequest(input: unknown): input is Request {
  return typeof input === 'object' && input !== null && 'method' in input;
}

/**
 * The URL that the platform sends a `Request` to. A subclass, a proxy or an own property may make its `url` say
 * another, which would be judged in its place (rule S1). `undefined`: it is no `Request` of this platform.
 */
export function platformUrl(request: Request): string | undefined {
  const property = Object.getOwnPropertyDescriptor(Request.prototype, 'url');
  // In a polyfill it is a property like any other.
  if (property?.get === undefined) return request.url;
  try {
    return property.get.call(request) as string;
  } catch {
    return undefined;
  }
}

function hasNoBody(request: Request): boolean {
  // Firefox has no Request.body: there a body is expected wherever the method allows one.
  return request.body === null || request.method === 'GET' || request.method === 'HEAD';
}

function isStreamLike(source: object | string): source is ReadableStream<Uint8Array> {
  return (
    (typeof ReadableStream !== 'undefined' && source instanceof ReadableStream) ||
    (typeof source === 'object' && Symbol.asyncIterator in source)
  );
}

/** Sent when there is a token, and perhaps again. Of bytes, which may be many, no copy is made. */
function known(value: BodyInput): Body {
  const content = copyOfForm(value);
  return { isStream: false, inRequest: false, take: () => content, release: () => {} };
}

/** A form may be filled in anew for the next call, while this one waits. */
function copyOfForm(value: BodyInput): BodyInput {
  if (value instanceof URLSearchParams) return new URLSearchParams(value);
  if (!(value instanceof FormData)) return value;
  const copy = new FormData();
  for (const [name, entry] of value) copy.append(name, entry as Blob);
  return copy;
}

function fromFunction(make: () => BodyInput): Body {
  // Assumed a stream before the first call: what else would need a function.
  return { isStream: true, inRequest: false, take: () => make(), release: () => {} };
}

/** A bare stream, kept up to 64 KiB. What was not sent yet when a 401 came is read on by the replay. */
function recorded(source: ReadableStream<Uint8Array>): Body {
  const recorder = record(source);
  return {
    isStream: true,
    inRequest: false,
    take: () => recorder.play(),
    release: () => recorder.release(),
  };
}

/**
 * A `Request` goes out as it is, with a copy beside it that is read into memory and dropped at 64 KiB. Where it
 * cannot, because its URL was written on, all of it is read first.
 */
function fromRequest(request: Request): Body {
  let inRequest = true;
  let bytes: Promise<ArrayBuffer | undefined> | undefined;
  return {
    isStream: false,
    get inRequest() {
      return inRequest;
    },
    take(asIs) {
      inRequest = false;
      if (asIs) {
        bytes = collect(request.clone());
        return null;
      }
      bytes ??= request.arrayBuffer();
      return bytes.then((whole) => whole ?? gone());
    },
    release: () => {},
  };
}

async function collect(copy: Request): Promise<ArrayBuffer | undefined> {
  if (!copy.body) return copy.arrayBuffer();
  const recorder = record(copy.body);
  const complete = await recorder.fill().catch(() => false);
  return complete ? new Response(recorder.play()).arrayBuffer() : undefined;
}
