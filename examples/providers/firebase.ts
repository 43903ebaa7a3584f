import { type Auth, onAuthStateChanged, signOut } from '@firebase/auth';
import type { TokenSource } from 'fetch-valet';

// #region source
export function fromFirebase(auth: Auth): TokenSource {
  return {
    async getToken({ forceRefresh }) {
      await auth.authStateReady();
      return auth.currentUser?.getIdToken(forceRefresh) ?? null;
    },
    subscribe: (changed) => onAuthStateChanged(auth, changed),
    signOut: () => signOut(auth),
  };
}
// #endregion
