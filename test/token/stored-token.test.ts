import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readDocument } from '../../src/token/document.ts';
import { toStored } from '../../src/token/stored-token.ts';
import { createManualClock } from '../support/clock.ts';

test('whatever lifetime a token came with, others can read what is stored of it', () => {
  const clock = createManualClock();
  fc.assert(
    fc.property(fc.option(fc.double({ noNaN: true }), { nil: undefined }), (lifetime) => {
      const received = { wall: clock.now(), monotonic: clock.monotonic() };
      const token = { value: 'token-1', epoch: 1 };
      const held = { token, received, lifetime, window: 0, asked: [], scopes: new Set(['read']) };
      const stored = toStored(held, { scopes: [] }, clock, clock.now());
      const document = {
        format: 1,
        version: 1,
        epoch: 1,
        state: 'signed-in',
        userId: 'ada',
        refreshToken: 'refresh-token-1',
        tokens: [stored],
      };
      const read = readDocument(JSON.parse(JSON.stringify(document)));
      expect(read).toMatchObject({ refreshToken: 'refresh-token-1', tokens: [{ token: 'token-1' }] });
    }),
    { examples: [[-60_000], [Number.POSITIVE_INFINITY], [Number.NEGATIVE_INFINITY]] },
  );
});
