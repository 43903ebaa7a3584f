/**
 * Finds secrets in text, in whatever form they travel: raw, percent-encoded, escaped as in JSON, and in base64.
 *
 * @module
 */

/** Longer ones are looked for in parts: no platform takes a pattern of any length. */
const LONGEST_PART = 512;

/** A pattern for all of `secrets`, none of which may be short: those blot out ordinary words. */
export function secretPattern(secrets: readonly string[]): RegExp {
  const forms = new Set(secrets.flatMap((secret) => [secret, ...base64Forms(secret)]));
  // The longest first: a token that contains another is masked whole.
  const sources = [...forms]
    .sort((a, b) => b.length - a.length)
    .flatMap(partsOf)
    .map(inAnyForm);
  return new RegExp(sources.length === 0 ? '(?!)' : `(?:${sources.join('|')})+`, 'g');
}

/** Parts of equal length: none is too short to tell. */
function partsOf(form: string): string[] {
  const count = Math.ceil(form.length / LONGEST_PART);
  const size = Math.ceil(form.length / count);
  return Array.from({ length: count }, (_, index) => form.slice(index * size, (index + 1) * size));
}

/**
 * What of a secret shows in base64, wherever in the encoded text it begins: `Basic` encodes `id:secret`, so the
 * secret starts at one of three offsets. The characters shared with its neighbours are left out.
 */
function base64Forms(secret: string): string[] {
  const latin1 = /[\x80-\xff]/.test(secret) && /^[\0-\xff]*$/.test(secret);
  const utf8 = Array.from(new TextEncoder().encode(secret), (byte) => String.fromCharCode(byte)).join('');
  const encoded = latin1 ? [utf8, secret] : [utf8];
  const forms = encoded.flatMap((bytes) =>
    [0, 1, 2].map((offset) => {
      const whole = Math.floor(((bytes.length + offset) * 8) / 6);
      return btoa('\0'.repeat(offset) + bytes).slice(Math.ceil((offset * 8) / 6), whole);
    }),
  );
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

/** Each character raw, percent-encoded or escaped, also in layers: as in a URL in a URL, or in JSON in JSON. */
function inAnyForm(text: string): string {
  return text.replace(/\\+["'`/]?|[^\w-]/gsu, (piece) => {
    const [run = ''] = /^\\*/.exec(piece) ?? [];
    return run === '' ? oneInAnyForm(piece) : runInAnyForm(run, piece.slice(run.length));
  });
}

function oneInAnyForm(character: string): string {
  if (character === '.') return '\\.';
  const forms = [escaped(character), percentEncoded(character), unicodeEscaped(character)];
  return `(?:${[...forms, ...(character === ' ' ? ['\\+'] : [])].join('|')})`;
}

function runInAnyForm(run: string, next: string): string {
  const rest = next === '' ? '' : oneInAnyForm(next);
  const encoded = [percentEncoded(run), unicodeEscaped(run)].map((form) => form + rest);
  return `(?:${[layers(run.length, next), ...encoded].join('|')})`;
}

/**
 * A run of backslashes, doubled by each layer, with the character after it, before which each layer may put one
 * more. One alternative for each length: two that match the same text would take for ever to fail.
 */
function layers(length: number, next: string): string {
  const lengths = [1, 2, 4, 8].flatMap((times) => {
    const doubled = length * times;
    const own = next === '' ? [] : [doubled + times - 1];
    return next === '"' ? own : [doubled, ...own];
  });
  const runs = [...new Set(lengths)].sort((a, b) => b - a).map((count) => `\\\\{${count}}`);
  return `(?:${runs.join('|')})${next}`;
}

/** A character with the backslashes that each layer may have put before it. */
function escaped(character: string): string {
  const raw = character.replace(/[\^$*+?()[\]{}|/]/, '\\$&');
  const json = JSON.stringify(character).slice(1, -1);
  if (json.length === 2 && json.startsWith('\\')) return `${raw}|\\\\{1,7}${json.slice(1)}`;
  return /['`/]/.test(character) ? `\\\\{0,7}${raw}` : raw;
}

function percentEncoded(text: string): string {
  const codes = [...new TextEncoder().encode(text)].map((byte) => `%(?:25){0,3}${anyCase(byte, 2)}`);
  return codes.join('');
}

function unicodeEscaped(text: string): string {
  const units = text.split('').map((unit) => `\\\\{1,7}u${anyCase(unit.charCodeAt(0), 4)}`);
  return units.join('');
}

function anyCase(number: number, digits: number): string {
  const hex = number.toString(16).padStart(digits, '0');
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}
