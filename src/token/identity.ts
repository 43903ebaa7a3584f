import type { Claims, SessionUser } from '../contracts.ts';
import { ConfigError } from '../errors.ts';
import { readClaims } from './claims.ts';
import type { Grant } from './token-response.ts';

/** Makes the user of a session from the claims of the access token and of the id token, where they are JWTs. */
export type UserReader<User extends SessionUser> = (claims: Claims, idTokenClaims: Claims) => User;

/** Whose tokens these are. */
export interface Identity<User extends SessionUser> {
  readonly user: User;
  /** The subjects that the tokens named; a refresh that names another one brings another user (rule T8). */
  readonly subject: unknown;
  readonly idSubject: unknown;
  /** What the tokens said last. A refresh often brings no id token, and then the last one still holds. */
  readonly claims: Claims;
  readonly idClaims: Claims;
}

export interface IdentifyOptions<User extends SessionUser> {
  readonly known: Identity<User> | undefined;
  readonly reader: UserReader<User> | undefined;
  /** Whether this is the token that the user is read from, not one for another audience (rule T12). */
  readonly isHome: boolean;
  /** Makes an id where no token tells. */
  readonly fresh: () => string;
}

/** Finds out whose tokens `grant` holds. */
export function identify<User extends SessionUser>(
  grant: Pick<Grant, 'value' | 'idToken'>,
  { known, reader, isHome, fresh }: IdentifyOptions<User>,
): Identity<User> {
  const found = { claims: readClaims(grant.value), idClaims: readClaims(grant.idToken) };
  const subject = ownClaim(found.claims, 'sub');
  const idSubject = ownClaim(found.idClaims, 'sub');
  // Like is compared with like: the two tokens may name the same user by different subjects.
  const isSame = known !== undefined && agree(known.subject, subject) && agree(known.idSubject, idSubject);
  const before = isSame ? known : undefined;
  const claims = before !== undefined && !isHome ? before.claims : (found.claims ?? before?.claims ?? {});
  const told = {
    subject: subject ?? before?.subject,
    idSubject: idSubject ?? before?.idSubject,
    claims,
    idClaims: found.idClaims ?? before?.idClaims ?? {},
  };
  if (before !== undefined && (reader === undefined || !isHome)) return { user: before.user, ...told };
  const user =
    reader === undefined
      ? defaultUser(told.idClaims, idSubject ?? subject, fresh)
      : readUser(reader, told.claims, told.idClaims);
  // The same object while it is the same user: a refresh must render nothing.
  return { user: known?.user.id === user.id ? known.user : (user as User), ...told };
}

/** Whom an access token names. */
export function subjectOf(token: string): unknown {
  return ownClaim(readClaims(token), 'sub');
}

/** A user without an id of their own would be the same as every other one: their data would mix (rule T8). */
function readUser<User extends SessionUser>(
  reader: UserReader<User>,
  claims: Claims,
  idClaims: Claims,
): User {
  let user: User | undefined;
  let cause: unknown;
  try {
    user = reader(claims, idClaims);
  } catch (error) {
    cause = error;
  }
  const id: unknown = user?.id;
  if (user !== undefined && typeof id === 'string' && !NO_IDS.has(id)) return user;
  const message =
    `user() ${cause === undefined ? 'returned no id' : 'threw an error'}. It returns { id }: a text that no other ` +
    'user has, such as a claim. Claims are {} where a token is opaque or missing: leave user out, and an id is made up.';
  throw new ConfigError('INVALID_OPTION', { message, cause });
}

/** What `String()` makes of a claim that is not there. */
const NO_IDS: ReadonlySet<string> = new Set(['', 'undefined', 'null']);

function defaultUser(idClaims: Claims, subject: unknown, fresh: () => string): SessionUser {
  return Object.freeze({
    ...idClaims,
    id: typeof subject === 'string' && subject !== '' ? subject : fresh(),
  });
}

function ownClaim(claims: Claims | undefined, name: string): unknown {
  return claims !== undefined && Object.hasOwn(claims, name) ? claims[name] : undefined;
}

function agree(known: unknown, found: unknown): boolean {
  return known === undefined || found === undefined || known === found;
}
