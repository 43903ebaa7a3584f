import { type Auth, onIdTokenChanged, signOut } from '@firebase/auth';
import type { TokenSource } from 'fetch-valet';

// #region source
export function fromFirebase(auth: Auth): TokenSource {
  return {
    async getToken({ forceRefresh }) {
      await auth.authStateReady();
      return auth.currentUser?.getIdToken(forceRefresh) ?? null;
    },
    subscribe(changed) {
      let known = auth.currentUser;
      return onIdTokenChanged(auth, (user) => {
        if (user === known) return;
        known = user;
        changed();
      });
    },
    signOut: () => signOut(auth),
  };
}
// #endregion
