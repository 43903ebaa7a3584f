/**
 * Takes secrets out of text and errors by value, in every form they travel in: raw, percent-encoded,
 * JSON-escaped and base64 (rule S4). What is too short to be found by value is never put there at all.
 *
 * @module
 */

/** What stands where a secret stood. */
export const MASK = '[redacted]';

/** Shorter secrets would blot out ordinary words. */
const SHORTEST = 8;
/** What looks like a token in foreign text is masked unseen: a provider's error may hold one we never got. */
const TOKEN_SHAPED = /\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*|(?<=\b(?:bearer|dpop|basic) )[\w\-.~+/]{8,}=*/gi;
/** The newest secrets of each kind that are remembered: the current one and 16 before it. */
const REMEMBERED = 17;
const LONGEST_CAUSE_CHAIN = 8;
/** How much of the objects on a foreign error is searched for secrets. */
const MOST_MEMBERS = 1000;

/** Remembers the secrets of one client and takes them out of what it says. */
export interface Redactor {
  /** Remembers a secret. `kind` groups a secret with its predecessors, such as `refresh_token`. */
  add(kind: string, secret: string): void;
  text(value: string): string;
  /** A copy of a foreign error that holds nothing but redacted text. */
  copy(error: unknown): Error;
  /** The error itself where it is clean, else a redacted copy. For errors of the platform. */
  clean(error: unknown): unknown;
}

export function createRedactor(): Redactor {
  const kinds = new Map<string, string[]>();
  let pattern: RegExp | undefined;

  const text = (value: string): string => {
    pattern ??= compile([...kinds.values()].flat());
    return value.replace(pattern, MASK).replace(TOKEN_SHAPED, MASK);
  };

  return {
    add(kind, secret) {
      const known = kinds.get(kind) ?? [];
      if (secret.length < SHORTEST || known.includes(secret)) return;
      kinds.set(kind, [...known, secret].slice(-REMEMBERED));
      pattern = undefined;
    },
    text,
    copy: (error) => copyError(error, text),
    clean: (error) => (error instanceof Error && isDirty(error, text) ? copyError(error, text) : error),
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

function compile(secrets: readonly string[]): RegExp {
  const forms = new Set(secrets.flatMap(formsOf).filter((form) => form.length >= SHORTEST));
  // The longest first: a token that contains another is masked whole.
  const sources = [...forms].sort((a, b) => b.length - a.length).map(escapePattern);
  return new RegExp(sources.length === 0 ? '(?!)' : sources.join('|'), 'g');
}

function formsOf(secret: string): string[] {
  const percent = encodeURIComponent(secret.replace(/\p{Surrogate}/gu, '\uFFFD'));
  const form = new URLSearchParams([['', secret]]).toString().slice(1);
  const lowered = [percent, form].map((text) => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()));
  return [secret, percent, form, ...lowered, JSON.stringify(secret).slice(1, -1), ...base64Forms(secret)];
}

/**
 * What of a secret shows in base64, wherever in the encoded text it begins: `Basic` encodes `id:secret`, so the
 * secret starts at one of three offsets. The characters shared with its neighbours are left out.
 */
function base64Forms(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const forms = [0, 1, 2].map((offset) => {
    const binary = '\0'.repeat(offset) + String.fromCharCode(...bytes);
    const whole = Math.floor((binary.length * 8) / 6);
    return btoa(binary).slice(Math.ceil((offset * 8) / 6), whole);
  });
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function isDirty(error: unknown, text: (value: string) => string, depth = 0): boolean {
  if (!(error instanceof Error) || depth > LONGEST_CAUSE_CHAIN) return false;
  const said = `${error.message}\n${error.stack ?? ''}\n${textsOn(error).join('\n')}`;
  return text(said) !== said || isDirty(error.cause, text, depth + 1);
}

/** All text on an error where a logger would find it: HTTP libraries hang requests with their headers there. */
function textsOn(error: Error): string[] {
  const found = new Set<unknown>([error]);
  // A set goes on to what is added meanwhile, and takes nothing twice.
  for (const value of found) {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue;
    // What requests and URLs hold is behind getters.
    const { headers, url, href } = value as Readonly<Record<string, unknown>>;
    const members = value instanceof Headers || value instanceof Map ? [...value] : Object.values(value);
    for (const member of [...members, headers, url, href]) if (found.size < MOST_MEMBERS) found.add(member);
  }
  return [...found].filter((value): value is string => typeof value === 'string');
}

/**
 * Copies what an error says, not what it holds: the objects on foreign errors (requests, configurations) are
 * where credentials hide. Class and name stay, so that `instanceof` and `name` still tell.
 */
function copyError(error: unknown, text: (value: string) => string, depth = 0): Error {
  if (!(error instanceof Error)) return new Error(text(describeValue(error)));
  const copy = new Error(text(String(error.message)));
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object);
  // Symbols are what libraries, we too, know their own errors by.
  for (const key of [...Object.keys(error), ...Object.getOwnPropertySymbols(error)]) {
    const value = (error as unknown as Record<string | symbol, unknown>)[key];
    const enumerable = typeof key === 'string';
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

function describeValue(value: unknown): string {
  if (typeof value === 'string') return value;
  const { message, error } = (value ?? {}) as { message?: unknown; error?: unknown };
  if (typeof message === 'string') return message;
  return typeof error === 'string' ? error : `a thrown ${value === null ? 'null' : typeof value}`;
}

function define(target: object, key: string | symbol, value: unknown, enumerable = false): void {
  Object.defineProperty(target, key, { value, enumerable, configurable: true, writable: true });
}
