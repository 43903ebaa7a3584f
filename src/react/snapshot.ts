import { useCallback, useSyncExternalStore } from 'react';
import type { Session, SessionSnapshot, SessionUser } from '../contracts.ts';

/** What a server renders, and a page until it is hydrated: always the same, whoever is signed in. */
const UNKNOWN = Object.freeze({ status: 'loading' } as const);

/** The snapshot of `session`. Renders again when the status or the user changes, and for no refresh. */
export function useSnapshot<User extends SessionUser>(session: Session<User>): SessionSnapshot<User> {
  const subscribe = useCallback((listener: () => void) => session.subscribe(listener), [session]);
  return useSyncExternalStore(
    subscribe,
    () => session.snapshot,
    () => UNKNOWN,
  );
}
