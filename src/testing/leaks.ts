import { printed, type Skip, Walk } from './reachable.ts';
import { decoded, heldBy, partsOf } from './secret-forms.ts';

/** A secret that was found where it must not be. */
export interface Leak {
  readonly secret: string;
  /** How to get there from what was searched, such as `error.cause.config.headers`. */
  readonly path: string;
  readonly text: string;
}

export interface SearchOptions {
  /** What is not ours to keep clean, such as the body of an answer. */
  readonly skip?: Skip;
  /** How many characters of a secret are a leak as well: that is what cutting a text before masking it leaves. */
  readonly part?: number;
}

const PART = 8;

/**
 * Searches everything that can be reached from `handed`, and everything that printing it shows: own, inherited,
 * hidden and symbol-keyed properties, getters, entries of headers and maps, names, `JSON.stringify`, `inspect`.
 * Secrets are found raw, percent-encoded, JSON-escaped, both at once, and in base64 at any offset.
 */
export function leaksIn(
  handed: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
  { skip = () => false, part = PART }: SearchOptions = {},
): Leak[] {
  const parts = partsOf(
    secrets.filter((secret) => secret.length >= part),
    part,
  );
  const short = secrets.filter((secret) => secret !== '' && secret.length < part);
  const seen = new Set<string>();
  const leaks: Leak[] = [];
  const look = (text: string, path: string): void => {
    for (const reading of decoded(text)) {
      if (seen.has(reading)) continue;
      seen.add(reading);
      const whole = short.filter((secret) => reading.includes(secret));
      for (const secret of new Set([...whole, ...heldBy(reading, parts, part)]))
        leaks.push({ secret, path, text: reading.slice(0, 600) });
    }
  };
  const walk = new Walk(skip);
  for (const [name, root] of Object.entries(handed)) {
    for (const [path, text] of walk.texts(root, name)) look(text, path);
    for (const [how, text] of printed(root)) look(text, `${how}(${name})`);
  }
  return leaks;
}
