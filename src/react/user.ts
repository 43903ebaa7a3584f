import type { Session, SessionSnapshot, SessionUser } from '../contracts.ts';
import { SessionError } from '../errors.ts';

/** The user, or what Suspense and error boundaries are for. */
export function readUser<User extends SessionUser>(
  shown: SessionSnapshot<User>,
  session: Session<User>,
): User {
  // What is shown on a server is always `loading`; there, and while a page is hydrated, the session knows better.
  const known = shown.status === 'loading' ? session.snapshot : shown;
  // Suspense waits for the promise that is thrown at it, in React 18 as in 19; `use()` is in 19 only.
  if (known.status === 'loading') throw session.ready;
  if (known.status === 'signed-out') throw new SessionError('SIGNED_OUT');
  return known.user;
}
