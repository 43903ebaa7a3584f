import { expect, test } from 'vitest';
import type { SessionDocument, TokenProof } from '../../src/contracts.ts';
import { Binding } from '../../src/token/binding.ts';

/** The proofs of who holds these keys; the first is the one in use. */
function holderOf(...keys: readonly [string, ...string[]]): TokenProof {
  return {
    apply() {},
    learn: () => false,
    thumbprint: () => keys[0],
    holds: (thumbprint) => keys.includes(thumbprint),
    isShared: true,
  };
}

const DOCUMENT: SessionDocument = {
  format: 1,
  version: 7,
  epoch: 3,
  state: 'signed-in',
  userId: 'ada',
  tokens: [],
};
const TOKEN = {
  need: { scopes: [] },
  asked: [],
  granted: [],
  token: 'token-0123456789',
  received: 0,
};
const SECRETS: readonly Partial<SessionDocument>[] = [
  { refreshToken: 'refresh-0123456789' },
  { tokens: [TOKEN] },
  { refreshToken: 'refresh-0123456789', tokens: [TOKEN], state: 'none' },
];
const BLANK = { format: 1, version: 7, epoch: 3, state: 'signed-out', tokens: [] };

test.each(SECRETS)('who holds its key uses a document: %j', async (secrets) => {
  const document = { ...DOCUMENT, ...secrets, jkt: 'k2' };
  expect(await new Binding(holderOf('k1', 'k2')).read(document)).toBe(document);
});

test.each(SECRETS)('who holds another key sees nobody signed in, and no secret: %j', async (secrets) => {
  const document = { ...DOCUMENT, ...secrets, idToken: 'id-0123456789', jkt: 'k2' };
  expect(await new Binding(holderOf('k1')).read(document)).toEqual(BLANK);
});

test.each(SECRETS)('who has no key at all sees nothing of bound tokens: %j', async (secrets) => {
  expect(await new Binding(undefined).read({ ...DOCUMENT, ...secrets, jkt: 'k' })).toEqual(BLANK);
});

test.each(SECRETS)('tokens of anybody are not used where bound ones are wanted: %j', async (secrets) => {
  expect(await new Binding(holderOf('k')).read({ ...DOCUMENT, ...secrets })).toEqual(BLANK);
});

test.each(SECRETS)('without keys on either side a document is used: %j', async (secrets) => {
  const document = { ...DOCUMENT, ...secrets };
  expect(await new Binding(undefined).read(document)).toBe(document);
});

test('a document without secrets is everybody’s, whatever key it names', async () => {
  const document = { ...DOCUMENT, state: 'signed-out', jkt: 'k' } as const;
  expect(await new Binding(undefined).read(document)).toBe(document);
  expect(await new Binding(holderOf('other')).read(document)).toBe(document);
  expect(await new Binding(undefined).read(undefined)).toBeUndefined();
});

test('a key that cannot be looked for is not held', async () => {
  const broken: TokenProof = { ...holderOf('k'), holds: () => Promise.reject(new Error('no database')) };
  const document = { ...DOCUMENT, refreshToken: 'refresh-0123456789', jkt: 'k' };
  expect(await new Binding(broken).read(document)).toEqual(BLANK);
});

test.each(SECRETS)('what is stored says which key it is bound to: %j', async (secrets) => {
  const next = { ...DOCUMENT, ...secrets };
  expect(await new Binding(holderOf('k1', 'k2')).write(undefined, next)).toEqual({ ...next, jkt: 'k1' });
  expect(await new Binding(undefined).write(undefined, next)).toEqual(next);
});

test('nothing without a session of its own takes the place of others’ documents', async () => {
  const theirs = { ...DOCUMENT, refreshToken: 'refresh-0123456789', jkt: 'k2' };
  for (const proof of [undefined, holderOf('k1')]) {
    const binding = new Binding(proof);
    const seen = await binding.read(theirs);
    const tombstone: SessionDocument = { ...DOCUMENT, version: 8, state: 'signed-out' };
    expect(await binding.write(seen, tombstone)).toBeUndefined();
    const login = { ...DOCUMENT, version: 8, refreshToken: 'mine-0123456789' };
    expect(await binding.write(seen, login)).toMatchObject({ refreshToken: 'mine-0123456789' });
  }
});

test('that holds however often they were looked at meanwhile', async () => {
  const theirs = { ...DOCUMENT, refreshToken: 'refresh-0123456789', jkt: 'k2' };
  const binding = new Binding(undefined);
  const seen = await binding.read(theirs);
  await binding.read({ ...theirs, version: 8 });
  expect(await binding.write(seen, { ...DOCUMENT, version: 8, state: 'signed-out' })).toBeUndefined();
});

test('a document of one’s own, and an empty store, take what has no secrets', async () => {
  const tombstone: SessionDocument = { ...DOCUMENT, version: 8, state: 'signed-out' };
  const binding = new Binding(holderOf('k'));
  const mine = await binding.read({ ...DOCUMENT, refreshToken: 'refresh-0123456789', jkt: 'k' });
  expect(await binding.write(mine, tombstone)).toBe(tombstone);
  expect(await binding.write(undefined, tombstone)).toBe(tombstone);
});
