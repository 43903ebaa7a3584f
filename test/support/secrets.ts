import fc from 'fast-check';

/** Characters that some encoding, some grammar or some quoting treats in a way of its own. */
const SPECIAL = Array.from('+/=&?#%"\'\\.*^$()[]{}|-_~!;:,<>@`');
const VISIBLE = Array.from({ length: 0x7e - 0x21 + 1 }, (_, index) => String.fromCharCode(0x21 + index));
const LATIN = Array.from({ length: 0xff - 0xa1 + 1 }, (_, index) => String.fromCharCode(0xa1 + index));
const FOREIGN = Array.from('éßñжλ日本💶🗝ǅ\u0301');

const base64 = fc
  .uint8Array({ minLength: 7, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));

function textOf(parts: readonly string[][], minLength: number, maxLength: number): fc.Arbitrary<string> {
  const character = fc.oneof(...parts.map((characters) => fc.constantFrom(...characters)));
  // Length counts characters as JavaScript does: an emoji is two.
  return fc
    .array(character, { minLength, maxLength })
    .map((characters) => characters.join(''))
    .filter((text) => !/^(?:bearer|basic|dpop)$/i.test(text) && text !== 'undefined' && text !== 'null');
}

/** What an access token may consist of (rule T10), 8 characters and more. */
export const tokenText: fc.Arbitrary<string> = fc.oneof(textOf([SPECIAL, VISIBLE], 8, 40), base64);

/** What a key in a header may consist of (rule S5), 8 characters and more. */
export const headerText: fc.Arbitrary<string> = fc.oneof(textOf([SPECIAL, VISIBLE, LATIN], 8, 40), base64);

/** What a key in a query may consist of, 8 characters and more. */
export const queryText: fc.Arbitrary<string> = fc.oneof(
  textOf([SPECIAL, VISIBLE, LATIN, FOREIGN], 8, 40),
  base64,
);

/** Short secrets that no ordinary text holds, so that a search for them finds nothing else. */
export const oddShortText = {
  header: textOf([Array.from('¡¿×÷þÐ')], 2, 7),
  query: textOf([Array.from('¡¿þжლ本')], 2, 7),
  token: textOf([Array.from('^~`|')], 4, 7),
};

/** Short secrets that are ordinary words, or parts of many. */
export const ordinaryShortText: fc.Arbitrary<string> = fc.constantFrom(
  ...'e 1 GET the api key error https token v1 / . 401 answere'.split(' '),
);
