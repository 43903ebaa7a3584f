import fc from 'fast-check';

/** What may stand in a header field, out of `parts` and at random: a platform lets nothing else through. */
export function headerText(parts: readonly string[]): fc.Arbitrary<string> {
  const known = fc.constantFrom(...parts);
  const latin1 = fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f);
  const piece = fc.oneof(
    { weight: 5, arbitrary: known },
    { weight: 1, arbitrary: latin1.map((code) => String.fromCharCode(code)) },
  );
  const long = fc
    .tuple(known, fc.integer({ min: 100, max: 3000 }))
    .map(([part, count]) => part.repeat(count));
  return fc
    .array(fc.oneof({ weight: 200, arbitrary: piece }, { weight: 1, arbitrary: long }), { maxLength: 30 })
    .map((pieces) => pieces.join(''));
}

/** Much like a `Retry-After`: numbers in all forms, dates of all times. */
export const retryAfterText: fc.Arbitrary<string> = fc.oneof(
  headerText([
    '0',
    '1',
    '9',
    '99999999999',
    '-',
    '+',
    '.',
    'e',
    'E308',
    'Infinity',
    'NaN',
    '0x10',
    ' ',
    ',',
    ':',
    'GMT',
    'Z',
    'Wed, 21 Oct 2015 07:28:00 GMT',
    '2999-01-01',
    '-271821-04-20',
    '+275760-09-13T00:00:00.001Z',
    'T00:00:00Z',
  ]),
  // What can be read at all.
  fc.bigInt({ min: 0n, max: 10n ** 12n }).map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
);

/** JSON that is nested thousands of times. */
export const deepJson: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(['[', ']'], ['{"a":[', ']}']), fc.nat(30_000))
  .map(([[open = '', close = ''], depth]) => open.repeat(depth) + close.repeat(depth));
