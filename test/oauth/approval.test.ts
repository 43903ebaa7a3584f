import { expect, test } from 'vitest';
import { Approval } from '../../src/oauth/approval.ts';

const [ISSUER, RESOURCE] = ['https://id.example.com', 'https://api.example.com/mcp'];

test('a user who is slow to approve an issuer is asked once, however many requests wait', async () => {
  const asked: string[][] = [];
  let answer: (says: boolean) => void = () => {};
  const approval = new Approval([], (...about) => {
    asked.push(about);
    return new Promise((resolve) => {
      answer = resolve;
    });
  });
  const both = Promise.all([approval.mayAsk(ISSUER, RESOURCE), approval.mayAsk(ISSUER, RESOURCE)]);
  answer(true);
  expect(await both).toEqual([true, true]);
  expect(asked).toEqual([[ISSUER, RESOURCE]]);

  // What was answered is not remembered: users change their minds.
  const later = approval.mayAsk(ISSUER, RESOURCE);
  answer(false);
  expect(await later).toBe(false);
  expect(asked).toHaveLength(2);
});

test('who is listed is not asked about, and nobody else may be asked for tokens', async () => {
  const approval = new Approval([ISSUER], undefined);
  expect(await approval.mayAsk(`${ISSUER}/`, RESOURCE)).toBe(true);
  expect(await approval.mayAsk('https://other.example.com', RESOURCE)).toBe(false);
  expect(await approval.mayAsk('no URL', RESOURCE)).toBe(false);
});
