/**
 * Everything that code or a logger can read of a value.
 *
 * @module
 */

/** Whether a member is left out of a search. */
export type Skip = (owner: object, key: PropertyKey) => boolean;

/** A text, and how to get to it, such as `error.cause.config.headers`. */
export type FoundText = readonly [path: string, text: string];

/** Reads of a view at most this many bytes. */
const LONGEST_VIEW = 65_536;

/** Walks through values, each only once: own, inherited, hidden and symbol-keyed properties, getters, entries. */
export class Walk {
  readonly #seen = new Set<unknown>();
  readonly #platform: ReadonlySet<unknown> = platformClasses();
  readonly #skip: Skip;

  constructor(skip: Skip) {
    this.#skip = skip;
  }

  *texts(root: unknown, name: string): Generator<FoundText> {
    const queue: (readonly [string, unknown])[] = [[name, root]];
    for (const [path, value] of queue) {
      if (typeof value === 'string') yield [path, value];
      if (!isObject(value) || this.#seen.has(value) || this.#isOfThePlatform(value)) continue;
      this.#seen.add(value);
      const shown = shownBy(value);
      if (shown !== undefined) {
        yield [path, shown];
        continue;
      }
      if (ArrayBuffer.isView(value)) yield [path, textOf(value)];
      for (const [key, member] of this.#membersOf(value)) {
        if (this.#skip(value, key)) continue;
        yield [`the name of ${path}.${String(key)}`, String(key)];
        queue.push([`${path}.${String(key)}`, member]);
      }
      for (const [key, member] of entriesOf(value)) {
        queue.push([`a key of ${path}`, key]);
        queue.push([typeof key === 'string' ? `${path}.${key}` : `an entry of ${path}`, member]);
      }
    }
  }

  /** Own and inherited members, with what getters give on this very object. */
  *#membersOf(object: object): Generator<readonly [PropertyKey, unknown]> {
    if (ArrayBuffer.isView(object)) return;
    for (let owner: object | null = object; owner !== null; owner = Object.getPrototypeOf(owner)) {
      const source: object = owner;
      if (source === Function.prototype || source === Object.prototype) return;
      for (const key of Reflect.ownKeys(source)) {
        const descriptor = Reflect.getOwnPropertyDescriptor(source, key);
        if (descriptor?.get !== undefined) yield [key, attempt(() => Reflect.get(source, key, object))];
        // What is inherited from the platform besides getters is code, the same for all.
        else if (!this.#isOfThePlatform(source)) yield [key, descriptor?.value];
      }
    }
  }

  #isOfThePlatform(value: unknown): boolean {
    // The bytes of a body are the server's or the caller's, not ours.
    return value === globalThis || value instanceof ReadableStream || this.#platform.has(value);
  }
}

/** What loggers make of a value. */
export function* printed(root: unknown): Generator<readonly [string, string]> {
  if (isObject(root) && shownBy(root) !== undefined) return;
  const inspect = platformInspect();
  const asText: Readonly<Record<string, () => unknown>> = {
    String: () => String(root),
    'JSON.stringify': () => JSON.stringify(root),
    inspect: () => inspect?.(root, { depth: 12, showHidden: true, maxStringLength: null, getters: true }),
    structuredClone: () => inspect?.(structuredClone(root), { depth: 12, showHidden: true }),
  };
  for (const [how, print] of Object.entries(asText)) {
    const text = attempt(print);
    if (typeof text === 'string') yield [how, text];
  }
}

type Inspect = (value: unknown, options: object) => string;

/** What Node, Deno and Bun print a value with. Browsers have none that code can call. */
function platformInspect(): Inspect | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): { inspect?: Inspect } | undefined };
  };
  return process?.getBuiltinModule?.('node:util')?.inspect;
}

function entriesOf(value: object): (readonly [key: unknown, member: unknown])[] {
  const isIterable =
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Headers ||
    value instanceof URLSearchParams ||
    value instanceof FormData;
  return isIterable ? [...value.entries()] : [];
}

/** Classes of the platform and their prototypes: shared by all, and full of getters for others. */
function platformClasses(): Set<unknown> {
  // Names of classes only: merely to touch a storage may warn or throw.
  const names = Object.getOwnPropertyNames(globalThis).filter((name) => /^[A-Z]/.test(name));
  return new Set(
    names.flatMap((name) => {
      const value: unknown = attempt(() => (globalThis as unknown as Record<string, unknown>)[name]);
      return typeof value === 'function' ? [value, (value as { prototype?: unknown }).prototype] : [];
    }),
  );
}

/** What a page shows: its markup and what is typed in. Behind a node are the framework and all that it knows. */
function shownBy(value: object): string | undefined {
  if (typeof globalThis.Node !== 'function' || !(value instanceof globalThis.Node)) return undefined;
  const root = value instanceof Document ? value.documentElement : value;
  if (!(root instanceof Element)) return root.textContent ?? '';
  const fields = [root, ...root.querySelectorAll('input, textarea')] as Partial<HTMLInputElement>[];
  return [root.outerHTML, ...fields.map((field) => field.value ?? '')].join('\n');
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function textOf(view: ArrayBufferView): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, Math.min(view.byteLength, LONGEST_VIEW));
  return new TextDecoder().decode(bytes);
}

function attempt(run: () => unknown): unknown {
  try {
    return run();
  } catch {
    return undefined;
  }
}
