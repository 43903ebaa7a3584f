import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SessionUser } from '../../src/contracts.ts';
import { type Identity, identify, type UserReader } from '../../src/token/identity.ts';
import { readGrant } from '../../src/token/token-response.ts';
import { createJwt } from '../support/jwt.ts';

interface Tokens {
  /** The claims of the access token; without any it is opaque. */
  readonly access?: Readonly<Record<string, unknown>>;
  readonly id?: Readonly<Record<string, unknown>>;
}

function identifyTokens<User extends SessionUser>(
  { access, id }: Tokens,
  known?: Identity<User>,
  reader?: UserReader<User>,
  isHome = true,
): Identity<User> {
  const token = access === undefined ? 'opaque-token' : createJwt(access);
  const grant = readGrant({ token, ...(id && { idToken: createJwt(id) }) });
  return identify(grant, { known, reader, isHome, fresh: () => 'fresh-id' });
}

test('the user is the subject of the id token with its claims', () => {
  const { user } = identifyTokens({
    access: { sub: 'at' },
    id: { sub: 'u1', name: 'Ada', email: 'a@x.test' },
  });

  expect(user).toEqual({ id: 'u1', sub: 'u1', name: 'Ada', email: 'a@x.test' });
  expect(Object.isFrozen(user)).toBe(true);
});

test('without an id token the user is the subject of the access token, and no claim of it is shown', () => {
  expect(identifyTokens({ access: { sub: 'u1', scope: 'admin' } }).user).toEqual({ id: 'u1' });
});

test('where no token tells, the user has an id of their own', () => {
  for (const tokens of [{}, { access: { aud: 'x' } }, { access: { sub: '' } }, { access: { sub: 5 } }])
    expect(identifyTokens(tokens).user).toEqual({ id: 'fresh-id' });
});

test('a claim named id does not stand in for the subject', () => {
  expect(identifyTokens({ id: { sub: 'u1', id: 'someone-else' } }).user.id).toBe('u1');
});

test('a refresh that names the same subjects, or fewer, is the same user, as the same object', () => {
  const first = identifyTokens({ access: { sub: 'at' }, id: { sub: 'u1', name: 'Ada' } });
  const refreshes: Tokens[] = [
    { access: { sub: 'at' }, id: { sub: 'u1', name: 'Ada Lovelace' } },
    { access: { sub: 'at' } },
    { id: { sub: 'u1' } },
    {},
  ];
  for (const tokens of refreshes) expect(identifyTokens(tokens, first).user).toBe(first.user);
});

test('what a refresh does not name is remembered', () => {
  const first = identifyTokens({ access: { sub: 'at' }, id: { sub: 'u1' } });
  const second = identifyTokens({}, first);

  expect(identifyTokens({ id: { sub: 'u2' } }, second).user.id).toBe('u2');
  expect(identifyTokens({ access: { sub: 'other' } }, second).user.id).toBe('other');
});

test('a refresh that names another subject is another user (rule T8)', () => {
  const first = identifyTokens({ access: { sub: 'at' }, id: { sub: 'u1' } });

  expect(identifyTokens({ access: { sub: 'at' }, id: { sub: 'u2' } }, first).user.id).toBe('u2');
  expect(identifyTokens({ access: { sub: 'other' } }, first).user.id).toBe('other');
});

test('a user first known by an id of their own keeps it when a token tells more', () => {
  const first = identifyTokens({});
  const second = identifyTokens({ access: { sub: 'u1' } }, first);

  expect(second.user).toBe(first.user);
  expect(identifyTokens({ access: { sub: 'u2' } }, second).user.id).toBe('u2');
});

const byEmail: UserReader<SessionUser> = (claims, id) => ({
  id: String(id.email ?? claims.email),
  admin: claims.admin,
});

test('a user reader makes the user of the claims of both tokens', () => {
  const tokens = { access: { sub: 'x', admin: true }, id: { sub: 'y', email: 'ada@x.test' } };

  expect(identifyTokens(tokens, undefined, byEmail).user).toEqual({ id: 'ada@x.test', admin: true });
});

test('a user reader decides who is the same, and the same user stays the same object', () => {
  const first = identifyTokens({ id: { sub: 'a', email: 'ada@x.test' } }, undefined, byEmail);
  const same = identifyTokens({ id: { sub: 'b', email: 'ada@x.test' } }, first, byEmail);
  const other = identifyTokens({ id: { sub: 'a', email: 'eve@x.test' } }, first, byEmail);

  expect(same.user).toBe(first.user);
  expect(other.user.id).toBe('eve@x.test');
});

test('a user reader is handed the claims it had when a refresh brings none: it is the same user', () => {
  const known = identifyTokens({ access: { sub: 'u1', email: 'ada@x.test' } }, undefined, byEmail);
  expect(identifyTokens({ id: { sub: 'u1' } }, known, byEmail).user).toBe(known.user);

  const first = identifyTokens({ id: { sub: 'u1', email: 'ada@x.test' } }, undefined, byEmail);
  const second = identifyTokens({}, first, byEmail);
  const third = identifyTokens({}, second, byEmail);

  expect(second.user).toBe(first.user);
  expect(third.user).toBe(first.user);
});

test('a user reader is not handed the claims of the user before', () => {
  const first = identifyTokens(
    { access: { sub: 'a' }, id: { sub: 'a', email: 'ada@x.test' } },
    undefined,
    byEmail,
  );
  const second = identifyTokens({ access: { sub: 'b', email: 'bob@x.test' } }, first, byEmail);

  expect(second.user.id).toBe('bob@x.test');
});

test('no claim of a hostile token becomes a property of every object (rule S8)', () => {
  const claims = JSON.parse('{"sub":"u1","__proto__":{"polluted":true}}') as Record<string, unknown>;
  const { user } = identifyTokens({ access: claims, id: claims });

  expect(user.id).toBe('u1');
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('a refresh is another user exactly when it names another subject than the one known', () => {
  const subject = fc.constantFrom('a', 'b', undefined);
  const tokensOf = (field: 'access' | 'id', sub: string | undefined): Tokens => ({
    [field]: sub === undefined ? {} : { sub },
  });
  fc.assert(
    fc.property(fc.constantFrom('access', 'id'), subject, subject, subject, (field, first, second, third) => {
      const known = identifyTokens(tokensOf(field, first));
      const next = identifyTokens(tokensOf(field, second), known);
      const last = identifyTokens(tokensOf(field, third), next);
      const isOther = (from?: string, to?: string): boolean =>
        from !== undefined && to !== undefined && from !== to;

      expect(next.user === known.user).toBe(!isOther(first, second));
      expect(last.user === next.user).toBe(!isOther(second ?? first, third));
    }),
  );
});
