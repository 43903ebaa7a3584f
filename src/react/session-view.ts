import { createElement, Fragment, type ReactNode } from 'react';
import type { SessionSnapshot } from '../contracts.ts';
import type { SessionError } from '../errors.ts';

/** Props of `Session`. */
export interface SessionProps {
  /** For whoever is signed in. Mounted anew for each user: no state of the one before is left. */
  readonly children?: ReactNode;
  /** Until it is known whether somebody is signed in, and on a server. */
  readonly loading?: ReactNode;
  /** Nobody is signed in. */
  readonly signedOut?: ReactNode;
  /**
   * The session has ended: a dialog to sign in again, beside the children, which stay as they are. Without it they
   * give way to `signedOut`.
   */
  readonly ended?: ReactNode | ((error: SessionError) => ReactNode);
}

/** What there is to see of a session. */
export function sessionView(
  snapshot: SessionSnapshot,
  { children, loading, signedOut, ended }: SessionProps,
): ReactNode {
  if (snapshot.status === 'loading') return loading;
  if (snapshot.status === 'signed-out') return signedOut;
  const hasEnded = snapshot.status === 'ended';
  if (hasEnded && ended === undefined) return signedOut;
  const dialog = hasEnded && (typeof ended === 'function' ? ended(snapshot.error) : ended);
  return createElement(Fragment, null, createElement(Fragment, { key: snapshot.user.id }, children), dialog);
}
