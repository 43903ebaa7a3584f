import type { Session, SessionSnapshot, SessionUser } from '../contracts.ts';
import { SessionError } from '../errors.ts';
import { invalidOption } from '../options.ts';

/**
 * Shows `first` from the start, where the session itself needs a moment to get there: it asks its source whether
 * somebody is signed in. `before` is what it may say until then.
 */
function startingWith<User extends SessionUser>(
  session: Session<User>,
  first: SessionSnapshot<User>,
  before: readonly SessionSnapshot['status'][],
): Session<User> {
  /** The first snapshot of the session that says the same: the same object for both. */
  let same: SessionSnapshot<User> | undefined;
  let isLeft = false;
  const shown = (): SessionSnapshot<User> => {
    const now = session.snapshot;
    if (isLeft) return now;
    if (now.status === first.status) same ??= now;
    isLeft = now !== same && (same !== undefined || !before.includes(now.status));
    return isLeft ? now : first;
  };
  return {
    get snapshot() {
      return shown();
    },
    get ready() {
      return Promise.resolve(shown());
    },
    subscribe: (listener) => session.subscribe(listener),
    refresh: () => session.refresh(),
    signIn(tokens) {
      isLeft = true;
      return session.signIn(tokens);
    },
    signOut: () => session.signOut(),
    hasScope: (scope) => session.hasScope(scope),
  };
}

/** Who is signed in: nobody with `null`, somebody where nothing is said. */
export function givenUser<User extends SessionUser>(user: User | null | undefined): User | null {
  return user === undefined ? ({ id: 'test-user' } as User) : user;
}

const STATUSES: readonly string[] = ['loading', 'signed-out', 'signed-in', 'ended'];

/** What a session begins with. */
export function firstOf<User extends SessionUser>(
  user: User | null,
  status: SessionSnapshot['status'] = 'signed-in',
): SessionSnapshot<User> {
  if (!STATUSES.includes(status)) throw invalidOption(`status is one of ${STATUSES.join(', ')}.`);
  if (status === 'loading' || status === 'signed-out') return { status };
  if (user === null && status === 'ended')
    throw invalidOption("A session that has ended was somebody's: pass the user beside status.");
  if (user === null) return { status: 'signed-out' };
  return status === 'ended' ? { status, user, error: new SessionError('SESSION_ENDED') } : { status, user };
}

/** Shows `first` from the start where it takes a moment. What a store holds is not known before it is read. */
export function beginningWith<User extends SessionUser>(
  session: Session<User>,
  first: SessionSnapshot<User>,
  isStored: boolean,
): Session<User> {
  if (first.status === 'signed-out' && !isStored) return startingWith(session, first, ['loading']);
  return first.status === 'ended' ? startingWith(session, first, ['loading', 'signed-in']) : session;
}
