import { base64 } from './text.ts';

/** Texts to look for, each with the secret that it gives away. */
export type SecretParts = ReadonlyMap<string, string>;

/** Every part of every form of every secret that gives it away: of `length` characters, or whole where shorter. */
export function partsOf(secrets: readonly string[], length: number): SecretParts {
  return new Map(
    secrets.flatMap((secret) =>
      [secret, ...base64FormsOf(secret)].flatMap((form) =>
        Array.from({ length: form.length - length + 1 }, (_, start) => [
          form.slice(start, start + length),
          secret,
        ]),
      ),
    ),
  );
}

/** The secrets of which a text holds a part. */
export function* heldBy(text: string, parts: SecretParts, length: number): Generator<string> {
  for (let start = 0; start + length <= text.length; start++) {
    const secret = parts.get(text.slice(start, start + length));
    if (secret !== undefined) yield secret;
  }
}

/** What depends on the secret alone, wherever in the encoded text it begins. */
function base64FormsOf(secret: string): string[] {
  // Other text is the same in both.
  const isLatin1 = /[\x80-\xff]/.test(secret) && /^[\0-\xff]*$/.test(secret);
  const latin1 = isLatin1 ? [Uint8Array.from(secret, (char) => char.charCodeAt(0))] : [];
  return [new TextEncoder().encode(secret), ...latin1].flatMap((bytes) =>
    [0, 1, 2].flatMap((offset) => {
      const whole = new Uint8Array([...new Uint8Array(offset), ...bytes]);
      const inside = (text: string): string =>
        text.slice(Math.ceil((offset * 8) / 6), Math.floor((whole.length * 8) / 6));
      return [inside(base64(whole)), inside(base64(whole, 'url'))];
    }),
  );
}

/** A text as it is, and with its escapes undone: once, and once more, as in a URL in JSON in JSON. */
export function decoded(text: string): string[] {
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
    new TextDecoder().decode(Uint8Array.from(codes.slice(1).split('%'), (code) => Number.parseInt(code, 16))),
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
