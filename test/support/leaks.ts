import { inspect } from 'node:util';

/** A secret that was found where it must not be. */
export interface Leak {
  readonly secret: string;
  /** How to get there from what was searched, such as `error.cause.config.headers`. */
  readonly path: string;
  readonly text: string;
}

export interface SearchOptions {
  /** What is not ours to keep clean, such as the body of an answer. */
  readonly skip?: (owner: object, key: PropertyKey) => boolean;
}

/**
 * Searches everything that can be reached from `handed`, and everything that printing it shows: own, inherited,
 * hidden and symbol-keyed properties, getters, entries of headers and maps, names, `JSON.stringify`, `inspect`.
 * Secrets are found raw, percent-encoded, JSON-escaped, both at once, and in base64 at any offset.
 */
export function leaksIn(
  handed: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
  { skip = () => false }: SearchOptions = {},
): Leak[] {
  const parts = partsOf(secrets);
  const short = secrets.filter((secret) => secret !== '' && secret.length < PART);
  const seen = new Set<string>();
  const objects = new Set<unknown>();
  const leaks: Leak[] = [];
  const look = (text: string, path: string): void => {
    for (const reading of decoded(text)) {
      if (seen.has(reading)) continue;
      seen.add(reading);
      const found = new Set([
        ...short.filter((secret) => reading.includes(secret)),
        ...heldBy(reading, parts),
      ]);
      for (const secret of found) leaks.push({ secret, path, text: reading.slice(0, 600) });
    }
  };
  for (const [name, root] of Object.entries(handed)) {
    for (const [path, text] of reachable(root, name, objects, skip)) look(text, path);
    for (const [how, text] of printed(root)) look(text, `${how}(${name})`);
  }
  return leaks;
}

/** Everything that a caller can read of `root`, by property, getter or iteration. */
function* reachable(
  root: unknown,
  name: string,
  seen: Set<unknown>,
  skip: (owner: object, key: PropertyKey) => boolean,
): Generator<readonly [string, string]> {
  const queue: (readonly [string, unknown])[] = [[name, root]];
  for (const [path, value] of queue) {
    if (typeof value === 'string') yield [path, value];
    if (!isObject(value) || seen.has(value) || isOfThePlatform(value)) continue;
    seen.add(value);
    if (ArrayBuffer.isView(value)) yield [path, textOf(value)];
    for (const [key, member] of membersOf(value)) {
      if (skip(value, key)) continue;
      yield [`the name of ${path}.${String(key)}`, String(key)];
      queue.push([`${path}.${String(key)}`, member]);
    }
    for (const member of entriesOf(value)) queue.push([`an entry of ${path}`, member]);
  }
}

/** Own and inherited members, with what getters give on this very object. */
function* membersOf(object: object): Generator<readonly [PropertyKey, unknown]> {
  if (ArrayBuffer.isView(object)) return;
  for (let owner: object | null = object; owner !== null; owner = Object.getPrototypeOf(owner)) {
    const source: object = owner;
    if (source === Function.prototype || source === Object.prototype) return;
    for (const key of Reflect.ownKeys(source)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(source, key);
      if (descriptor?.get !== undefined) yield [key, attempt(() => Reflect.get(source, key, object))];
      // What is inherited from the platform besides getters is code, the same for all.
      else if (!isOfThePlatform(source)) yield [key, descriptor?.value];
    }
  }
}

function entriesOf(value: object): unknown[] {
  const isIterable =
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Headers ||
    value instanceof URLSearchParams ||
    value instanceof FormData;
  return isIterable ? [...value] : [];
}

/** What loggers make of a value. */
function* printed(root: unknown): Generator<readonly [string, string]> {
  const asText: Readonly<Record<string, () => unknown>> = {
    String: () => String(root),
    'JSON.stringify': () => JSON.stringify(root),
    inspect: () => inspect(root, { depth: 12, showHidden: true, maxStringLength: null, getters: true }),
    structuredClone: () => inspect(structuredClone(root), { depth: 12, showHidden: true }),
  };
  for (const [how, print] of Object.entries(asText)) {
    const text = attempt(print);
    if (typeof text === 'string') yield [how, text];
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Classes of the platform and their prototypes: shared by all, and full of getters for others. */
const PLATFORM: ReadonlySet<unknown> = new Set(
  Object.getOwnPropertyNames(globalThis).flatMap((name) => {
    const value: unknown = attempt(() => (globalThis as unknown as Record<string, unknown>)[name]);
    return typeof value === 'function' ? [value, (value as { prototype?: unknown }).prototype] : [];
  }),
);

function isOfThePlatform(value: unknown): boolean {
  // The bytes of a body are the server's or the caller's, not ours.
  return value === globalThis || value instanceof ReadableStream || PLATFORM.has(value);
}

function textOf(view: ArrayBufferView): string {
  return Buffer.from(view.buffer, view.byteOffset, Math.min(view.byteLength, 65_536)).toString();
}

function attempt(run: () => unknown): unknown {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/** A part of a secret this long is a leak as well: that is what cutting a text before masking it leaves. */
const PART = 8;

/** Every part of every form of every secret that gives it away, with whose it is. */
function partsOf(secrets: readonly string[]): ReadonlyMap<string, string> {
  const long = secrets.filter((secret) => secret.length >= PART);
  return new Map(
    long.flatMap((secret) =>
      [secret, ...base64FormsOf(secret)].flatMap((form) =>
        Array.from({ length: form.length - PART + 1 }, (_, start) => [
          form.slice(start, start + PART),
          secret,
        ]),
      ),
    ),
  );
}

/** The secrets of which a text holds a part. */
function* heldBy(text: string, parts: ReadonlyMap<string, string>): Generator<string> {
  for (let start = 0; start + PART <= text.length; start++) {
    const secret = parts.get(text.slice(start, start + PART));
    if (secret !== undefined) yield secret;
  }
}

/** What depends on the secret alone, wherever in the encoded text it begins. */
function base64FormsOf(secret: string): string[] {
  const encodings: readonly BufferEncoding[] = ['utf8', ...(isLatin1(secret) ? (['latin1'] as const) : [])];
  return encodings.flatMap((encoding) => {
    const bytes = Buffer.from(secret, encoding);
    return [0, 1, 2].flatMap((offset) => {
      const whole = Buffer.concat([Buffer.alloc(offset), bytes]);
      const inside = (text: string): string =>
        text.slice(Math.ceil((offset * 8) / 6), Math.floor((whole.length * 8) / 6));
      return [inside(whole.toString('base64')), inside(whole.toString('base64url'))];
    });
  });
}

function isLatin1(text: string): boolean {
  return /^[\0-\xff]*$/.test(text);
}

/** A text as it is, and with its escapes undone: once, and once more, as in a URL in JSON in JSON. */
function decoded(text: string): string[] {
  const readings = new Set([text]);
  for (let round = 0; round < 2; round++) {
    for (const reading of Array.from(readings)) {
      readings.add(percentDecoded(reading));
      readings.add(unescaped(reading));
    }
  }
  return [...readings];
}

function percentDecoded(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/(?:%[\da-f]{2})+/gi, (codes) =>
    Buffer.from(codes.replaceAll('%', ''), 'hex').toString(),
  );
}

/** Undoes the escapes of JSON, of `inspect` and of the shell's single quotes. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text
    .replaceAll(`'\\''`, "'")
    .replace(/\\u([\da-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\(["'`\\/])/g, '$1');
}
