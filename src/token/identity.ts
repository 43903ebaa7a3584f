import type { Claims, SessionUser } from '../contracts.ts';
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
}

/** Finds out whose tokens `grant` holds. `fresh()` makes an id where no token tells. */
export function identify<User extends SessionUser>(
  grant: Grant,
  known: Identity<User> | undefined,
  reader: UserReader<User> | undefined,
  fresh: () => string,
): Identity<User> {
  const claims = readClaims(grant.value) ?? {};
  const idClaims = readClaims(grant.idToken) ?? {};
  const subject = ownClaim(claims, 'sub');
  const idSubject = ownClaim(idClaims, 'sub');
  // Like is compared with like: the two tokens may name the same user by different subjects.
  const isSame = known !== undefined && agree(known.subject, subject) && agree(known.idSubject, idSubject);
  if (isSame && reader === undefined) {
    return { user: known.user, subject: subject ?? known.subject, idSubject: idSubject ?? known.idSubject };
  }
  const user =
    reader === undefined ? defaultUser(idClaims, idSubject ?? subject, fresh) : reader(claims, idClaims);
  // The same object while it is the same user: a refresh must render nothing.
  return { user: known?.user.id === user.id ? known.user : (user as User), subject, idSubject };
}

function defaultUser(idClaims: Claims, subject: unknown, fresh: () => string): SessionUser {
  return Object.freeze({
    ...idClaims,
    id: typeof subject === 'string' && subject !== '' ? subject : fresh(),
  });
}

function ownClaim(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

function agree(known: unknown, found: unknown): boolean {
  return known === undefined || found === undefined || known === found;
}
