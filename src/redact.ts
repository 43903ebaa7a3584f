/**
 * Takes secrets out of text and errors by value, in every form they travel in: raw, percent-encoded,
 * JSON-escaped and base64 (rule S4). What is too short to be found by value is never put there at all.
 *
 * @module
 */
import { secretPattern } from './secret-pattern.ts';

/** What stands where a secret stood. */
export const MASK = '[redacted]';

/** No platform and no server takes a longer credential: what is longer is a mistake or an attack. */
export const LONGEST_SECRET = 65_536;
/** Shorter secrets would blot out ordinary words. */
const SHORTEST = 8;
/** What looks like a token in foreign text is masked unseen: a provider's error may hold one we never got. */
const TOKEN_SHAPED = /(?<![\w-])eyJ[\w-]{5,}\.[\w-]+\.[\w-]*|(?<=\b(?:bearer|dpop|basic) )[\w\-.~+/]{8,}=*/gi;
/** The newest secrets of each kind that are remembered: the current one and 16 before it. */
const REMEMBERED = 17;
const LONGEST_CAUSE_CHAIN = 8;
/** How much of the objects on a foreign error is searched for secrets. */
const MOST_MEMBERS = 1000;

/** Remembers the secrets of one client and takes them out of what it says. */
export interface Redactor {
  /** Remembers a secret. `kind` groups a secret with its predecessors: a name, or the function it came from. */
  add(kind: unknown, secret: string): void;
  text(value: string): string;
  /** A copy of a foreign error that holds nothing but redacted text. */
  copy(error: unknown): Error;
  /** What was thrown where it is clean, else a redacted copy. For errors of the platform. */
  clean(error: unknown): unknown;
}

export function createRedactor(): Redactor {
  const kinds = new Map<unknown, string[]>();
  let pattern: RegExp | undefined;

  const text = (value: string): string => {
    pattern ??= secretPattern([...kinds.values()].flat());
    return value.replace(pattern, MASK).replace(TOKEN_SHAPED, MASK);
  };

  return {
    add(kind, secret) {
      const known = kinds.get(kind) ?? [];
      if (secret.length < SHORTEST || known.at(-1) === secret) return;
      if (!known.includes(secret)) pattern = undefined;
      // One that comes back is the newest again.
      kinds.set(kind, [...known.filter((other) => other !== secret), secret].slice(-REMEMBERED));
    },
    text,
    copy: (error) => copyError(error, text),
    clean: (error) => (isDirty(error, text) ? copyError(error, text) : error),
  };
}

/** A URL for messages and events: no user info, no fragment, and no value of its query. */
export function printableUrl(href: string): string {
  const [beforeHash = ''] = href.split('#', 1);
  const query = beforeHash.indexOf('?');
  const bare = query === -1 ? beforeHash : `${beforeHash.slice(0, query)}?…`;
  return bare.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i, '$1');
}

/** A short, stable name for a secret: enough to tell two of them apart, far too little to find one by. */
export function fingerprint(secret: string): string {
  // FNV-1a, cut to 24 bits.
  let hash = 0x811c9dc5;
  for (let index = 0; index < secret.length; index++) {
    hash = Math.imul(hash ^ secret.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 8).toString(16).padStart(6, '0');
}

function isDirty(error: unknown, text: (value: string) => string): boolean {
  const said = textsOn(error)?.join('\n');
  return said === undefined || text(said) !== said;
}

/**
 * All text on what was thrown, where code or a logger would find it: HTTP libraries hang requests with their
 * headers there. `undefined`: it is too much to look through.
 */
function textsOn(error: unknown): string[] | undefined {
  const found = new Set<unknown>([error]);
  // A set goes on to what is added meanwhile, and takes nothing twice.
  for (const value of found) {
    for (const member of membersOf(value)) {
      found.add(member);
      if (found.size > MOST_MEMBERS) return undefined;
    }
  }
  // `toJSON` may tell what no property does.
  found.add(attempt(() => JSON.stringify(error)));
  return [...found].filter((value): value is string => typeof value === 'string');
}

function* membersOf(value: unknown): Generator<unknown> {
  if (typeof value === 'symbol') yield value.description;
  if (typeof value !== 'object' || value === null) return;
  if (ArrayBuffer.isView(value)) return yield new TextDecoder().decode(value);
  if (value instanceof Headers || value instanceof Map || value instanceof Set) yield* value;
  const own = Array.isArray(value) ? [...value.keys()] : Reflect.ownKeys(value);
  // What requests and URLs hold is behind getters, and what errors hold may be.
  for (const key of [...own, 'headers', 'url', 'href', ...(isError(value) ? gettersOf(value) : [])]) {
    yield key;
    yield attempt(() => (value as Record<PropertyKey, unknown>)[key]);
  }
}

/** The getters of an error's class. */
function gettersOf(error: object): PropertyKey[] {
  const getters: PropertyKey[] = [];
  for (let owner: unknown = error; isError(owner); owner = Object.getPrototypeOf(owner)) {
    const inherited = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(owner) ?? {});
    getters.push(...Object.keys(inherited).filter((name) => inherited[name]?.get !== undefined));
  }
  return getters;
}

function isError(value: unknown): value is Error {
  // Those of another realm, as in Jest, are no instances of ours.
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/**
 * Copies what an error says, not what it holds: the objects on foreign errors (requests, configurations) are
 * where credentials hide. Class and name stay, so that `instanceof` and `name` still tell.
 */
function copyError(error: unknown, text: (value: string) => string, depth = 0): Error {
  if (!isError(error)) return new Error(text(describeValue(error)));
  const copy = new Error(text(String(error.message)));
  Object.setPrototypeOf(copy, classOf(error));
  // Symbols are what libraries, we too, know their own errors by.
  for (const key of [...Object.keys(error), ...Object.getOwnPropertySymbols(error)]) {
    const value = (error as unknown as Record<string | symbol, unknown>)[key];
    const enumerable = typeof key === 'string';
    const name = enumerable ? key : (key.description ?? '');
    if (text(name) !== name) continue;
    if (typeof value === 'string') define(copy, key, text(value), enumerable);
    else if (value === null || typeof value === 'number' || typeof value === 'boolean')
      define(copy, key, value, enumerable);
  }
  const { code } = error as { code?: unknown };
  // That of a DOMException is a getter, which refuses to work on a copy.
  if (typeof code === 'number' && !Object.hasOwn(copy, 'code')) define(copy, 'code', code);
  define(copy, 'name', text(String(error.name)));
  define(copy, 'stack', text(String(error.stack ?? '')));
  if (error.cause !== undefined && depth < LONGEST_CAUSE_CHAIN) {
    define(copy, 'cause', copyError(error.cause, text, depth + 1));
  }
  return copy;
}

/** The prototype of an error's class: an error may also inherit from another error, and all that it holds. */
function classOf(error: Error): object {
  let prototype: object | null = Object.getPrototypeOf(error) as object | null;
  while (prototype !== null && !Object.hasOwn(prototype, 'constructor'))
    prototype = Object.getPrototypeOf(prototype) as object | null;
  return prototype ?? Error.prototype;
}

function describeValue(value: unknown): string {
  if (typeof value === 'string') return value;
  const { message, error } = (value ?? {}) as { message?: unknown; error?: unknown };
  if (typeof message === 'string') return message;
  return typeof error === 'string' ? error : `a thrown ${value === null ? 'null' : typeof value}`;
}

function define(target: object, key: string | symbol, value: unknown, enumerable = false): void {
  Object.defineProperty(target, key, { value, enumerable, configurable: true, writable: true });
}
